"""ExAct: one action of an episode is disturbed, and the return that follows tells how the policy should change there.

The counterpart of ARS: search in action space instead of parameter space.

    ∇E[R] ≈ H/N Σ_i ∇log π(a_t|s_t) G_t,    t uniform on 0 ... H-1, mode actions at all other steps

Source: A. Vemula, W. Sun and J. A. Bagnell, "Contrasting Exploration in Parameter and Action Space: A Zeroth-Order
Optimization Perspective" (arXiv:1901.11503), and its released code (`exact/`: one random step of a linear policy,
Adam). With a Gaussian head ∇log π = ∂μ/∂θ ε/σ, the paper's random direction over its length. `antithetic` runs every
disturbance with both signs from the same start (two points), the published experiments with one (one point);
`every_step` disturbs all actions of an episode.

The spread of the noise belongs to the method (the paper's fixed ν), so log σ of a Gaussian head is not learned.

Deviation: H is the longest episode of the turn before (1 at first), for an algorithm is not told the horizon; an
episode that ends before t has no such step and counts as zero.
Deviation: the paper's actions are continuous. A categorical mode is no smooth function of θ, so what one disturbed step
climbs there is the return of one sampled action among modes, not that of the policy that is evaluated.
Deviation: G_t is what follows the disturbed step; the code takes the whole return, whose earlier part is noise.
Deviation: returns are not divided by their deviation; Adam does not see a constant scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Integers, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam, returns
from harness.parts.adam import AdamState
from harness.parts.ranges import at_least, positive, vectors
from harness.parts.sampling import recorded, unscaled
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: AdamState
    horizon: int  # H


@dataclass(frozen=True)
class Exact:
    """A turn is one step on N disturbed episodes, or pairs of them."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    directions: Annotated[int, Choice((1, 2, 5, 10, 20, 40))] = 10  # N
    step_size: Annotated[float, LogUniform(0.001, 0.1)] = 0.01
    antithetic: bool = True
    every_step: bool = False

    def __post_init__(self) -> None:
        at_least(self, 1, "directions")
        positive(self, "step_size")
        vectors(self, "directions", 2 * self.directions)

    def init(self, rng: np.random.Generator) -> State:
        """A horizon of one step, until longer episodes were seen."""
        theta = self.policy.init(rng)  # [P]
        return State(theta, adam.init(theta.size), 1)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """An episode for each direction, or two from the same seed that mirror each other's noise."""
        candidate = self.solution(state)
        seeds = draw_seeds(turn.rng("seeds"), self.directions)  # [N]
        return tuple(
            Request(
                candidate.theta[None], seed[None], candidate.scaler, explore=sign, explore_step=int(step), record=True
            )
            for seed, step in zip(seeds, self._disturbed(state, turn), strict=True)
            for sign in ((1, -1) if self.antithetic else (1,))
        )

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One step along the mean of the estimates."""
        gradient = self.estimate(state, outcomes, turn)  # [P]
        optimiser, theta = adam.ascend(state.adam, state.theta, gradient, self.step_size)
        horizon = max(int(outcome.lengths.max()) for outcome in outcomes)
        return State(theta, optimiser, horizon), {"gradient_norm": float(np.linalg.norm(gradient))}

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The mean of the estimates [P]."""
        return np.asarray(np.mean([self._estimate(state, outcome) for outcome in outcomes], axis=0))

    @property
    def smoothing(self) -> float | None:
        """None: each step explores alone, which is the return of no one policy."""
        return None

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _disturbed(self, state: State, turn: Turn) -> Integers:
        """The step at which each direction explores [N]; -1 is every step."""
        if self.every_step:
            return np.full(self.directions, -1)
        return turn.rng("steps").integers(state.horizon, size=self.directions)

    def _estimate(self, state: State, outcome: Outcome) -> Floats:
        """The gradient from one episode [P]."""
        taken, step = recorded(outcome), outcome.request.explore_step
        rows = slice(None) if self.every_step else slice(step, step + 1)  # none if the episode ended before
        to_go = returns.rewards_to_go(taken.rewards, taken.lengths, 1.0)  # [N] G_t
        weights = to_go[rows] * (1 if self.every_step else state.horizon)
        score = self.policy.score(self.solution(state), taken.observations[rows], taken.actions[rows], weights)  # [P]
        spread = 0 if self.policy.space.discrete else self.policy.space.actions  # log σ comes last, and stays
        return np.where(np.arange(score.size) < score.size - spread, score, 0.0)
