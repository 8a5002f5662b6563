"""Keep the best of ten Gaussian steps around the best policy so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.streams import draw_seeds


class State(NamedTuple):
    """All that the search remembers; nothing is kept elsewhere."""

    theta: Floats  # [P] the best parameters so far
    score: float  # their return


@dataclass(frozen=True)
class Starter:
    """Fields with a default are settings: a study may change them."""

    family: ClassVar[str] = "gradient-free"  # or "policy-gradient", "probe"
    explores: ClassVar[bool] = False  # True: actions are sampled from the policy's categorical or Gaussian head

    policy: Policy
    std: float = 0.3

    def init(self, rng: np.random.Generator) -> State:
        """The policy's own start."""
        return State(self.policy.init(rng), -np.inf)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """Ten candidates, one episode each."""
        steps = self.std * turn.rng("steps").standard_normal((10, self.policy.dim))  # [10, P]
        seeds = draw_seeds(turn.rng("seeds"), len(steps))  # [10]
        return (Request(state.theta + steps, seeds, identity(self.policy.space.observations)),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """The best of them, if it is better than what stands; and any numbers worth logging."""
        returns = outcomes[0].returns[:, 0]  # [10]
        best = returns.argmax()
        better = State(outcomes[0].request.thetas[best], float(returns[best]))
        return max(state, better, key=lambda known: known.score), {"best": float(returns[best])}

    def solution(self, state: State) -> Candidate:
        """What is evaluated, and kept at the end."""
        return Candidate(state.theta, identity(self.policy.space.observations))
