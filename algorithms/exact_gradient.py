"""Exact gradient: climbs the true gradient of the expected return, where the harness knows it; the yardstick.

    θ ← θ + H g,    g = ∇E[R]

No sampling: what it reaches is the best of its structure, so the gap of the other methods is theirs alone. H is the
limited-memory inverse Hessian. Only gradients are given, no values, so a step is judged by its slope: if g at its end
points back by more than half of what g at its start promised, it went too far, and is cut to where a straight line
between the two slopes is zero.

Sources: J. Nocedal and S. Wright, "Numerical Optimization" (2006), eq. 3.7b (the slope condition, c2 = ½); H g in
`harness/parts/inverses.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.inverses import inverse_hessian_product
from harness.parts.ranges import at_least, ordered, positive, vectors
from harness.parts.sampling import unscaled
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds

OVERSHOOT = 0.5  # c2 of eq. 3.7b
SHORTEST, LONGEST = 0.1, 0.5  # a cut step keeps between a tenth and a half


class State(NamedTuple):
    """The last point that was accepted, the point on trial and the last M steps."""

    theta: Floats  # [P]
    gradient: Floats  # [P] there
    trial: Floats  # [P]
    steps: Floats  # [M, P] s, newest last, rows of zeros first
    changes: Floats  # [M, P] y = g before - g after


@dataclass(frozen=True)
class ExactGradient:
    """A turn is one gradient, charged as the episode that is rolled out beside it."""

    family: ClassVar[str] = "probe"
    explores: ClassVar[bool] = False

    policy: Policy
    memory: Annotated[int, Choice((3, 10, 30))] = 10  # M; 3 to 20 in Nocedal
    first_step: Annotated[float, LogUniform(0.01, 1.0)] = 0.1  # length of a step when nothing is known of the curvature
    longest_step: Annotated[float, LogUniform(1.0, 100.0)] = 1.0  # length that no step exceeds

    def __post_init__(self) -> None:
        at_least(self, 1, "memory")
        positive(self, "first_step", "longest_step")
        ordered(self, "first_step", "longest_step")
        vectors(self, "memory", 2 * self.memory)

    def init(self, rng: np.random.Generator) -> State:
        """The first point is on trial; a gradient of zero accepts it."""
        theta = self.policy.init(rng)  # [P]
        nothing = np.zeros((self.memory, theta.size))  # [M, P]
        return State(theta, np.zeros_like(theta), theta, nothing, nothing)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """The gradient at the point on trial."""
        scaler = unscaled(self.policy, state.trial).scaler
        return (Request(state.trial[None], draw_seeds(turn.rng("seeds"), 1), scaler, gradient=True),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Cut the step if it went too far, else accept it and choose the next."""
        gradient = outcomes[0].gradient  # [P]
        if gradient is None:
            raise ValueError("exact_gradient needs an environment that knows the gradient of its expected return")
        step = state.trial - state.theta  # [P]
        metrics = {"gradient_norm": float(np.linalg.norm(gradient)), "step": float(np.linalg.norm(step))}
        if step.any() and not np.isfinite(gradient).all():
            return state._replace(trial=state.theta + SHORTEST * step), metrics
        before, after = float(state.gradient @ step), float(gradient @ step)  # slopes along the step
        if before < 0.0:  # H is positive, so the step was rounding: there is nothing left to gain
            return state, metrics
        if after < -OVERSHOOT * before:
            share = np.clip(before / (before - after), SHORTEST, LONGEST)
            return state._replace(trial=state.theta + share * step), metrics
        change = state.gradient - gradient  # [P]
        if step @ change > 0.0:  # only concave pairs keep H positive; the first point is no step
            steps, changes = np.vstack([state.steps[1:], step]), np.vstack([state.changes[1:], change])
        else:
            steps, changes = state.steps, state.changes
        move = self._move(gradient, steps, changes)  # [P]
        return State(state.trial, gradient, state.trial + move, steps, changes), metrics

    def solution(self, state: State) -> Candidate:
        """The last point that was accepted."""
        return unscaled(self.policy, state.theta)

    def _move(self, gradient: Floats, steps: Floats, changes: Floats) -> Floats:
        """H g [P], or a first step along g, of bounded length."""
        curved = steps[-1] @ changes[-1] > 0.0
        move = inverse_hessian_product(gradient, steps, changes) if curved else gradient  # [P]
        limit = self.longest_step if curved else self.first_step
        return move * min(1.0, limit / max(float(np.linalg.norm(move)), np.finfo(np.float64).tiny))
