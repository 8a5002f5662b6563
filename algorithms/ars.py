"""Augmented random search: finite differences along random directions, in units of the returns' own deviation.

H. Mania, A. Guy and B. Recht, "Simple random search provides a competitive approach to reinforcement learning" (2018),
Algorithm 2; details from its published code (`code/ars.py`, `code/filter.py`). The four variants are settings:

    V1     normalise=False, top=0      V1-t   normalise=False, top=b
    V2     normalise=True,  top=0      V2-t   normalise=True,  top=b

    θ += α / (b σ_R) Σ (r+ - r-) ε     over the b directions with the largest max(r+, r-); σ_R over their 2b returns

As in that code, directions tied with the b-th are kept too and b is the number kept; the two candidates of a direction
share no random numbers unless `common_random_numbers` says so; the normaliser of V2 has seen all training observations
before this turn; `shift` is subtracted from every training reward.

Where the code divides 0 by 0 (σ_R = 0) there is no step. A direction with a diverged candidate is dropped.
Deviation: the search begins at the policy's own start, since at a network's zero every antithetic difference vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Integers, Metrics, Outcome, Policy, Request, Scaler, Turn
from harness.parts.moments import Moments, empty, identity, merge, scaler
from harness.parts.ranges import at_least, finite, ordered, positive, vectors
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The centre of the search, and what has been observed."""

    theta: Floats  # [P] M
    moments: Moments  # of all training observations; stays empty in V1


@dataclass(frozen=True)
class Ars:
    """`step_size` is in units of the returns' deviation: with one direction every step is exactly 2 α ε or -2 α ε."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    directions: Annotated[int, Choice((1, 2, 4, 8, 16, 32))] = 8  # N, two candidates each; 1 to 256 in rl-zoo
    top: int = 0  # b, directions that are used; 0: all
    episodes: int = 1  # of each candidate
    step_size: Annotated[float, LogUniform(0.005, 0.5)] = 0.02  # α; 0.01 to 0.03 in rl-zoo
    noise: Annotated[float, LogUniform(0.005, 0.5)] = 0.03  # ν; 0.0075 to 0.2 in rl-zoo
    normalise: bool = False  # V2: observations in units of their own deviation
    shift: float = 0.0  # survival bonus taken off every reward
    common_random_numbers: bool = False  # between the two candidates of a direction

    def __post_init__(self) -> None:
        at_least(self, 1, "directions", "episodes")
        at_least(self, 0, "top")
        positive(self, "step_size", "noise")
        finite(self, "shift")
        ordered(self, "top", "directions")
        vectors(self, "directions", 2 * self.directions)

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start, nothing observed."""
        return State(self.policy.init(rng), empty(self.policy.space.observations))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """N candidates at θ + ν ε, then N at θ - ν ε."""
        steps = self.noise * self._directions(turn)  # [N, P]
        thetas = np.vstack([state.theta + steps, state.theta - steps])  # [2N, P]
        seeds = draw_seeds(turn.rng("seeds"), len(thetas))  # [2N]
        if self.common_random_numbers:
            seeds[self.directions :] = seeds[: self.directions]
        return (Request(thetas, seeds, self._scaler(state), self.episodes, moments=self.normalise),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One step, and the observations of this turn for the next."""
        pairs = self._pairs(outcomes)  # [N, 2]
        kept = self._kept(pairs)
        sigma_r = float(pairs[kept].std()) if len(kept) > 0 else 0.0  # σ_R
        theta, moments = state.theta, state.moments
        if sigma_r > 0:
            theta = theta + self.step_size / (len(kept) * sigma_r) * self._climb(pairs, turn)
        for sums in outcomes[0].moments[np.isfinite(pairs.T.ravel())] if self.normalise else ():
            moments = merge(moments, sums)
        step_norm = float(np.linalg.norm(theta - state.theta))
        return State(theta, moments), {"sigma_R": sigma_r, "step_norm": step_norm, "kept": float(len(kept))}

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The gradient [P] before it is put in units of σ_R: 1/b Σ (r+ - r-) ε / 2ν."""
        pairs = self._pairs(outcomes)  # [N, 2]
        return self._climb(pairs, turn) / (2 * self.noise * max(len(self._kept(pairs)), 1))

    @property
    def smoothing(self) -> float | None:
        """ν, though a choice of top directions biases it; None for V2: there θ acts on other observations each turn."""
        return None if self.normalise else self.noise

    def solution(self, state: State) -> Candidate:
        """The centre, with the newest normaliser."""
        return Candidate(state.theta, self._scaler(state))

    def _directions(self, turn: Turn) -> Floats:
        """ε [N, P], the same in ask and tell."""
        return turn.rng("directions").standard_normal((self.directions, self.policy.dim))

    def _pairs(self, outcomes: tuple[Outcome, ...]) -> Floats:
        """r+ and r- of each direction [N, 2]."""
        (outcome,) = outcomes
        return (outcome.returns - self.shift * outcome.lengths).mean(axis=1).reshape(2, -1).T  # type: ignore[no-any-return]

    def _climb(self, pairs: Floats, turn: Turn) -> Floats:
        """Σ (r+ - r-) ε [P] over the directions that are used."""
        kept = self._kept(pairs)
        return np.asarray((pairs[kept, 0] - pairs[kept, 1]) @ self._directions(turn)[kept])

    def _kept(self, pairs: Floats) -> Integers:
        """Which of the directions [N, 2] are used: the best b of the finite ones, and those tied with the b-th."""
        finite = np.flatnonzero(np.isfinite(pairs).all(axis=1))
        best = pairs[finite].max(axis=1)  # [<= N]
        if 0 < self.top < len(best):
            finite = finite[best >= np.sort(best)[-self.top]]
        return finite

    def _scaler(self, state: State) -> Scaler:
        return scaler(state.moments) if self.normalise else identity(self.policy.space.observations)
