"""The chain: walk N states forward for a large reward, or go back at any time for a small one at once.

Sources: M. Strens, "A Bayesian Framework for Reinforcement Learning" (2000), Figure 1: five states, slip 0.2, rewards 2
and 10; finite-horizon dynamic programming and the policy gradient theorem (R. Sutton et al., 1999, Theorem 1).

Action 1 moves one state forward and pays 10 in the last state, which it does not leave; action 0 goes back to the first
state and pays 2. With the slip probability the other action is done instead. The observation is one-hot [N], so that a
linear policy is a table. There is no terminal state. Deviation: any number of states, a horizon, no discount.

Shapes: N states, A = 2 actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

BACK_REWARD = 2.0
END_REWARD = 10.0
LARGEST = 1000  # states: the exact value costs their cube


@dataclass(frozen=True)
class Chain:
    """A chain of `states` states, its actions exchanged with probability `slip`."""

    states: int = 5  # N
    slip: float = 0.2

    def __post_init__(self) -> None:
        """Raise ValueError for a chain without states or of too many, or for a slip that is no probability."""
        if not 1 <= self.states <= LARGEST:
            raise ValueError(f"states must be from 1 to {LARGEST}, not {self.states}")
        if not 0.0 <= self.slip <= 1.0:
            raise ValueError(f"slip must be between 0 and 1, not {self.slip}")

    @property
    def space(self) -> Space:
        """One-hot state; back (0) or forward (1)."""
        return Space(observations=self.states, actions=2, discrete=True)

    @property
    def state_dim(self) -> int:
        """The number of the state, from 0."""
        return 1

    @property
    def parameters(self) -> Floats:
        """N and the slip probability."""
        return np.array([self.states, self.slip])

    def optimal_value(self, horizon: int) -> float:
        """Expected return of the best policy there is, which knows the time left."""
        values = np.zeros(self.states)  # [N]
        for _ in range(horizon):
            values = self._action_values(values).max(axis=1)
        return float(values[0])

    def value(self, probabilities: Floats, horizon: int) -> float:
        """Expected return of a policy that takes action a in state s with probability [N, A]."""
        values = np.zeros(self.states)  # [N]
        for _ in range(horizon):
            values = (probabilities * self._action_values(values)).sum(axis=1)
        return float(values[0])

    def value_gradient(self, probabilities: Floats, horizon: int) -> Floats:
        """Derivative [N, A] of the value by each probability, all others held (they need not sum to 1).

        It is Σ_t d_t(s) Q_t(s, a), where d_t [N] are the probabilities of the states at time t.
        """
        action_values = np.empty((horizon, self.states, 2))  # Q_t [H, N, A]
        values = np.zeros(self.states)  # [N]
        for t in range(horizon - 1, -1, -1):
            action_values[t] = self._action_values(values)
            values = (probabilities * action_values[t]).sum(axis=1)
        visits = np.zeros((horizon, self.states))  # d_t [H, N]
        visits[0, 0] = 1.0
        moves = np.einsum("sa,san->sn", probabilities, self.transitions)  # [N, N]
        for t in range(1, horizon):
            visits[t] = visits[t - 1] @ moves
        gradient: Floats = np.einsum("ts,tsa->sa", visits, action_values)
        return gradient

    @cached_property
    def transitions(self) -> Floats:
        """Probability of the next state [N, A, N]."""
        done = np.zeros((self.states, 2, self.states))  # if nothing slipped
        done[:, 0, 0] = 1.0
        done[np.arange(self.states), 1, np.minimum(np.arange(self.states) + 1, self.states - 1)] = 1.0
        return (1.0 - self.slip) * done + self.slip * done[:, ::-1]

    @cached_property
    def rewards(self) -> Floats:
        """Expected reward of a step [N, A]."""
        rewards = np.zeros((self.states, 2))  # if nothing slipped
        rewards[:, 0] = BACK_REWARD
        rewards[-1, 1] = END_REWARD
        return (1.0 - self.slip) * rewards + self.slip * rewards[:, ::-1]

    def _action_values(self, values: Floats) -> Floats:
        """Q [N, A] of one step followed by `values` [N]."""
        return self.rewards + self.transitions @ values


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """The first state."""
    state[0] = 0.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """One-hot."""
    for i in range(int(parameters[0])):
        observation[i] = 1.0 if i == state[0] else 0.0


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One move, slipped or not."""
    slipped = uniform(generator) < parameters[1]
    forward = (action[0] == 1.0) != slipped
    if not forward:
        state[0] = 0.0
        return BACK_REWARD, False
    if state[0] == parameters[0] - 1.0:
        return END_REWARD, False
    state[0] += 1.0
    return 0.0, False
