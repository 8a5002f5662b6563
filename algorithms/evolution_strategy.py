"""The (μ/μ, λ) evolution strategy with a self-adapted step: mutate, evaluate, recombine the best.

    σ_k = σ exp(τ ξ_k),    θ_k = θ + σ_k z_k,    θ ← mean of the best μ θ_k,    σ ← mean of their σ_k

H.-G. Beyer and H.-P. Schwefel, "Evolution strategies: a comprehensive introduction" (2002): a population of λ children
of one recombined parent. Each child first mutates the step size σ by a log-normal factor, then itself with its own σ;
the parent of the next turn is the mean of the best μ children, and so is its σ (intermediate recombination). Nobody
sets σ: children with a good step have good returns.

A diverged child is never a parent; if fewer than μ children are finite, these few are the parents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.parts.ranges import at_least, ordered, positive, vectors
from harness.parts.ranks import finite_best_first
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The recombined parent."""

    theta: Floats  # [P] ⟨θ⟩
    sigma: float  # ⟨σ⟩


@dataclass(frozen=True)
class EvolutionStrategy:
    """Comma selection: parents live for one turn, so luck does too."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    children: Annotated[int, Choice((8, 16, 32, 64))] = 16  # λ
    parents: Annotated[int, Choice((2, 4, 6))] = 4  # μ; never more than three quarters of λ
    episodes: int = 2  # of each child
    sigma: Annotated[float, LogUniform(0.1, 10.0)] = 1.0  # σ at the start

    def __post_init__(self) -> None:
        at_least(self, 1, "children", "parents", "episodes")
        ordered(self, "parents", "children")
        positive(self, "sigma")
        vectors(self, "children", self.children)

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start."""
        return State(self.policy.init(rng), self.sigma)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """λ mutated children, each with its own step."""
        noise = turn.rng("directions").standard_normal((self.children, self.policy.dim))  # [λ, P]
        thetas = state.theta + self._sigmas(state, turn)[:, None] * noise  # [λ, P]
        seeds = draw_seeds(turn.rng("seeds"), self.children)  # [λ]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """The best μ children, recombined."""
        (outcome,) = outcomes
        best = finite_best_first(outcome.returns.mean(axis=1))[: self.parents]
        if len(best) > 0:
            sigma = float(self._sigmas(state, turn)[best].mean())
            state = State(outcome.request.thetas[best].mean(axis=0), sigma)
        return state, {"sigma": state.sigma}

    def solution(self, state: State) -> Candidate:
        """The recombined parent."""
        return Candidate(state.theta, identity(self.policy.space.observations))

    def _sigmas(self, state: State, turn: Turn) -> Floats:
        """Mutated steps of the children [λ]: σ exp(τ N(0, 1)), τ = 1 / √(2 P)."""
        learning_rate = 1 / np.sqrt(2 * self.policy.dim)  # τ
        draws = turn.rng("sigmas").standard_normal(self.children)  # [λ]
        sigmas: Floats = state.sigma * np.exp(learning_rate * draws)  # [λ]
        return sigmas
