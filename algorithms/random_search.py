"""Random search: sample parameters, score each, keep the best.

The simplest search there is, and a measure of the problem: J. Bergstra and Y. Bengio, "Random search for
hyper-parameter optimization" (2012); D. Oller, T. Glasmachers and G. Cuccu, "Analyzing reinforcement learning
benchmarks with random weight guessing" (2020), whose N(0, I) is the default here.

Deviation: the best is not kept for the score that it won with. The luckiest of many noisy scores wins, so luck must
wear off: in every turn the incumbent is rolled out again beside its challengers, and its score is the mean of all its
episodes so far. Of equal scores the incumbent's counts for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.parts.ranges import at_least, vectors
from harness.parts.search import Choice, LogUniform
from harness.streams import draw_seeds


class State(NamedTuple):
    """The incumbent, the best so far."""

    theta: Floats  # [P]
    score: float  # mean return of its episodes
    episodes: int  # how many these are


@dataclass(frozen=True)
class RandomSearch:
    """Challengers are independent: each is a start of the policy with Gaussian noise around it."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    challengers: Annotated[int, Choice((4, 16, 64))] = 16  # a turn
    episodes: Annotated[int, Choice((1, 2, 4, 8))] = 1  # of each candidate
    std: Annotated[float, LogUniform(0.1, 10.0)] = 1.0  # of the noise

    def __post_init__(self) -> None:
        at_least(self, 1, "challengers", "episodes")
        at_least(self, 0, "std")
        vectors(self, "challengers", 1 + self.challengers)

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start, not yet scored."""
        return State(self.policy.init(rng), 0.0, 0)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """The incumbent (row 0) and independent challengers."""
        rng = turn.rng("challengers")
        centres = np.stack([self.policy.init(rng) for _ in range(self.challengers)])  # [D - 1, P]
        thetas = np.vstack([state.theta, centres + self.std * rng.standard_normal(centres.shape)])  # [D, P]
        seeds = draw_seeds(turn.rng("seeds"), len(thetas))  # [D]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Keep the best challenger if it beats the incumbent."""
        (outcome,) = outcomes
        scores = outcome.returns.mean(axis=1)  # [D]
        if np.isfinite(scores).any():
            episodes = state.episodes + self.episodes
            score = (state.score * state.episodes + scores[0] * self.episodes) / episodes
            best = 1 + int(np.argmax(scores[1:]))
            if scores[best] > score:
                state = State(outcome.request.thetas[best], float(scores[best]), self.episodes)
            else:
                state = State(state.theta, float(score), episodes)
        return state, {"score": state.score}

    def solution(self, state: State) -> Candidate:
        """The incumbent."""
        return Candidate(state.theta, identity(self.policy.space.observations))
