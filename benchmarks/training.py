"""Training ours: one run of an algorithm on CartPole, and the steps that it took to a score of 475.

The score is that of the current solution over 100 episodes by our engine, for ours and for the peers alike, and none of
these steps is counted: neither as steps of training nor in the clock.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.measure import Floats, Goal, Row
from harness import plugins
from harness.interface import Algorithm, Request, Turn
from harness.memory import keep_memory
from harness.parts.moments import identity
from harness.policy import Policy, build
from harness.rollouts.compiled import CompiledEngine, compiled_engine
from harness.rollouts.engine import Terms
from harness.streams import address, draw_seeds, stream

SOLVED = 475.0
HORIZON = 500
SCORED = 100  # episodes


class Trained(NamedTuple):
    """What came of a run."""

    steps: int  # of the environment
    seconds: float  # of the processor
    solved: int | None  # steps after which the solution was first seen to score 475


@dataclass(frozen=True)
class Bench:
    """CartPole, a policy and its engine."""

    policy: Policy
    engine: CompiledEngine

    def score(self, theta: Floats) -> float:
        """Mean return of the greedy policy."""
        seeds = draw_seeds(stream(0, "score"), 1)
        request = Request(theta[None], seeds, identity(self.policy.space.observations), SCORED)
        return float(self.engine(request).returns.mean())


def bench(structure: str, explores: bool, **settings: Any) -> Bench:
    """CartPole under a structure; memory is kept as in a job, also for a peer in the same process."""
    keep_memory()
    problem: Any = plugins.load("environments", "cartpole")()
    policy = build(structure, settings, problem.space, explores, seed=0)
    folder = plugins.ROOT / ".kernels"
    return Bench(policy, compiled_engine(problem, "environments.cartpole", policy, Terms(HORIZON, True), folder))


def train(
    made: Bench, algorithm: Algorithm[Any], seed: int, budget: int, until_solved: bool, apart: int = 0
) -> Trained:
    """Ask, roll out, tell until the budget is spent or, if wanted, the score is reached.

    The solution is scored after each turn, but not before `apart` steps have been taken since the last score.
    """
    state, steps, turn, seconds = algorithm.init(stream(seed, "init")), 0, 0, 0.0
    seen = 0  # steps at the last score
    while steps < budget:
        now = Turn(turn, steps, address(seed))
        start = time.process_time()
        outcomes = tuple(made.engine(request) for request in algorithm.ask(state, now))
        state, _ = algorithm.tell(state, outcomes, now)
        seconds += time.process_time() - start
        steps, turn = steps + sum(int(outcome.lengths.sum()) for outcome in outcomes), turn + 1
        if until_solved and steps - seen >= apart:
            seen = steps
            if made.score(algorithm.solution(state).theta) >= SOLVED:
                return Trained(steps, seconds, steps)
    return Trained(steps, seconds, None)


def algorithm(name: str, made: Bench, **settings: Any) -> Algorithm[Any]:
    """An algorithm of ours with its defaults, but for these settings."""
    kind: Any = plugins.load("algorithms", name)
    made_algorithm: Algorithm[Any] = kind(policy=made.policy, **settings)
    return made_algorithm


def crossed(
    case: str, ours: list[Trained], budget: int, peer: str, theirs: list[Trained], peer_budget: int, goal: Goal
) -> Row:
    """Median steps to the score on both sides, quartiles in the note; a run without it counts as its budget."""
    low, mine, high = quartiles(ours, budget)
    peer_low, others, peer_high = quartiles(theirs, peer_budget)
    lost = sum(run.solved is None for run in ours), sum(run.solved is None for run in theirs)
    note = (
        f"{len(ours)} and {len(theirs)} seeds, quartiles {low:.3g} … {high:.3g} and {peer_low:.3g} … {peer_high:.3g}, "
        f"{lost[0]} and {lost[1]} not within {budget} and {peer_budget} steps"
    )
    return Row(f"{case}, steps to 475", "steps", mine, peer, others, mine / others, goal=goal, note=note)


def quartiles(runs: list[Trained], budget: int) -> list[float]:
    """The three quartiles of the steps to the score; a run that did not reach it counts as its budget."""
    return statistics.quantiles((run.solved or budget for run in runs), n=4, method="inclusive")
