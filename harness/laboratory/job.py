"""One job of the laboratory: a bench for a block of seeds, recorded like the runs.

results/laboratory/{environment}/{policy}/{algorithm}/{digest}/seeds-{first}-{last}/
manifest.json      written last, sealed: bench, checksums, digest of every seed, provenance
estimates.parquet  a row per seed and point: updates, failed, steps, noise, effective
vectors.npz        points [K, d], target [K, d] and its error [K], gradient [K, d] of the return of the mode;
seeds [S], mean [S, K, d] and direction [S, K, d] of the updates
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness import plugins
from harness.assembly import make_engine, make_problem, space
from harness.declared import FILE, declared
from harness.files import alone_in, json_bytes, write_together
from harness.fingerprint import KERNELS, RUNNERS, digest, sources
from harness.interface import Algorithm, Floats
from harness.laboratory.bench import Bench
from harness.laboratory.moments import Summary, summary
from harness.laboratory.path import points
from harness.laboratory.truth import Truth, truth
from harness.laboratory.update import Stand, Standing, updates
from harness.policy import Policy, build
from harness.provenance import provenance
from harness.record import as_table, parquet_bytes
from harness.seal import sealed
from harness.streams import stream

SCHEMA = 1


class Measured(NamedTuple):
    """One seed at one point."""

    summary: Summary
    steps: float  # of an update, mean
    effective: float  # share of the data that counts, mean; NaN where nothing is weighed


def measure_block(bench: Bench, seeds: range, folder: Path) -> Path:
    """Measure every seed of a block, write the records and return the path of the manifest.

    Raises:
        Unwritable: if the records cannot be written; found out before anything is measured.
        ValueError: the path does not exist, or diverged.
    """
    with alone_in(folder):
        policy = head(bench)
        places = points(bench, policy)  # [K, d]
        with np.errstate(all="ignore"):  # what is not finite is counted
            known = [truths(bench, policy, place) for place in places]
            stands, size = [stand(bench, policy, place) for place in places], places.shape[1]
            found = {seed: [_measured(bench, one, seed, k, size) for k, one in enumerate(stands)] for seed in seeds}
        return _write(bench, folder, policy, places, known, found)


def bench_fingerprint(bench: Bench) -> str:
    """Digest of every source that decides the numbers of a bench."""
    named = [f"algorithms.{bench.algorithm.file}", f"policies.{bench.policy.file}", "harness.laboratory.job"]
    if bench.route.algorithm is not None:
        named.append(f"algorithms.{bench.route.algorithm.file}")
    if bench.environment.engine == "compiled":
        named.append(f"environments.{bench.environment.problem}")
    words = {value for value in bench.policy.settings.values() if isinstance(value, str)}
    structures = words & {*plugins.names("policies")}
    return digest(sources([*RUNNERS, *KERNELS, *named, *(f"policies.{word}" for word in sorted(structures))]))


def head(bench: Bench) -> Policy:
    """The policy under the head that the algorithm rolls out, the exploration of the bench its start."""
    kind = plugins.load("algorithms", bench.algorithm.file)
    settings, room = dict(bench.policy.settings), space(bench.environment)
    policy = build(bench.policy.file, settings, room, bool(vars(kind)["explores"]), bench.route.seed)
    return replace(policy, initial_log_std=float(np.log(bench.exploration)))


def algorithm_at(bench: Bench, policy: Policy, theta: Floats) -> Algorithm[Any]:
    """The algorithm, made to begin at theta [P]."""
    kind = plugins.load("algorithms", bench.algorithm.file)
    made: Algorithm[Any] = kind(policy=Standing(policy, theta), **bench.algorithm.settings)
    return made


def _full(policy: Policy, place: Floats) -> Floats:
    """A point [d] with the parameters of the head [P]."""
    return np.concatenate([place, np.full(policy.tail, policy.initial_log_std)])


def stand(bench: Bench, policy: Policy, place: Floats) -> Stand:
    """The algorithm at a point.

    It warms up if it learns from earlier turns something else than its parameters, which searches on returns do not.
    """
    kind, theta = plugins.load("algorithms", bench.algorithm.file), _full(policy, place)
    turns = bench.warmup if vars(kind)["explores"] or hasattr(kind, "estimate") else 0
    behaviour = theta.copy()
    if turns:
        away = stream(bench.route.seed, "laboratory", "shift").standard_normal(place.size)  # [d]
        behaviour[: place.size] += bench.shift * away / np.linalg.norm(away)
    engine = make_engine(bench.environment, policy)
    return Stand(algorithm_at(bench, policy, behaviour), engine, theta, behaviour, turns)


def _measured(bench: Bench, place: Stand, seed: int, point: int, size: int) -> Measured:
    """M updates in a few numbers, over the d parameters of the structure: those of the head not every method has."""
    found = updates(place, seed, point, bench.updates)
    return Measured(summary(found.vectors[:, :size]), float(found.steps.mean()), float(found.effective.mean()))


def truths(bench: Bench, policy: Policy, place: Floats) -> tuple[Truth, Truth]:
    """What the estimate is meant to be, and the gradient of the return of the policy that acts by its mode."""
    world, theta = bench.environment, _full(policy, place)
    problem = make_problem(world) if world.engine == "compiled" else None
    smoothing = getattr(algorithm_at(bench, policy, theta), "smoothing", None)
    mode = replace(policy, head="greedy")
    return truth(problem, policy, theta, world.horizon, smoothing), truth(problem, mode, place, world.horizon, 0.0)


def _write(
    bench: Bench,
    folder: Path,
    policy: Policy,
    places: Floats,
    known: list[tuple[Truth, Truth]],
    found: dict[int, list[Measured]],
) -> Path:
    """The records, and when they stand the manifest."""
    made = algorithm_at(bench, policy, _full(policy, places[0]))
    rows = [(seed, _row(point, one)) for seed, many in found.items() for point, one in enumerate(many)]
    contents = {
        "estimates.parquet": parquet_bytes(as_table(rows)),
        "vectors.npz": _vectors(places, known, found),
    }
    manifest = {
        "schema": SCHEMA,
        "bench": asdict(bench),
        "bench_digest": bench.digest,
        "code": bench_fingerprint(bench),
        "family": made.family,
        "parameters": policy.dim,
        "kind": "estimate" if hasattr(made, "estimate") else "step",
        "smoothing": getattr(made, "smoothing", None),
        "seeds": [{"seed": seed, "digest": _digest(many)} for seed, many in found.items()],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "claims": declared(plugins.ROOT / FILE),
        "provenance": provenance(),
    }
    write_together(folder, contents | {"manifest.json": json_bytes(sealed(manifest))})
    return folder / "manifest.json"


def _row(point: int, one: Measured) -> dict[str, float]:
    numbers = {"updates": one.summary.updates, "failed": one.summary.failed, "noise": one.summary.noise}
    return {"point": point, "steps_per_update": one.steps, "effective": one.effective, **numbers}


def _vectors(places: Floats, known: list[tuple[Truth, Truth]], found: dict[int, list[Measured]]) -> bytes:
    """The arrays as npz bytes."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        points=places,
        target=np.stack([own.gradient for own, _ in known]),
        target_error=np.array([own.error for own, _ in known]),
        gradient=np.stack([mode.gradient for _, mode in known]),
        seeds=np.array(list(found), dtype=np.int64),
        mean=np.array([[one.summary.mean for one in many] for many in found.values()]),
        direction=np.array([[one.summary.direction for one in many] for many in found.values()]),
    )
    return buffer.getvalue()


def _digest(many: Iterable[Measured]) -> str:
    """Sha256 of all that was measured of a seed."""
    total = hashlib.sha256()
    for one in many:
        total.update(np.array([one.steps, one.effective, *one.summary[:3]]).tobytes())
        total.update(np.concatenate(one.summary[3:]).tobytes())
    return total.hexdigest()
