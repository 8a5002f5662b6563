"""CartPole: a pole on a cart, pushed left or right; the compiled twin of Gymnasium 1.4.0's CartPole-v1.

Source: A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning
Control Problems" (1983); Euler's method with a step of 0.02 s. Every step pays 1, the one that falls included.

State and observation: cart position [m], its velocity [m/s], pole angle [rad], its velocity [rad/s].
Deviation: observations keep the state's float64 values, where Gymnasium rounds them to float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

GRAVITY = 9.8
POLE_MASS = 0.1
TOTAL_MASS = POLE_MASS + 1.0
HALF_LENGTH = 0.5
POLE_MOMENT = POLE_MASS * HALF_LENGTH
FORCE = 10.0
TIME_STEP = 0.02
START = 0.05  # each number of the first state is uniform in [-START, START]
MAX_POSITION = 2.4
MAX_ANGLE = 12 * 2 * math.pi / 360


@dataclass(frozen=True)
class Cartpole:
    """CartPole-v1: no options."""

    @property
    def space(self) -> Space:
        """Four observations; push left (0) or right (1)."""
        return Space(observations=4, actions=2, discrete=True)

    @property
    def state_dim(self) -> int:
        """Position, velocity, angle, angular velocity."""
        return 4

    @property
    def parameters(self) -> Floats:
        """Nothing is free: one unread number."""
        return np.zeros(1)


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """Near the upright pole at rest in the middle."""
    for i in range(4):
        state[i] = -START + (START + START) * uniform(generator)


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state itself."""
    for i in range(4):
        observation[i] = state[i]


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One push of 0.02 s. The order of operations is Gymnasium's, so that the bits are."""
    position, velocity, angle, spin = state[0], state[1], state[2], state[3]
    force = FORCE if action[0] == 1.0 else -FORCE
    cosine, sine = math.cos(angle), math.sin(angle)
    push = (force + POLE_MOMENT * (spin * spin) * sine) / TOTAL_MASS
    spin_rate = (GRAVITY * sine - cosine * push) / (
        HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS)
    )
    acceleration = push - POLE_MOMENT * spin_rate * cosine / TOTAL_MASS
    position += TIME_STEP * velocity
    angle += TIME_STEP * spin
    state[0] = position
    state[1] = velocity + TIME_STEP * acceleration
    state[2] = angle
    state[3] = spin + TIME_STEP * spin_rate
    return 1.0, abs(position) > MAX_POSITION or abs(angle) > MAX_ANGLE
