"""Linear reward: the problem on which the noise of every estimator is known in closed form.

    a_t = what the policy does,  reward = c·a_t + noise w,  c = (1, ..., 1)/√A,  w ~ N(0, 1)

Nothing is observed but a constant 1, so a linear policy without bias is an open loop: its A parameters are the mean of
the action at each of the H steps, and the expected return is H c·θ, a linear function with gradient H c.

Source: M. P. Deisenroth, G. Neumann and J. Peters, "A Survey on Policy Search for Robotics" (2013), section 2.4.1, for
the role of such episodes; the laws that hold here stand in `harness/laboratory/laws.py`.

Shapes: A actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, normal


@dataclass(frozen=True)
class LinearReward:
    """`actions` is the number of parameters of an open loop."""

    actions: int = 2  # A
    noise: float = 0.1  # standard deviation of the reward of a step

    def __post_init__(self) -> None:
        """Raise ValueError for no action or for noise below zero."""
        if self.actions < 1 or self.noise < 0:
            raise ValueError("actions must be positive and noise not negative")

    @property
    def space(self) -> Space:
        """A constant; the action has no bounds."""
        bound = (math.inf,) * self.actions
        return Space(1, self.actions, discrete=False, low=tuple(-b for b in bound), high=bound)

    @property
    def state_dim(self) -> int:
        """Nothing changes; a state has at least one number."""
        return 1

    @property
    def parameters(self) -> Floats:
        """A and the noise."""
        return np.array([self.actions, self.noise])

    def value(self, gain: Floats, horizon: int) -> float:
        """Expected return of the action a = gain [A, 1]."""
        return float(horizon * gain.sum() / math.sqrt(self.actions))

    def gradient(self, gain: Floats, horizon: int) -> Floats:
        """H c [A, 1]."""
        return np.full(gain.shape, horizon / math.sqrt(self.actions))


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """There is nothing to set."""
    state[0] = 0.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The constant 1."""
    observation[0] = 1.0


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """The reward of an action; only the horizon ends an episode."""
    actions = int(parameters[0])
    total = 0.0
    for k in range(actions):
        total += action[k]
    return total / math.sqrt(actions) + parameters[1] * normal(generator), False
