"""Returns, rewards to go and advantages by hand, and against Stable-Baselines3 on the same arrays."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

from harness.interface import Booleans, Floats, Integers, Trajectory
from harness.parts import returns

LENGTHS = np.array([3, 1, 2])
REWARDS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])


def paid(rewards: Floats, lengths: Integers, terminated: Booleans) -> Trajectory:
    """Episodes of which nothing but the rewards matters."""
    nothing = np.zeros((rewards.size, 1))
    return Trajectory(nothing, nothing, nothing[:, 0], rewards, lengths, np.zeros((lengths.size, 1)), terminated)


def test_whole_returns_and_rewards_to_go_are_credited_to_steps_by_hand() -> None:
    assert returns.credit(REWARDS, LENGTHS, 0.5, to_go=False).tolist() == [3.0, 3.0, 3.0, 8.0, 32.0, 32.0]
    assert returns.credit(REWARDS, LENGTHS, 0.5, to_go=True).tolist() == [3.0, 4.0, 4.0, 8.0, 32.0, 32.0]


def test_normalised_advantages_by_hand() -> None:
    np.testing.assert_allclose(returns.normalised(np.array([1.0, 3.0, 5.0])), np.array([-1.0, 0.0, 1.0]) * 1.5**0.5)
    assert returns.normalised(np.ones(4)).tolist() == [0.0] * 4


def test_steps_know_their_episode_and_their_time() -> None:
    assert returns.episode_numbers(LENGTHS).tolist() == [0, 0, 0, 1, 2, 2]
    assert returns.times(LENGTHS).tolist() == [0, 1, 2, 0, 0, 1]
    assert returns.episode_sums(REWARDS, LENGTHS).tolist() == [7.0, 8.0, 48.0]


def test_discounted_return_of_three_steps_by_hand() -> None:
    assert returns.discounted_returns(REWARDS, LENGTHS, 0.5).tolist() == [1 + 1 + 1, 8.0, 16 + 16]


def test_reward_to_go_of_three_steps_by_hand() -> None:
    assert returns.rewards_to_go(REWARDS, LENGTHS, 0.5).tolist() == [3.0, 4.0, 4.0, 8.0, 32.0, 32.0]


def test_reward_to_go_from_the_first_step_is_the_return() -> None:
    to_go = returns.rewards_to_go(REWARDS, LENGTHS, 0.9)
    first = returns.times(LENGTHS) == 0
    np.testing.assert_allclose(to_go[first], returns.discounted_returns(REWARDS, LENGTHS, 0.9), rtol=1e-15)


def test_advantages_of_two_steps_by_hand_when_the_episode_ended_and_when_it_was_cut() -> None:
    values = np.array([3.0, 5.0, 3.0, 5.0])
    taken = paid(np.array([1.0, 2.0, 1.0, 2.0]), np.array([2, 2]), np.array([True, False]))
    found = returns.advantages(taken, values, np.array([7.0, 7.0]), discount=0.5, decay=0.5)
    last_ended, last_cut = 2.0 - 5.0, 2.0 + 0.5 * 7.0 - 5.0
    first = 1.0 + 0.5 * 5.0 - 3.0
    assert found.tolist() == [first + 0.25 * last_ended, last_ended, first + 0.25 * last_cut, last_cut]


def test_advantages_with_decay_one_are_rewards_to_go_less_the_value() -> None:
    rng = np.random.default_rng(1)
    rewards, values, final = rng.normal(size=6), rng.normal(size=6), rng.normal(size=3)
    found = returns.advantages(paid(rewards, LENGTHS, np.ones(3, dtype=np.bool_)), values, final, 0.9, 1.0)
    np.testing.assert_allclose(found, returns.rewards_to_go(rewards, LENGTHS, 0.9) - values, rtol=1e-13)


def stable_baselines_advantages(
    rewards: Floats, values: Floats, final_values: Floats, terminated: Booleans, discount: float, decay: float
) -> Floats:
    """Their buffer in float64; as they do, V of the last observation of a cut episode is added to its last reward."""
    space = spaces.Box(-1.0, 1.0, (1,))
    buffer = RolloutBuffer(rewards.size, space, space, gamma=discount, gae_lambda=decay)
    ends = np.cumsum(LENGTHS) - 1
    topped = rewards.copy()
    topped[ends] += discount * np.where(terminated, 0.0, final_values)
    starts = np.isin(np.arange(rewards.size), ends + 1)  # the step after an end starts an episode
    buffer.rewards, buffer.values = topped[:, None], values[:, None]
    buffer.episode_starts, buffer.advantages = starts[:, None].astype(np.float64), np.zeros((rewards.size, 1))
    buffer.compute_returns_and_advantage(torch.zeros(1), np.ones(1))
    return buffer.advantages[:, 0]


def test_advantages_are_those_of_stable_baselines() -> None:
    rng = np.random.default_rng(2)
    rewards, values, final = rng.normal(size=6), rng.normal(size=6), rng.normal(size=3)
    terminated = np.array([True, False, False])
    ours = returns.advantages(paid(rewards, LENGTHS, terminated), values, final, 0.97, 0.9)
    theirs = stable_baselines_advantages(rewards, values, final, terminated, 0.97, 0.9)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
