"""MountainCarContinuous: the car in the valley with a free force; twin of Gymnasium 1.4.0's MountainCarContinuous-v0.

Source: A. W. Moore, "Efficient Memory-Based Learning for Robot Control" (1990). The goal pays 100, every step costs a
tenth of the squared action. The force is clipped to [-1, 1], but the unclipped action is paid for.

State and observation: position in [-1.2, 0.6], velocity in [-0.07, 0.07]; the goal is at 0.45.
Gymnasium keeps this state in float32 between steps, and NumPy 2 adds a float32 and a Python float (a clipped force, a
clipped speed) in float32, but a float32 and a float64 (the action) in float64. The twin rounds where NumPy does.
Deviation: actions are float64; given float32 actions, Gymnasium would add in float32 always.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

POWER = 0.0015
GRAVITY = 0.0025
MIN_POSITION = -1.2
MAX_POSITION = 0.6
MAX_SPEED = 0.07
GOAL_POSITION = 0.45
GOAL_REWARD = 100.0
START_LOW, START_HIGH = -0.6, -0.4


@dataclass(frozen=True)
class MountainCarContinuous:
    """MountainCarContinuous-v0: no options."""

    @property
    def space(self) -> Space:
        """Two observations; one force in [-1, 1]."""
        return Space(observations=2, actions=1, discrete=False, low=(-1.0,), high=(1.0,))

    @property
    def state_dim(self) -> int:
        """Position, velocity, and whether the state is still the first one, which is not rounded to float32."""
        return 3

    @property
    def parameters(self) -> Floats:
        """Nothing is free: one unread number."""
        return np.zeros(1)


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """At rest in the valley."""
    state[0] = START_LOW + (START_HIGH - START_LOW) * uniform(generator)
    state[1] = 0.0
    state[2] = 1.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """Position and velocity."""
    observation[0] = state[0]
    observation[1] = state[1]


@njit(inline="always")
def _rounded(value: float, single: bool) -> float:
    """The value in single precision, if that is what NumPy would use."""
    return np.float64(np.float32(value)) if single else value


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One push; `single` says whether the sum under way is one of float32 numbers."""
    stored = state[2] == 0.0  # in float32
    force = min(max(action[0], -1.0), 1.0)
    single = stored and force != action[0]
    push = force * POWER - GRAVITY * math.cos(_rounded(3.0 * state[0], stored))
    velocity = _rounded(state[1] + _rounded(push, single), single)
    if abs(velocity) > _rounded(MAX_SPEED, single):
        velocity = math.copysign(MAX_SPEED, velocity)
        single = stored
    position = _rounded(state[0] + _rounded(velocity, single), single)
    position = min(max(position, _rounded(MIN_POSITION, single)), _rounded(MAX_POSITION, single))
    if position == _rounded(MIN_POSITION, single) and velocity < 0.0:
        velocity = 0.0
    state[0] = np.float32(position)
    state[1] = np.float32(velocity)
    state[2] = 0.0
    terminated = position >= _rounded(GOAL_POSITION, single) and velocity >= 0.0
    return (GOAL_REWARD if terminated else 0.0) - action[0] * action[0] * 0.1, terminated
