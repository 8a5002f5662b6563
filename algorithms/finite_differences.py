"""Finite differences: the slope along each coordinate by itself, climbed by Adam.

J. Kiefer and J. Wolfowitz, "Stochastic estimation of the maximum of a regression function" (1952); central differences
g_i = (f(θ + δ e_i) - f(θ - δ e_i)) / (2 δ). All candidates of a turn share their seed (common random numbers), so that
chance cancels in the difference. It costs 2 P candidates a turn, the price of knowing nothing but returns; with
`coordinates` = C a turn looks at C of the P, drawn at random, and multiplies their slopes by P / C, which keeps the
expected gradient.

Deviation: δ is fixed and the step is Adam's; in the paper both shrink, with sums that go to infinity slowly enough.

A coordinate with a diverged side counts as flat; a turn in which no coordinate is left changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Integers, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam
from harness.parts.moments import identity
from harness.parts.ranges import at_least, positive, vectors
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """Where the slope is measured."""

    theta: Floats  # [P]
    adam: adam.AdamState


@dataclass(frozen=True)
class FiniteDifferences:
    """The probe of a dimension: its cost per gradient is exactly proportional to P."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    coordinates: int = 0  # C a turn; 0: all
    episodes: Annotated[int, Choice((1, 2, 4, 8))] = 1  # of each candidate, from the same starts
    delta: Annotated[float, LogUniform(0.01, 1.0)] = 0.1  # δ
    step_size: Annotated[float, LogUniform(0.005, 0.5)] = 0.05  # α

    def __post_init__(self) -> None:
        at_least(self, 0, "coordinates")
        at_least(self, 1, "episodes")
        positive(self, "delta", "step_size")
        vectors(self, "coordinates", 2 * (self.coordinates or (self.policy.dim if self.policy else 1)))

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start."""
        return State(self.policy.init(rng), adam.init(self.policy.dim))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """C candidates at θ + δ e_i, then C at θ - δ e_i, all from one seed."""
        steps = self.delta * (self._coordinates(turn)[:, None] == np.arange(self.policy.dim))  # [C, P]
        thetas = np.vstack([state.theta + steps, state.theta - steps])  # [2C, P]
        seeds = np.repeat(draw_seeds(turn.rng("seeds"), 1), len(thetas))  # [2C]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One step of Adam along the slope."""
        (outcome,) = outcomes
        plus, minus = np.split(outcome.returns.mean(axis=1), 2)  # [C], [C]
        finite = np.isfinite(plus) & np.isfinite(minus)  # [C]
        if not finite.any():
            return state, {"gradient_norm": 0.0, "step_norm": 0.0}
        gradient = self.estimate(state, outcomes, turn)  # [P]
        moments, theta = adam.ascend(state.adam, state.theta, gradient, self.step_size)
        step_norm = float(np.linalg.norm(theta - state.theta))
        return State(theta, moments), {"gradient_norm": float(np.linalg.norm(gradient)), "step_norm": step_norm}

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The slopes g [P], those that were not looked at zero."""
        plus, minus = np.split(outcomes[0].returns.mean(axis=1), 2)  # [C], [C]
        finite = np.isfinite(plus) & np.isfinite(minus)  # [C]
        coordinates = self._coordinates(turn)  # [C]
        slopes = (plus[finite] - minus[finite]) / (2 * self.delta)  # [<= C]
        gradient = np.zeros(self.policy.dim)  # [P]
        gradient[coordinates[finite]] = slopes * self.policy.dim / len(coordinates)
        return gradient

    @property
    def smoothing(self) -> float | None:
        """The gradient of the return itself is meant; what δ makes of it is bias."""
        return 0.0

    def solution(self, state: State) -> Candidate:
        """The point itself."""
        return Candidate(state.theta, identity(self.policy.space.observations))

    def _coordinates(self, turn: Turn) -> Integers:
        """Indices [C] of the coordinates of this turn, the same in ask and tell."""
        if not 0 < self.coordinates < self.policy.dim:
            return np.arange(self.policy.dim)
        return turn.rng("coordinates").choice(self.policy.dim, self.coordinates, replace=False)
