"""A replay buffer of whole episodes that remembers which policies made them.

Episodes lie end to end, oldest first; when there are more than fit, the oldest go, and with the last episode of a
policy its parameters. Pure: adding gives a new buffer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.interface import Booleans, Floats, Integers, Policy, Trajectory
from harness.parts.importance import mixture, so_far
from harness.parts.returns import episode_numbers
from harness.parts.sampling import unscaled


class Buffer(NamedTuple):
    """E episodes of N steps, made by B policies."""

    observations: Floats  # [N, O]
    actions: Floats  # [N, A]
    log_probs: Floats  # [N] under the policy that acted
    rewards: Floats  # [N]
    lengths: Integers  # [E]
    makers: Integers  # [E] row of `thetas` that made the episode; never decreases
    thetas: Floats  # [B, P]


def empty(policy: Policy) -> Buffer:
    """No episode yet."""
    space = policy.space
    actions = np.zeros((0, 1 if space.discrete else space.actions))  # [0, A]
    nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
    observations = np.zeros((0, space.observations))  # [0, O]
    return Buffer(observations, actions, nothing, nothing, none, none, np.zeros((0, policy.dim)))


def added(buffer: Buffer, taken: Trajectory, theta: Floats, capacity: int) -> Buffer:
    """The buffer with the episodes that theta [P] made, cut to the newest `capacity` episodes."""
    makers = np.full(taken.lengths.size, buffer.thetas.shape[0])  # [E]
    whole = Buffer(
        np.concatenate([buffer.observations, taken.observations]),
        np.concatenate([buffer.actions, taken.actions]),
        np.concatenate([buffer.log_probs, taken.log_probs]),
        np.concatenate([buffer.rewards, taken.rewards]),
        np.concatenate([buffer.lengths, taken.lengths]),
        np.concatenate([buffer.makers, makers]),
        np.concatenate([buffer.thetas, theta[None]]),
    )
    newest = np.arange(whole.lengths.size)[-capacity:]  # [E]
    kept = picked(whole, newest)
    oldest = int(kept.makers[0])
    return kept._replace(makers=kept.makers - oldest, thetas=kept.thetas[oldest:])


def drawn(buffer: Buffer, rng: np.random.Generator, count: int) -> tuple[Buffer, Booleans]:
    """Up to `count` different episodes, in the order of the buffer, and which of its steps are theirs [N]."""
    episodes = buffer.lengths.size
    chosen = rng.choice(episodes, size=min(count, episodes), replace=False)
    return picked(buffer, chosen), np.isin(episode_numbers(buffer.lengths), chosen)


def log_behaviour(buffer: Buffer, policy: Policy, mixed: bool) -> Floats:
    """Log Q(a_0 ... a_t) at each step [N]: of the policy that made the episode, or of the mixture of all.

    A mixture needs every episode's probability under every policy: B forward passes over the buffer.
    """
    if not mixed:
        return so_far(buffer.log_probs, buffer.lengths)
    each = np.stack(
        [policy.log_probs(unscaled(policy, theta), buffer.observations, buffer.actions) for theta in buffer.thetas]
    )  # [B, N]
    return mixture(so_far(each, buffer.lengths), np.bincount(buffer.makers))


def picked(buffer: Buffer, episodes: Integers) -> Buffer:
    """Some of the episodes, in the order of the buffer; all policies stay."""
    chosen = np.zeros(buffer.lengths.size, dtype=np.bool_)  # [E]
    chosen[episodes] = True
    rows = chosen[episode_numbers(buffer.lengths)]  # [N]
    return Buffer(
        buffer.observations[rows],
        buffer.actions[rows],
        buffer.log_probs[rows],
        buffer.rewards[rows],
        buffer.lengths[chosen],
        buffer.makers[chosen],
        buffer.thetas,
    )
