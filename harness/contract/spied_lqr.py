"""An LQR that counts its own steps, in the last of its parameters: the continuous probe, whose values are known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit

from environments import lqr
from environments.lqr import Lqr, observe, reset
from harness.interface import Floats, Space
from harness.rollouts.random import Words

__all__ = ["SpiedLqr", "observe", "reset", "step"]
_step = lqr.step


@dataclass(frozen=True)
class SpiedLqr:
    """The double integrator with a counter."""

    problem: Lqr = field(default_factory=Lqr)

    @property
    def space(self) -> Space:
        """As the LQR."""
        return self.problem.space

    @property
    def state_dim(self) -> int:
        """As the LQR."""
        return self.problem.state_dim

    @property
    def parameters(self) -> Floats:
        """As the LQR, and the counter."""
        return np.append(self.problem.parameters, 0.0)

    def value(self, gain: Floats, horizon: int) -> float:
        """As the LQR."""
        return self.problem.value(gain, horizon)

    def gradient(self, gain: Floats, horizon: int) -> Floats:
        """As the LQR."""
        return self.problem.gradient(gain, horizon)


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """Count, then step."""
    parameters[-1] += 1.0
    reward, terminated = _step(generator, parameters, state, action)
    return reward, terminated
