"""A policy that is nothing but its parameters, and rollouts that are a formula: what the gradient-free tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.interface import Floats, Outcome, Policy, Request, Space, Turn
from harness.streams import address

OBSERVATIONS = 3


@dataclass(frozen=True)
class Parameters:
    """P parameters that start at zero."""

    dim: int

    @property
    def space(self) -> Space:
        return Space(OBSERVATIONS, 1, False)

    def init(self, rng: np.random.Generator) -> Floats:
        return np.zeros(self.dim)


def policy(dim: int) -> Policy:
    return Parameters(dim)  # type: ignore[return-value]


def turn(number: int = 0, seed: int = 7) -> Turn:
    return Turn(number, 0, address(seed))


def outcome(request: Request, returns: Any, lengths: Any = None, moments: Any = None) -> Outcome:
    """What comes back if the candidates [D] have these returns [D] in each of their episodes."""
    each = np.repeat(np.asarray(returns, dtype=float)[:, None], request.episodes, axis=1)  # [D, E]
    steps = np.ones(each.shape, dtype=np.int64) if lengths is None else np.asarray(lengths)
    seen = np.zeros((0, 3, OBSERVATIONS)) if moments is None else moments
    return Outcome(request, each, steps, seen)


def play(algorithm: Any, score: Callable[[Floats], Floats], turns: int, seed: int = 7) -> Any:
    """The state after so many turns in which the candidates [D, P] had the returns score(thetas) [D]."""
    state = algorithm.init(np.random.default_rng(seed))
    for number in range(turns):
        (request,) = algorithm.ask(state, turn(number, seed))
        state, _ = algorithm.tell(state, (outcome(request, score(request.thetas)),), turn(number, seed))
    return state
