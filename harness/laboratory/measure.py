"""What a bench measures: the updates of an algorithm at frozen points, and the gradients that they are held against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from harness import plugins
from harness.assembly import make_engine, make_problem, space
from harness.fingerprint import KERNELS, RUNNERS, digest, sources
from harness.interface import Algorithm, Floats
from harness.laboratory.bench import Bench
from harness.laboratory.moments import Summary, summary
from harness.laboratory.path import points
from harness.laboratory.truth import Truth, truth
from harness.laboratory.update import Stand, Standing, updates
from harness.policy import Policy, build
from harness.streams import stream


class Measured(NamedTuple):
    """One seed at one point."""

    summary: Summary
    steps: float  # of an update, mean
    effective: float  # share of the data that counts, mean; NaN where nothing is weighed


class Measurement(NamedTuple):
    """All that a bench says of a block of seeds."""

    points: Floats  # [K, d]
    truths: list[tuple[Truth, Truth]]  # [K] of the objective of the algorithm, of the policy that acts by its mode
    seeds: dict[int, list[Measured]]  # by seed: [K]


def measure(bench: Bench, seeds: range) -> Measurement:
    """Every seed at every point.

    Raises:
        ValueError: the path does not exist, or diverged.
    """
    policy = head(bench)
    places = points(bench, policy)  # [K, d]
    with np.errstate(all="ignore"):  # what is not finite is counted
        known = [truths(bench, policy, place) for place in places]
        stands, size = [stand(bench, policy, place) for place in places], places.shape[1]
        found = {seed: [_measured(bench, one, seed, k, size) for k, one in enumerate(stands)] for seed in seeds}
    return Measurement(places, known, found)


def bench_fingerprint(bench: Bench) -> str:
    """Digest of every source that decides the numbers of a bench."""
    named = [f"algorithms.{bench.algorithm.file}", f"policies.{bench.policy.file}", "harness.laboratory.measure"]
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


def full(policy: Policy, place: Floats) -> Floats:
    """A point [d] with the parameters of the head [P]."""
    return np.concatenate([place, np.full(policy.tail, policy.initial_log_std)])


def stand(bench: Bench, policy: Policy, place: Floats) -> Stand:
    """The algorithm at a point.

    It warms up if it learns from earlier turns something else than its parameters, which searches on returns do not.
    """
    kind, theta = plugins.load("algorithms", bench.algorithm.file), full(policy, place)
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
    world, theta = bench.environment, full(policy, place)
    problem = make_problem(world) if world.engine == "compiled" else None
    smoothing = getattr(algorithm_at(bench, policy, theta), "smoothing", None)
    mode = replace(policy, head="greedy")
    return truth(problem, policy, theta, world.horizon, smoothing), truth(problem, mode, place, world.horizon, 0.0)
