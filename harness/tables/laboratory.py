"""The laboratory's table: what one update of each bench is worth, a row per seed and point. Columns: docs/tables.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness.arrays import Arrays, read_npz
from harness.cell import canonical
from harness.errors import InputError
from harness.files import is_there, read_bytes
from harness.interface import Floats
from harness.laboratory import laws
from harness.laboratory.bench import Bench
from harness.laboratory.moments import UNIT_STEPS, cosine, pooled_cosine, shrinkage, signal, squared_bias
from harness.manifest import AGAIN, ESTIMATES, OF_BENCH, VECTORS, read_manifest
from harness.tables.per_cell import IDENTITY
from harness.tables.read import read_columns, verify
from harness.tables.write import Row

LINEAR = "linear_reward"  # the problem that the laws are about
PLACE = ("seed", "point", "share", "kind", "objective", "truth", "truth_error")
SETTING = ("dimension", "horizon", "actions", "options", "exploration", "shift", "warmup", "updates", "failed")
NOISE = ("steps_per_update", "trace_covariance", "signal", "signal_to_noise", "relative_noise", "relative_noise_law")
AIM = ("cosine", "bias", "squared_bias", "mode_cosine")
PER_1000 = ("signal_to_noise_per_1000", "cosine_per_1000")
LABORATORY = (
    *IDENTITY,
    *PLACE,
    *SETTING,
    *NOISE,
    *AIM,
    *PER_1000,
    "effective_fraction",
    "effective_fraction_law",
    "digest",
)


@dataclass(frozen=True)
class BenchRecord:
    """One bench of a study: its seeds and where its jobs are recorded."""

    bench: Bench
    seeds: tuple[int, ...]
    manifests: tuple[Path, ...]  # of all expected jobs; those that do not exist yet are missing

    @property
    def key(self) -> tuple[str, ...]:
        """What tells the benches of a study apart."""
        return (*self.bench.labels, self.bench.digest)


class Found(NamedTuple):
    """One seed at K points, d parameters of the structure."""

    columns: dict[str, Floats]  # of estimates.parquet, each [K]
    mean: Floats  # [K, d]
    direction: Floats  # [K, d]


class Truths(NamedTuple):
    """What a bench knows of its points."""

    points: Floats  # [K, d]
    target: Floats  # [K, d] NaN where it is not known
    target_error: Floats  # [K]
    gradient: Floats  # [K, d] of the return of the mode


def laboratory_rows(record: BenchRecord) -> Iterator[Row]:
    """The rows of one bench; a job that is not there yet has none.

    Raises:
        InputError: a finished job is damaged.
    """
    found: dict[int, Found] = {}
    manifests = [path for path in sorted(record.manifests) if is_there(path)]
    for path in manifests:
        manifest, truths, seeds = _job(path)
        found |= {seed: one for seed, one in seeds.items() if seed in record.seeds}
    for seed in sorted(found):
        others = [one for other, one in found.items() if other != seed]
        for point in range(len(truths.points)):
            measured = _measured(found[seed], others, truths, point)
            yield {**_setting(record.bench, manifest, truths, point), **measured, "seed": seed}


def _job(path: Path) -> tuple[dict[str, Any], Truths, dict[int, Found]]:
    """A finished job: its manifest, what it knows of its points, and its seeds."""
    manifest = read_manifest(path, OF_BENCH)
    for name, stated in manifest["files"].items():
        verify(path.parent / name, stated)
    arrays = _arrays(path.with_name(VECTORS), len(manifest["seeds"]), len(manifest["bench"]["route"]["points"]))
    names = ("seed", "point", "steps_per_update", "effective", "updates", "failed", "noise")
    columns = read_columns(path.parent / ESTIMATES, names, len(arrays["seeds"]) * len(arrays["points"]))
    seeds: dict[int, Found] = {}
    for place, seed in enumerate(arrays["seeds"]):
        mine = columns["seed"] == seed
        if mine.sum() != len(arrays["points"]):
            raise InputError(str(path), f"seed {seed} lacks points; {AGAIN}")
        here = {name: values[mine] for name, values in columns.items()}
        seeds[int(seed)] = Found(here, arrays["mean"][place], arrays["direction"][place])
    return manifest, Truths(*(arrays[name] for name in Truths._fields)), seeds


def _arrays(path: Path, seeds: int, points: int) -> Arrays:
    """The arrays of a job, of the shapes that so many seeds and points have; see `harness/laboratory/job.py`."""
    try:
        arrays = read_npz(read_bytes(path))
        d = arrays["points"].shape[-1]
        shapes = {"points": (points, d), "target": (points, d), "target_error": (points,), "gradient": (points, d)}
        shapes |= {"seeds": (seeds,), "mean": (seeds, points, d), "direction": (seeds, points, d)}
        odd = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    except (ValueError, KeyError, IndexError) as fault:
        raise InputError(str(path), f"does not hold the arrays of a measurement ({fault}); {AGAIN}") from fault
    if odd:
        raise InputError(
            str(path), f"holds {odd[0]} of the shape {arrays[odd[0]].shape}, not {shapes[odd[0]]}; {AGAIN}"
        )
    return arrays


def _setting(bench: Bench, manifest: dict[str, Any], truths: Truths, point: int) -> dict[str, Any]:
    """Identity and terms of a row."""
    environment, policy, algorithm = bench.labels
    world, dimension = bench.environment, truths.points.shape[1]
    smoothing = manifest["smoothing"]
    aim = "own mean" if np.isnan(truths.target[point]).any() else "smoothed return" if smoothing else "return"
    actions = world.options.get("actions")
    level = float(truths.points[point].sum() / np.sqrt(dimension) / bench.exploration)  # c·θ / σ where c is a unit
    linear = world.problem == LINEAR and bench.policy.file == "linear" and not world.options["noise"]
    settings = bench.algorithm.settings
    law = laws.expected(bench.algorithm.file, settings, dimension, world.horizon, level) if linear else np.nan
    weighs = linear and bench.algorithm.file == "off_policy" and settings["denominator"] == "own"
    return {
        **dict(
            zip(IDENTITY, (environment, policy, algorithm, manifest["family"], manifest["parameters"]), strict=True)
        ),
        "point": point,
        "share": bench.route.points[point],
        "kind": manifest["kind"],
        "objective": aim,
        "dimension": dimension,
        "horizon": world.horizon,
        "actions": actions,
        "options": canonical(dict(world.options)),
        **{name: getattr(bench, name) for name in ("exploration", "shift", "warmup")},
        "relative_noise_law": law,
        "effective_fraction_law": laws.effective_share(world.horizon, bench.shift / bench.exploration)
        if weighs
        else None,
        "digest": bench.digest,
    }


def _measured(found: Found, others: list[Found], truths: Truths, point: int) -> dict[str, Any]:
    """The measures of one seed at one point."""
    columns = {name: float(values[point]) for name, values in found.columns.items()}
    updates, noise, steps = int(columns["updates"]), columns["noise"], columns["steps_per_update"]
    mean, direction = found.mean[point], found.direction[point]
    exact = not np.isnan(truths.target[point]).any()
    target, error, turned = (
        (truths.target[point], float(truths.target_error[point]), 1.0) if exact else _pooled(others, point)
    )
    length, strength = float(np.linalg.norm(target)), signal(mean, noise, updates) if updates else np.nan
    square = squared_bias(mean, noise, updates, target) if exact and updates else np.nan
    many = UNIT_STEPS / steps
    return {
        "truth": "exact" if exact else "sampled",
        "truth_error": error / length if length > 0.0 else None,
        "updates": updates,
        "failed": int(columns["failed"]),
        "steps_per_update": steps,
        "trace_covariance": noise,
        "signal": strength,
        "signal_to_noise": strength / noise if noise > 0.0 else None,
        "relative_noise": noise / (length * turned) ** 2 if length > 0.0 else None,
        "cosine": cosine(direction, target) / turned,
        "bias": float(np.linalg.norm(mean - target)) / length if updates and length > 0.0 else None,
        "squared_bias": square,
        "mode_cosine": cosine(direction, truths.gradient[point]),
        "signal_to_noise_per_1000": many * strength / noise if noise > 0.0 else None,
        "cosine_per_1000": pooled_cosine(mean, target, _square([found, *others], point)) / turned,
        "effective_fraction": columns["effective"],
    }


def _square(found: list[Found], point: int) -> float:
    """Expected squared length of the mean of as many updates as 1 000 steps pay for, over all seeds."""
    known = [one for one in found if one.columns["updates"][point] > 1]
    if not known:
        return np.nan
    noise = float(np.mean([one.columns["noise"][point] for one in known]))
    many = UNIT_STEPS / float(np.mean([one.columns["steps_per_update"][point] for one in known]))
    strength = [
        signal(one.mean[point], float(one.columns["noise"][point]), int(one.columns["updates"][point])) for one in known
    ]
    return float(np.mean(strength)) + noise / many


def _pooled(others: Iterable[Found], point: int) -> tuple[Floats, float, float]:
    """The mean update [d] of all other seeds, its standard error, and by how much noise turns it away."""
    known = [one for one in others if one.columns["updates"][point] > 1]
    if not known:
        return np.full(1, np.nan), np.nan, np.nan
    weights = np.array([one.columns["updates"][point] for one in known])  # [S - 1]
    noise = float(np.average([one.columns["noise"][point] for one in known], weights=weights))
    mean = np.average([one.mean[point] for one in known], axis=0, weights=weights)  # [d]
    number = int(weights.sum())
    return mean, float(np.sqrt(noise / number)), shrinkage(mean, noise, number)
