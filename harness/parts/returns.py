"""What a step was worth: discounted returns, rewards to go and advantages of episodes that lie end to end.

Sources: R. S. Sutton and A. G. Barto, "Reinforcement Learning" (2018), eq. 3.8; J. Schulman et al., "High-Dimensional
Continuous Control Using Generalized Advantage Estimation" (2016), eqs. 11-16.

Shapes: E episodes, one after the other, of N = sum(lengths) steps. Units are those of the reward.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from harness.interface import Floats, Integers, Trajectory


def episode_numbers(lengths: Integers) -> Integers:
    """The episode that each step belongs to [N]."""
    return np.arange(lengths.size).repeat(lengths)


def times(lengths: Integers) -> Integers:
    """The time t = 0, 1, 2 ... of each step within its episode [N]."""
    starts = np.cumsum(lengths) - lengths  # [E]
    return np.arange(int(lengths.sum())) - starts.repeat(lengths)


def episode_sums(values: Floats, lengths: Integers) -> Floats:
    """Sum of the values [N] of each episode [E]; of an empty one it is 0."""
    return np.asarray(np.bincount(episode_numbers(lengths), weights=values, minlength=lengths.size))


def discounted_returns(rewards: Floats, lengths: Integers, discount: float) -> Floats:
    """R(τ) = Σ_t γ^t r_t of each episode [E]."""
    return episode_sums(discount ** times(lengths) * rewards, lengths)


def rewards_to_go(rewards: Floats, lengths: Integers, discount: float) -> Floats:
    """G_t = Σ_{i≥t} γ^{i-t} r_i [N]: what the action at t could still change, seen from t."""
    return _discounted_sums(rewards, lengths, discount)


def credit(rewards: Floats, lengths: Integers, discount: float, to_go: bool) -> Floats:
    """The return that each step is credited with [N]: G_t, or R(τ) of its episode."""
    if to_go:
        return rewards_to_go(rewards, lengths, discount)
    return discounted_returns(rewards, lengths, discount).repeat(lengths)


def advantages(taken: Trajectory, values: Floats, final_values: Floats, discount: float, decay: float) -> Floats:
    """Generalised advantage estimates Σ_i (γλ)^i δ_{t+i} with δ_t = r_t + γ V(s_{t+1}) - V(s_t).

    Args:
        taken: E episodes, each of at least one step.
        values: V(s_t) [N].
        final_values: V of the observation after each episode's last step [E]; read only where the episode was cut,
            for after a termination nothing more is to be had.
        discount: γ.
        decay: λ; 0 trusts V after one step, 1 trusts rewards only.

    Returns:
        Advantages [N]; advantages + values are the targets that V is fitted to (TD(λ) returns).
    """
    next_values = np.append(values[1:], 0.0)  # [N]
    next_values[np.cumsum(taken.lengths) - 1] = np.where(taken.terminated, 0.0, final_values)
    errors = taken.rewards + discount * next_values - values  # [N] δ
    return _discounted_sums(errors, taken.lengths, discount * decay)


def normalised(advantages: Floats) -> Floats:
    """Mean 0 and deviation 1 within the batch [N]."""
    centred = advantages - advantages.mean()  # [N]
    return np.asarray(centred / ((centred @ centred / centred.size) ** 0.5 + 1e-8))


def _discounted_sums(values: Floats, lengths: Integers, factor: float) -> Floats:
    """y_t = x_t + factor · y_{t+1} within each episode [N]."""
    episodes = np.split(values, np.cumsum(lengths)[:-1])
    return np.concatenate([_backwards(episode, factor) for episode in episodes])


def _backwards(values: Floats, factor: float) -> Floats:
    """The same for one episode; Python floats are the fast choice here."""
    sums = accumulate(reversed(values.tolist()), lambda later, now: now + factor * later)
    return np.array(list(sums)[::-1], dtype=np.float64)
