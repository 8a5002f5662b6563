"""The cross-entropy method: sample from a Gaussian, keep the top p %, refit the Gaussian to them.

    θ_1 … θ_n ~ N(μ, σ²),    μ ← mean of the elite,    σ² ← variance of the elite + Z_t

R. Y. Rubinstein, "The cross-entropy method for combinatorial and continuous optimization" (1999); the refit is that of
OpenAI Gym's example `cem.py` (independent coordinates, deviation with 1/n). Without help the deviation collapses too
early: I. Szita and A. Lőrincz, "Learning Tetris using the noisy cross-entropy method" (2006), add to the variance a
noise that decreases with the turn t, Z_t = max(5 - t / 10, 0); that is `extra_noise=5, noise_decay=0.1` here.

A diverged candidate is never among the elite. If fewer candidates are finite than the elite has places, the mean moves
to theirs and the deviation, for which they are too few, stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.parts.ranges import at_least, positive, share, vectors
from harness.parts.ranks import finite_best_first
from harness.parts.search import Choice, LogUniform, Uniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The Gaussian that candidates are drawn from; its coordinates are independent."""

    mean: Floats  # [P] μ
    std: Floats  # [P] σ


@dataclass(frozen=True)
class CrossEntropy:
    """The noise is in units of a variance; 0 is the plain method."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    population: Annotated[int, Choice((10, 20, 40, 80))] = 20  # n
    elite: Annotated[float, Uniform(0.2, 0.5)] = 0.25  # p, the share that is kept; 0.1 of 10 is one, without deviation
    episodes: int = 2  # of each candidate
    std: Annotated[float, LogUniform(0.1, 10.0)] = 1.0  # σ at the start
    extra_noise: float = 0.0  # Z_0
    noise_decay: float = 0.0  # Z_t - Z_t+1, until Z is zero

    def __post_init__(self) -> None:
        at_least(self, 1, "population", "episodes")
        at_least(self, 0, "extra_noise", "noise_decay")
        positive(self, "std")
        share(self, "elite")
        if self._places < 2:
            raise ValueError(f"elite must keep at least 2 of {self.population}: one alone has no deviation")
        vectors(self, "population", self.population)

    def init(self, rng: np.random.Generator) -> State:
        """Around the policy's own start."""
        return State(self.policy.init(rng), np.full(self.policy.dim, self.std))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """A sample θ_1 .. θ_n ~ N(μ, σ²)."""
        noise = turn.rng("noise").standard_normal((self.population, self.policy.dim))  # [D, P]
        thetas = state.mean + state.std * noise  # [D, P]
        seeds = draw_seeds(turn.rng("seeds"), self.population)  # [D]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """μ = mean of the elite, σ² = their variance + Z_t."""
        (outcome,) = outcomes
        best = finite_best_first(outcome.returns.mean(axis=1))[: self._places]
        elite = outcome.request.thetas[best]  # [elite, P]
        if len(elite) > 0:
            state = state._replace(mean=elite.mean(axis=0))
        if len(elite) == self._places:
            noise = max(self.extra_noise - self.noise_decay * turn.number, 0.0)  # Z_t
            state = state._replace(std=np.sqrt(elite.var(axis=0) + noise))
        return state, {"spread": float(state.std.mean())}

    def solution(self, state: State) -> Candidate:
        """The mean."""
        return Candidate(state.mean, identity(self.policy.space.observations))

    @property
    def _places(self) -> int:
        """How many candidates the elite has."""
        return round(self.population * self.elite)
