"""Hill climbing: look around, step to the best neighbour if it is not worse.

    θ_k = θ + r z_k,  z_k ~ N(0, I),    θ ← the θ_k of the highest return if it is at least that of θ

A (1+λ) evolution strategy with Gaussian steps; I. Rechenberg, "Evolutionsstrategie" (1973), for the rule of the radius.

Deviation: the incumbent does not keep its score. Returns are noisy, so one that was lucky once would never be replaced:
in every turn it is rolled out again, beside its challengers and from the same seed (common random numbers). The cost is
one candidate more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.parts.ranges import at_least, positive, vectors
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The incumbent, and how far to look."""

    theta: Floats  # [P]
    radius: float


@dataclass(frozen=True)
class HillClimbing:
    """`adaptation` 1 keeps the radius; above, it grows by that factor on success and shrinks by its fourth root."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    challengers: Annotated[int, Choice((1, 2, 4, 8))] = 4  # λ
    episodes: Annotated[int, Choice((1, 2, 4, 8))] = 4  # of each, from the same starts
    radius: Annotated[float, LogUniform(0.03, 3.0)] = 0.3  # standard deviation of a step, at the start
    adaptation: float = 1.0  # the 1/5 rule: at one success in five the radius is at rest

    def __post_init__(self) -> None:
        at_least(self, 1, "challengers", "episodes", "adaptation")
        positive(self, "radius")
        vectors(self, "challengers", 1 + self.challengers)

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start."""
        return State(self.policy.init(rng), self.radius)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """The incumbent (row 0) and its challengers, all from one seed."""
        steps = turn.rng("steps").standard_normal((self.challengers, self.policy.dim))  # [λ, P]
        thetas = np.vstack([state.theta, state.theta + state.radius * steps])  # [1 + λ, P]
        seeds = np.repeat(draw_seeds(turn.rng("seeds"), 1), 1 + self.challengers)  # [1 + λ]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Step to the best challenger unless it is worse than the incumbent, or diverged."""
        (outcome,) = outcomes
        scores = outcome.returns.mean(axis=1)  # [1 + λ]
        if not np.isfinite(scores).any():
            return state, {"radius": state.radius, "accepted": 0.0}
        best = 1 + int(np.argmax(scores[1:]))
        accepted = bool(np.isfinite(scores[best]) and scores[best] >= scores[0])
        theta = outcome.request.thetas[best] if accepted else state.theta  # [P]
        radius = state.radius * self.adaptation ** (1.0 if accepted else -0.25)
        return State(theta, radius), {"radius": radius, "accepted": float(accepted)}

    def solution(self, state: State) -> Candidate:
        """The incumbent."""
        return Candidate(state.theta, identity(self.policy.space.observations))
