"""The reference path: points θ that every algorithm of the same environment and policy shares.

A point is the structure's parameters alone; those of a stochastic head (log σ) are set by the bench, so that methods
with and without such a head stand at the same place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness.assembly import assemble, make_problem
from harness.cell import Cell, Evaluation
from harness.interface import Floats
from harness.laboratory.bench import Bench
from harness.policy import Policy
from harness.run import Schedule, Snapshot, Stopwatch, begin, run
from harness.streams import stream


def points(bench: Bench, policy: Policy) -> Floats:
    """Every point of the path [K, d], d the parameters of the structure.

    Raises:
        ValueError: the straight line is asked for where no best gain is known, or the run of the path diverged.
    """
    return _line(bench, policy) if bench.route.algorithm is None else _checkpoints(bench)


def has_line(problem: Any, structure: str) -> bool:
    """Whether a straight line is known: a linear policy on a problem that knows the best gain."""
    return structure == "linear" and hasattr(problem, "stationary_gain")


def _line(bench: Bench, policy: Policy) -> Floats:
    """From the policy's start to the best gain that does not change with time."""
    problem = make_problem(bench.environment)
    if not has_line(problem, bench.policy.file):
        raise ValueError(f"no straight line is known for {bench.policy.file} on {bench.environment.name}")
    start = policy.structure.init(stream(bench.route.seed, "init"))  # [d]
    goal = problem.stationary_gain(bench.environment.horizon).ravel()  # [d]
    return np.stack([start + share * (goal - start) for share in bench.route.points])


def _checkpoints(bench: Bench) -> Floats:
    """The solutions of the path's run at the first turn borders at or beyond shares of its budget."""
    route = bench.route
    evaluation = Evaluation(max(route.budget, 1), 1)
    cell = Cell(bench.environment, bench.policy, route.algorithm, max(route.budget, 1), evaluation)  # type: ignore[arg-type]
    assembly = assemble(cell, route.seed)
    now, found = begin(assembly.algorithm, route.seed), []
    for share in sorted(route.points):
        now = _advanced(assembly, route.seed, now, round(share * route.budget))
        theta = assembly.algorithm.solution(now.state).theta[: assembly.policy.structure.dim]
        found.append(theta)
    return np.stack(found)


def _advanced(assembly: Any, seed: int, now: Snapshot, steps: int) -> Snapshot:
    """The run at the first turn border at or beyond so many steps."""
    if steps <= now.steps:
        return now
    schedule = Schedule(steps, max(steps, 1), 1)
    end = run(
        assembly.algorithm,
        assembly.engine,
        seed,
        schedule,
        exact_value=lambda candidate: 0.0,  # nobody looks at the score
        start=now,
        stopwatch=Stopwatch(),
        at_border=lambda snapshot: None,
    )
    if end.status == "diverged":
        raise ValueError(f"the run of the path diverged: {end.reason}")
    return replace(end, status="running")
