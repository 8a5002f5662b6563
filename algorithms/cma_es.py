"""CMA-ES, through the library of its author: the shape of the Gaussian is learnt too.

N. Hansen, "The CMA evolution strategy: a tutorial" (2016, arXiv:1604.00772), Appendix A, in its `cma` package: rank-one
and rank-μ update with negative weights, cumulative step-size adaptation. Above some P only the diagonal is learnt:
R. Ros and N. Hansen, "A simple modification in CMA-ES achieving linear time and space complexity" (2008).

The library keeps state and generator inside. Here the state is arrays: ask and tell put them into a fresh copy of the
library's object, as it was before its first turn, and have it draw from this turn's address, so tell draws again the
sample of ask. Only the order of returns counts: a diverged candidate is the worst, and a turn in which all diverged
changes nothing.
Deviation: the covariance is decomposed in every turn, where the library may wait; an ill-conditioned one is left so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts import pycma
from harness.parts.moments import identity
from harness.parts.ranges import at_least, vectors
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """N(mean, sigma² C), and the two evolution paths."""

    generation: int  # g
    mean: Floats  # [P] m
    sigma: float  # σ
    shape: Floats  # [P, P] covariance C; on the diagonal: standard deviations [P]
    path: Floats  # [P] p_c
    sigma_path: Floats  # [P] p_σ


@dataclass(frozen=True)
class CmaEs:
    """The library's own constants, but for those that a study may want to set."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    population: Annotated[int, Choice((0, 16, 32, 64))] = 0  # λ; 0: 4 + ⌊3 ln P⌋ (eq. 48), else at least 2
    episodes: Annotated[int, Choice((1, 2, 3, 5, 8))] = 3  # of each candidate
    sigma: Annotated[float, LogUniform(0.05, 5.0)] = 1.0  # σ at the start; the optimum should lie within 3 σ
    diagonal_above: int = 128  # the largest P with a full covariance

    def __post_init__(self) -> None:
        at_least(self, 2 if self.population else 0, "population")
        at_least(self, 1, "episodes")
        at_least(self, 0, "diagonal_above")
        at_least(self, 1e-100, "sigma")  # below, the library divides 0 by 0
        vectors(self, "population", self.population)
        if self.policy is not None and self.policy.dim <= self.diagonal_above:
            vectors(self, "diagonal_above", self.policy.dim)  # a covariance [P, P]

    def init(self, rng: np.random.Generator) -> State:
        """A sphere around the policy's start, as the library makes it: its axes differ by 1e-4, to have an order."""
        library = self._fresh()
        library.mean = self.policy.init(rng)  # [P]
        return self._state(library)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """A sample of λ candidates."""
        _, thetas = self._rebuilt(state, turn)  # [λ, P]
        seeds = draw_seeds(turn.rng("seeds"), len(thetas))  # [λ]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """The library's update on the order of the returns."""
        scores = outcomes[0].returns.mean(axis=1)  # [λ]
        if np.isfinite(scores).any():
            library, thetas = self._rebuilt(state, turn)  # [λ, P]
            library.tell(list(thetas), np.argsort(np.argsort(-scores, kind="stable")).astype(float))  # 0: the best
            state = self._state(library)
        return state, {"sigma": state.sigma}

    def solution(self, state: State) -> Candidate:
        """The mean."""
        return Candidate(state.mean, identity(self.policy.space.observations))

    def _fresh(self) -> Any:
        """The library's object before its first turn."""
        dim = self.policy.dim
        population = self.population or 4 + int(3 * np.log(dim))  # λ
        return pycma.fresh(dim, population, self.sigma, dim > self.diagonal_above)

    def _rebuilt(self, state: State, turn: Turn) -> tuple[Any, Floats]:
        """The library's object in this state, and the sample [λ, P] that it draws in this turn."""
        library, rng = self._fresh(), turn.rng("sample")
        library.sm.randn = lambda rows, columns: rng.standard_normal((rows, columns))
        library.mean, library.mean_old, library.sigma = state.mean.copy(), state.mean, state.sigma
        library.pc, library.adapt_sigma.ps = state.path.copy(), state.sigma_path.copy()
        if state.shape.ndim == 1:
            library.sigma_vec.scaling, library.sigma_vec.is_identity = state.shape.copy(), False
        else:
            library.sm.C, library.sm.count_tell = state.shape.copy(), state.generation
        thetas = np.array(library.ask())  # [λ, P]
        library.countiter = state.generation  # only now: at 0 the library starts its stopwatch
        return library, thetas

    def _state(self, library: Any) -> State:
        """What the library must remember, as arrays."""
        shape = library.sigma_vec * np.ones(self.policy.dim) if library.opts["CMA_diagonal"] else library.sm.C
        return State(library.countiter, library.mean, float(library.sigma), shape, library.pc, library.adapt_sigma.ps)
