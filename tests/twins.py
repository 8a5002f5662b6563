"""A compiled environment and Gymnasium's own, step by step, for tests that compare their bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from harness.interface import Floats
from harness.plugins import load, load_module
from harness.rollouts.random import seed_generator

Choose = Callable[[int, Any], Any]  # step, observation [O] -> action: an int, or numbers [A]


class Ours:
    """The compiled environment; one array of parameters, as an engine has it."""

    def __init__(self, name: str, **options: Any) -> None:
        self.module, problem = load_module("environments", name), load("environments", name)(**options)
        self.parameters, self.generator = problem.parameters, np.empty(4, np.uint64)
        self.state, self.seen = np.full(problem.state_dim, np.nan), np.full(problem.space.observations, np.nan)

    def reset(self, seed: int) -> Floats:
        seed_generator(seed, self.generator)
        self.module.reset(self.generator, self.parameters, self.state)
        return self.look()

    def step(self, action: Any) -> tuple[Floats, float, bool]:
        numbers = np.atleast_1d(np.asarray(action, np.float64))
        reward, ended = self.module.step(self.generator, self.parameters, self.state, numbers)
        return self.look(), reward, ended

    def look(self) -> Floats:
        self.module.observe(self.parameters, self.state, self.seen)
        return self.seen.copy()


class Theirs:
    """Gymnasium's, without wrappers; what is continuous is sent as the engine *gymnasium* sends it."""

    def __init__(self, identity: str, fresh: bool = False) -> None:
        self.identity, self.fresh = identity, fresh
        self.environment: Any = gymnasium.make(identity).unwrapped

    def reset(self, seed: int) -> Floats:
        if self.fresh:
            self.environment = gymnasium.make(self.identity).unwrapped
        return self.environment.reset(seed=seed)[0].astype(np.float64)

    def step(self, action: Any) -> tuple[Floats, float, bool]:
        sent = action if isinstance(action, int) else np.array(action, np.float32)
        seen, reward, ended, _, _ = self.environment.step(sent)
        return seen.astype(np.float64), float(reward), bool(ended)


def play(world: Ours | Theirs, seed: int, choose: Choose, horizon: int = 1000) -> tuple[bytes, int, float]:
    """All numbers of an episode, its length and its last reward."""
    seen, ended, numbers, length, reward = world.reset(seed), False, [], 0, 0.0
    while not ended and length < horizon:
        numbers.append(seen)
        seen, reward, ended = world.step(choose(length, seen))
        numbers.append(np.array([reward, ended]))
        length += 1
    return np.concatenate([*numbers, seen]).tobytes(), length, reward
