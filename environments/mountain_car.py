"""MountainCar: a car too weak to climb the hill must swing up to it; twin of Gymnasium 1.4.0's MountainCar-v0.

Source: A. W. Moore, "Efficient Memory-Based Learning for Robot Control" (1990). Every step costs 1, the last included.

State and observation: position in [-1.2, 0.6], velocity in [-0.07, 0.07]; the goal is at 0.5.
Deviation: observations keep the state's float64 values, where Gymnasium rounds them to float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

FORCE = 0.001
GRAVITY = 0.0025
MIN_POSITION = -1.2
MAX_POSITION = 0.6
MAX_SPEED = 0.07
GOAL_POSITION = 0.5
START_LOW, START_HIGH = -0.6, -0.4


@dataclass(frozen=True)
class MountainCar:
    """MountainCar-v0: no options."""

    @property
    def space(self) -> Space:
        """Two observations; push left (0), not at all (1), right (2)."""
        return Space(observations=2, actions=3, discrete=True)

    @property
    def state_dim(self) -> int:
        """Position and velocity."""
        return 2

    @property
    def parameters(self) -> Floats:
        """Nothing is free: one unread number."""
        return np.zeros(1)


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """At rest in the valley."""
    state[0] = START_LOW + (START_HIGH - START_LOW) * uniform(generator)
    state[1] = 0.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state itself."""
    observation[0] = state[0]
    observation[1] = state[1]


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One push. The left end is a wall that stops the car; the order of operations is Gymnasium's."""
    velocity = state[1] + ((action[0] - 1.0) * FORCE + math.cos(3.0 * state[0]) * -GRAVITY)
    velocity = min(max(velocity, -MAX_SPEED), MAX_SPEED)
    position = min(max(state[0] + velocity, MIN_POSITION), MAX_POSITION)
    if position == MIN_POSITION and velocity < 0.0:
        velocity = 0.0
    state[0] = position
    state[1] = velocity
    return -1.0, position >= GOAL_POSITION and velocity >= 0.0
