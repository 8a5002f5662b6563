"""One update of an algorithm at frozen parameters, through the same ask, rollout and tell as in a run.

A fresh state whose policy begins at θ takes a turn; what is measured is the gradient estimate before the optimiser
where the algorithm shows it (kind "estimate"), else how far its solution moved (kind "step"). The first step of an
optimiser such as Adam would be a sign, whatever the gradient, which is why the estimate comes before it.

What learned baselines learn from, and what a replay buffer holds, comes from warm-up turns before, after each of which
the parameters are put back. Every update has its own warm-up: updates are independent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harness.interface import Algorithm, Floats, Integers, Outcome, Turn
from harness.policy import Policy
from harness.rollouts.engine import Engine
from harness.streams import stream

EFFECTIVE = "effective_share"  # the metric of methods that weigh old data


@dataclass(frozen=True)
class Standing:
    """A policy whose start is given; all else is the policy's own."""

    policy: Policy
    theta: Floats  # [P]

    def init(self, rng: np.random.Generator) -> Floats:
        """The given start [P]."""
        return self.theta.copy()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.policy, name)


class Stand(NamedTuple):
    """An algorithm, made with a `Standing` policy at `behaviour`, that is to be measured at `theta`."""

    algorithm: Algorithm[Any]
    engine: Engine
    theta: Floats  # [P]
    behaviour: Floats  # [P] where the warm-up acts
    warmup: int  # turns before the one that is measured

    @property
    def kind(self) -> str:
        """What an update is: the estimate before the optimiser, or the step of the solution."""
        return "estimate" if hasattr(self.algorithm, "estimate") else "step"


class Updates(NamedTuple):
    """M updates; what is not finite has no update, and counts as failed."""

    vectors: Floats  # [M, P]
    steps: Integers  # [M] environment steps of the turn that was measured
    effective: Floats  # [M] NaN where nothing is weighed


def updates(stand: Stand, seed: int, point: int, count: int) -> Updates:
    """So many independent updates, addressed by seed, point and number."""
    found = [_update(stand, partial(stream, seed, "laboratory", point, number)) for number in range(count)]
    vectors, steps, effective = zip(*found, strict=True)
    return Updates(np.stack(vectors), np.array(steps), np.array(effective))


def _update(stand: Stand, address: Callable[..., np.random.Generator]) -> tuple[Floats, int, float]:
    """The update [P], its steps and the share of its data that counts."""
    algorithm, last = stand.algorithm, stand.warmup - 1
    state, steps = algorithm.init(address("init")), 0
    for number in range(stand.warmup):
        turn = Turn(number, steps, address)
        outcomes = _rolled(stand, state, turn)
        steps += _charged(outcomes)
        place = stand.theta if number == last else stand.behaviour
        state = algorithm.tell(state, outcomes, turn)[0]._replace(theta=place)
    turn = Turn(stand.warmup, steps, address)
    outcomes = _rolled(stand, state, turn)
    if any(one.trajectory is not None and not np.isfinite(one.returns).all() for one in outcomes):
        return np.full(stand.theta.size, np.nan), _charged(outcomes), np.nan  # as a run that diverges
    after, metrics = algorithm.tell(state, outcomes, turn)
    if stand.kind == "estimate":
        vector = algorithm.estimate(state, outcomes, turn)  # type: ignore[attr-defined]
    else:
        vector = algorithm.solution(after).theta - stand.theta
    return vector, _charged(outcomes), metrics.get(EFFECTIVE, np.nan)


def _rolled(stand: Stand, state: Any, turn: Turn) -> tuple[Outcome, ...]:
    return tuple(stand.engine(request) for request in stand.algorithm.ask(state, turn))


def _charged(outcomes: tuple[Outcome, ...]) -> int:
    return sum(int(outcome.lengths.sum()) for outcome in outcomes)
