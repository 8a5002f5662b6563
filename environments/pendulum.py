"""Pendulum: swing a pendulum up with a torque too weak to lift it; the compiled twin of Gymnasium 1.4.0's Pendulum-v1.

Source: Gymnasium's `pendulum.py`, a uniform rod of 1 kg and 1 m. A step costs angle² + 0.1 velocity² + 0.001 torque²,
of the state before the step and of the clipped torque. There is no terminal state.

State: angle from upright [rad], not wrapped, and velocity in [-8, 8] rad/s. Observation: cosine, sine, velocity.
Deviation: observations keep float64 values, where Gymnasium rounds them to float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

TIME_STEP = 0.05
MAX_SPIN = 8.0
MAX_TORQUE = 2.0
GRAVITY_RATE = 15.0  # 3 g / (2 l), g = 10 m/s²
TORQUE_RATE = 3.0  # 3 / (m l²)


@dataclass(frozen=True)
class Pendulum:
    """Pendulum-v1: no options."""

    @property
    def space(self) -> Space:
        """Three observations; one torque in [-2, 2] N m."""
        return Space(observations=3, actions=1, discrete=False, low=(-MAX_TORQUE,), high=(MAX_TORQUE,))

    @property
    def state_dim(self) -> int:
        """Angle and angular velocity."""
        return 2

    @property
    def parameters(self) -> Floats:
        """Nothing is free: one unread number."""
        return np.zeros(1)


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """Any angle, a velocity in [-1, 1]."""
    state[0] = -math.pi + (math.pi + math.pi) * uniform(generator)
    state[1] = -1.0 + 2.0 * uniform(generator)


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The angle as a point of the circle, and the velocity."""
    observation[0], observation[1], observation[2] = math.cos(state[0]), math.sin(state[0]), state[1]


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One semi-implicit Euler step. The order of operations is Gymnasium's, so that the bits are."""
    angle, spin = state[0], state[1]
    torque = min(max(action[0], -MAX_TORQUE), MAX_TORQUE)
    error = (angle + math.pi) % (2.0 * math.pi) - math.pi  # the angle in [-pi, pi)
    cost = error * error + 0.1 * (spin * spin) + 0.001 * (torque * torque)
    spin += (GRAVITY_RATE * math.sin(angle) + TORQUE_RATE * torque) * TIME_STEP
    spin = min(max(spin, -MAX_SPIN), MAX_SPIN)
    state[0] = angle + spin * TIME_STEP
    state[1] = spin
    return -cost, False
