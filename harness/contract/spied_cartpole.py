"""CartPole that counts its own steps, in the last of its parameters: the discrete probe."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit

from environments import cartpole
from environments.cartpole import Cartpole, observe, reset
from harness.interface import Floats, Space
from harness.rollouts.random import Words

__all__ = ["SpiedCartpole", "observe", "reset", "step"]
_step = cartpole.step


@dataclass(frozen=True)
class SpiedCartpole:
    """CartPole with a counter."""

    problem: Cartpole = field(default_factory=Cartpole)

    @property
    def space(self) -> Space:
        """As CartPole."""
        return self.problem.space

    @property
    def state_dim(self) -> int:
        """As CartPole."""
        return self.problem.state_dim

    @property
    def parameters(self) -> Floats:
        """As CartPole, and the counter."""
        return np.append(self.problem.parameters, 0.0)


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """Count, then step."""
    parameters[-1] += 1.0
    reward, terminated = _step(generator, parameters, state, action)
    return reward, terminated
