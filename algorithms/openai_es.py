"""OpenAI's evolution strategy: a gradient of the smoothed return from antithetic pairs, climbed by Adam.

T. Salimans, J. Ho, X. Chen, S. Sidor and I. Sutskever, "Evolution strategies as a scalable alternative to
reinforcement learning" (2017), Algorithm 1 with mirrored sampling, centred ranks, weight decay and Adam as in the
published code (`es_distributed/es.py`): g = Σ (rank+ - rank-) ε / (2 n), and Adam follows g - l2 θ. The deviation σ is
fixed, and g is not divided by it: Adam does not see the size of a gradient.

Deviation: equal returns share the mean of their ranks. The published code ranks them in the order of arrival, so that
a plateau gives a gradient out of nothing.
Deviation: no noise on the actions, no observation normaliser, no discretised actions.

A diverged candidate has the lowest rank; a turn in which all diverged changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam
from harness.parts.moments import identity
from harness.parts.ranges import at_least, positive, vectors
from harness.parts.ranks import centred_ranks
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The centre of the search."""

    theta: Floats  # [P]
    adam: adam.AdamState


@dataclass(frozen=True)
class OpenaiEs:
    """Defaults for small policies; the paper's networks took σ 0.02 and step 0.01."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    directions: Annotated[int, Choice((2, 4, 8, 16, 32))] = 8  # n, two candidates each
    episodes: int = 1  # of each candidate
    sigma: Annotated[float, LogUniform(0.01, 1.0)] = 0.1  # σ
    step_size: Annotated[float, LogUniform(0.005, 0.5)] = 0.05  # α
    weight_decay: float = 0.005  # l2

    def __post_init__(self) -> None:
        at_least(self, 1, "directions", "episodes")
        at_least(self, 0, "weight_decay")
        positive(self, "sigma", "step_size")
        vectors(self, "directions", 2 * self.directions)

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start."""
        return State(self.policy.init(rng), adam.init(self.policy.dim))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """The candidates: n at θ + σ ε, then n at θ - σ ε."""
        steps = self.sigma * self._directions(turn)  # [n, P]
        thetas = np.vstack([state.theta + steps, state.theta - steps])  # [2n, P]
        seeds = draw_seeds(turn.rng("seeds"), len(thetas))  # [2n]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One step of Adam along g - l2 θ."""
        (outcome,) = outcomes
        scores = outcome.returns.mean(axis=1)  # [2n]
        if not np.isfinite(scores).any():
            return state, {"gradient_norm": 0.0, "step_norm": 0.0}
        gradient = self.estimate(state, outcomes, turn)  # [P] g
        ascent = gradient - self.weight_decay * state.theta  # [P]
        moments, theta = adam.ascend(state.adam, state.theta, ascent, self.step_size)
        step_norm = float(np.linalg.norm(theta - state.theta))
        return State(theta, moments), {"gradient_norm": float(np.linalg.norm(gradient)), "step_norm": step_norm}

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The g [P] of the ranks, from at least one finite return; the gradient of no return."""
        scores = outcomes[0].returns.mean(axis=1)  # [2n]
        plus, minus = np.split(centred_ranks(scores), 2)  # [n], [n]
        return (plus - minus) @ self._directions(turn) / len(scores)

    @property
    def smoothing(self) -> float | None:
        """None: ranks are not returns."""
        return None

    def solution(self, state: State) -> Candidate:
        """The centre, without noise."""
        return Candidate(state.theta, identity(self.policy.space.observations))

    def _directions(self, turn: Turn) -> Floats:
        """ε [n, P], the same in ask and tell."""
        return turn.rng("directions").standard_normal((self.directions, self.policy.dim))
