"""One run: the only loop of the project, and the only place that counts steps or reads a clock.

    ask → roll out → tell → check → evaluate, until the budget is spent

All steps used for learning are charged, candidate rollouts too; evaluation steps are counted apart. A run ends at the
first turn border at or beyond its budget, so nothing in it depends on the budget: a longer run begins with the shorter
one. A run whose parameters or returns stop being finite is a result, recorded as diverged with its reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from harness import guard
from harness.guard import AlgorithmFault
from harness.interface import Algorithm, Candidate, Metrics, Outcome, Request, Turn
from harness.rollouts.engine import Engine, RequestFault
from harness.streams import address, draw_seeds, stream

Rows = list[dict[str, float]]
PHASES = ("ask", "rollout", "tell", "evaluate")  # of a run, timed apart


def _no_seconds() -> dict[str, float]:
    return dict.fromkeys((*PHASES, "total"), 0.0)


@dataclass(frozen=True)
class Schedule:
    """When and how the solution is evaluated, and when a run ends."""

    budget: int  # environment steps of training
    every: int  # steps between evaluations
    episodes: int  # of an evaluation, acting by the mode


@dataclass(frozen=True)
class Snapshot:
    """A run between two turns: all that is needed to go on, and all that is known of it so far."""

    state: Any
    turn: int = 0
    steps: int = 0
    episodes: int = 0
    evaluation_steps: int = 0
    status: str = "running"  # running, finished, diverged
    reason: str = ""
    evaluations: Rows = field(default_factory=list)
    training: Rows = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=_no_seconds)


@dataclass
class Stopwatch:
    """Seconds spent in each phase, earlier attempts included. The clock lives here and nowhere else."""

    seconds: dict[str, float] = field(default_factory=_no_seconds)

    @property
    def worked(self) -> float:
        """Seconds of all phases together."""
        return sum(self.seconds[phase] for phase in PHASES)

    def time(self, phase: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `work(*arguments)`, its duration added to the phase."""
        start = time.perf_counter()
        result = work(*arguments)
        self.seconds[phase] += time.perf_counter() - start
        return result


def begin(algorithm: Algorithm[Any], seed: int) -> Snapshot:
    """A run before its first turn."""
    return Snapshot(algorithm.init(stream(seed, "init")))


def run(
    algorithm: Algorithm[Any],
    engine: Engine,
    seed: int,
    schedule: Schedule,
    *,
    exact_value: Callable[[Candidate], float | None],
    start: Snapshot,
    stopwatch: Stopwatch,
    at_border: Callable[[Snapshot], None],
) -> Snapshot:
    """Run from `start` to the end of the budget.

    Args:
        algorithm: what proposes and digests.
        engine: what rolls out.
        seed: of the run; every draw is addressed from it.
        schedule: budget and evaluation.
        exact_value: the known value of a candidate, or None where only rollouts tell.
        start: `begin(...)` or a snapshot of the same run.
        stopwatch: collects the seconds.
        at_border: called with a snapshot after every evaluation and after a divergence, e.g. to write a checkpoint.

    Raises:
        AlgorithmFault: if the algorithm breaks the interface.
    """
    evaluate = partial(_evaluated, algorithm, engine, seed, schedule, exact_value)
    now = start
    if not now.evaluations:
        now = stopwatch.time("evaluate", evaluate, now)
    since: list[Metrics] = []  # metrics of the turns since the last row
    while now.status == "running" and now.steps < schedule.budget:
        number = now.steps // schedule.every
        now, metrics = _turned(now, algorithm, engine, seed, stopwatch, watched=not since)
        since.append(metrics)
        if now.status == "diverged" or now.steps // schedule.every > number:
            now = replace(now, training=[*now.training, _training_row(now, since)])
            since = []
            if now.status == "running":
                now = stopwatch.time("evaluate", evaluate, now)
            at_border(now)
    return replace(now, status="finished") if now.status == "running" else now


def _turned(
    now: Snapshot, algorithm: Algorithm[Any], engine: Engine, seed: int, stopwatch: Stopwatch, watched: bool
) -> tuple[Snapshot, Metrics]:
    """One ask, rollout and tell; `watched`: it is seen to that they are pure."""
    turn = Turn(now.turn, now.steps, address(seed))
    before = guard.imprint(now.state, now.turn) if watched else {}
    requests: tuple[Request, ...] = stopwatch.time("ask", algorithm.ask, now.state, turn)
    guard.check_requests(requests, now.turn)
    if not all(np.isfinite(request.thetas).all() for request in requests):
        return replace(now, status="diverged", reason="a parameter of a candidate is not finite"), {}
    outcomes: tuple[Outcome, ...] = stopwatch.time("rollout", _rolled_out, engine, requests, now.turn)
    later = replace(
        now,
        turn=now.turn + 1,
        steps=now.steps + sum(int(outcome.lengths.sum()) for outcome in outcomes),
        episodes=now.episodes + sum(outcome.lengths.size for outcome in outcomes),
    )
    returns = np.concatenate([outcome.returns.ravel() for outcome in outcomes])  # every episode of the turn
    if any(outcome.trajectory is not None and not np.isfinite(outcome.returns).all() for outcome in outcomes):
        return replace(later, status="diverged", reason="a return is not finite"), {"return_mean": -np.inf}
    told = stopwatch.time("tell", algorithm.tell, now.state, outcomes, turn)
    guard.check_told(told, now.turn)
    state, metrics = told
    if watched:
        guard.check_pure(before, guard.imprint(now.state, now.turn), guard.imprint(state, now.turn), now.turn)
    metrics = {"return_mean": float(returns.mean()), "return_max": float(returns.max()), **metrics}
    solution = algorithm.solution(state)
    guard.check_solution(solution, now.turn)
    if not _finite(solution):
        return replace(later, state=state, status="diverged", reason=_why_not_finite(metrics)), metrics
    return replace(later, state=state), metrics


def _finite(candidate: Candidate) -> bool:
    """Whether a candidate can act; an infinite std is the scaler's way to leave an observation out."""
    theta, (mean, std) = candidate
    return bool(np.isfinite(theta).all() and np.isfinite(mean).all() and not np.isnan(std).any())


def _why_not_finite(metrics: Metrics) -> str:
    """Where it began: an update by a gradient that is not finite makes parameters that are not."""
    gradients = [value for name, value in metrics.items() if "gradient" in name]
    return "a parameter is not finite" if np.isfinite(gradients).all() else "the gradient is not finite"


def _rolled_out(engine: Engine, requests: tuple[Request, ...], turn: int) -> tuple[Outcome, ...]:
    try:
        return tuple(engine(request) for request in requests)
    except RequestFault as fault:
        raise AlgorithmFault(f"turn {turn}: {fault}") from fault


def _evaluated(
    algorithm: Algorithm[Any],
    engine: Engine,
    seed: int,
    schedule: Schedule,
    exact_value: Callable[[Candidate], float | None],
    now: Snapshot,
) -> Snapshot:
    """The snapshot with one more evaluation of the solution: exactly where the value is known, else by rollouts."""
    candidate = algorithm.solution(now.state)
    guard.check_solution(candidate, now.turn)
    value = exact_value(candidate)
    if value is not None:
        returns, lengths = np.array([value]), np.array([0])
    else:
        seeds = draw_seeds(stream(seed, "evaluation", now.steps // schedule.every), 1)
        request = Request(candidate.theta[None], seeds, candidate.scaler, episodes=schedule.episodes)
        (outcome,) = _rolled_out(engine, (request,), now.turn)
        returns, lengths = outcome.returns[0], outcome.lengths[0]  # [E], [E]
    row = {
        "turn": now.turn,
        "steps": now.steps,
        "episodes": now.episodes,
        "return_mean": float(returns.mean()),
        "return_std": float(returns.std()) if np.isfinite(returns).all() else np.inf,
        "return_min": float(returns.min()),
        "return_max": float(returns.max()),
        "length_mean": float(lengths.mean()),
        "exact": float(value is not None),
    }
    later = replace(
        now, evaluation_steps=now.evaluation_steps + int(lengths.sum()), evaluations=[*now.evaluations, row]
    )
    if np.isfinite(row["return_mean"]):
        return later
    return replace(later, status="diverged", reason="the return of the solution is not finite")


def _training_row(now: Snapshot, since: list[Metrics]) -> dict[str, float]:
    """Where the run stands, and the mean of each metric over the turns since the last row."""
    names = dict.fromkeys(name for metrics in since for name in metrics)
    means = {name: float(np.mean([metrics[name] for metrics in since if name in metrics])) for name in names}
    return {"turn": now.turn, "steps": now.steps, "episodes": now.episodes, **means}
