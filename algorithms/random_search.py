"""Random search: sample parameters, score each, keep the best.

The simplest search there is, and a measure of the problem: J. Bergstra and Y. Bengio, "Random search for
hyper-parameter optimization" (2012); D. Oller, T. Glasmachers and G. Cuccu, "Analyzing reinforcement learning
benchmarks with random weight guessing" (2020), whose N(0, I) is the default here.

A score is the mean of a few episodes and is never measured again, so among many candidates the luckiest wins: more
`episodes` buy a better choice with fewer candidates. Of equal scores the first is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.streams import draw_seeds


class State(NamedTuple):
    """The best so far."""

    theta: Floats  # [P]
    score: float  # its mean return when it was sampled


@dataclass(frozen=True)
class RandomSearch:
    """Candidates are independent: each is a start of the policy with Gaussian noise around it."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    population: int = 16  # D candidates a turn
    episodes: int = 5  # of each candidate
    std: float = 1.0  # of the noise

    def init(self, rng: np.random.Generator) -> State:
        """A start that anything finite beats."""
        return State(self.policy.init(rng), -np.inf)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """D independent candidates."""
        rng = turn.rng("candidates")
        centres = np.stack([self.policy.init(rng) for _ in range(self.population)])  # [D, P]
        thetas = centres + self.std * rng.standard_normal(centres.shape)  # [D, P]
        seeds = draw_seeds(turn.rng("seeds"), self.population)  # [D]
        return (Request(thetas, seeds, identity(self.policy.space.observations), self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Keep the best if it beats what was kept."""
        (outcome,) = outcomes
        scores = outcome.returns.mean(axis=1)  # [D]
        best = int(np.argmax(scores))
        if scores[best] > state.score:
            state = State(outcome.request.thetas[best], float(scores[best]))
        return state, {"score": state.score}

    def solution(self, state: State) -> Candidate:
        """The best so far."""
        return Candidate(state.theta, identity(self.policy.space.observations))
