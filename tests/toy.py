"""A toy to run: an engine without an environment and an algorithm that walks at random, both pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Request, Scaler, Space, Turn
from harness.rollouts.random import episode_seed
from harness.streams import draw_seeds

IDENTITY = Scaler(np.zeros(1), np.ones(1))


@dataclass
class ToyEngine:
    """Episodes of 1 to 7 steps that earn minus the square of theta and a little noise; remembers what was asked."""

    asked: list[Request] = field(default_factory=list)
    steps: int = 0

    @property
    def space(self) -> Space:
        return Space(1, 1, False)

    def __call__(self, request: Request) -> Outcome:
        self.asked.append(request)
        seeds = [[int(episode_seed(seed, e)) for e in range(request.episodes)] for seed in request.seeds]
        lengths = np.array(seeds) % 7 + 1  # [D, E]
        self.steps += int(lengths.sum())
        returns = -(request.thetas**2).sum(axis=1, keepdims=True) + np.array(seeds) % 100 / 1000.0
        returns = np.where(np.isfinite(returns), returns, -np.inf)
        return Outcome(request, returns, lengths, np.zeros((0, 3, 1)))


class Inner(NamedTuple):
    count: int
    weight: float


class State(NamedTuple):
    theta: Floats  # [2]
    inner: Inner
    lucky: bool


@dataclass(frozen=True)
class Walk:
    """Moves to the best of three neighbours; can be told to fail at a turn."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Any = None
    breaks: str = ""
    at: int = 2

    def init(self, rng: np.random.Generator) -> State:
        return State(rng.standard_normal(2), Inner(0, 0.25), False)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        if self.breaks == "no request" and turn.number == self.at:
            return ()
        thetas = state.theta + 0.1 * turn.rng("steps").standard_normal((3, 2))
        if self.breaks == "candidate" and turn.number == self.at:
            thetas[1, 0] = np.inf
        return (Request(thetas, draw_seeds(turn.rng("seeds"), 3), IDENTITY, episodes=2),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        (outcome,) = outcomes
        best = int(outcome.returns.mean(axis=1).argmax())
        theta = outcome.request.thetas[best].copy()
        if self.breaks == "parameter" and turn.number == self.at:
            theta[0] = np.nan
        if self.breaks == "evaluation" and turn.number == self.at:
            theta[0] = 1e200
        if self.breaks == "raise" and turn.number == self.at:
            raise RuntimeError("a fault in the code")
        inner = Inner(state.inner.count + 1, state.inner.weight * 0.99)
        metrics = {"turn_number": float(turn.number)} | ({"odd": 1.0} if turn.number % 2 else {})
        return State(theta, inner, best == 0), metrics

    def solution(self, state: State) -> Candidate:
        scaler = IDENTITY
        if self.breaks == "scaler" and state.inner.count > self.at:
            scaler = Scaler(np.zeros(1), np.array([np.nan]))
        return Candidate(state.theta, scaler)
