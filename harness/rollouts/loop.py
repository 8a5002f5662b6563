"""The rollout loop, compiled once for each environment ∘ structure ∘ head by `kernel.py`.

Row d, episode e starts from `episode_seed(seeds[d], e)`: the environment draws from a PCG64 of that seed and
exploration from a PCG64 of its hash, so a row depends on nothing but itself. Letters as in `harness/interface.py`; W
weights of the acting form, T parameters of the head.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from harness.interface import Booleans, Floats, Integers
from harness.rollouts.memory import borrowed, local
from harness.rollouts.random import episode_seed, seed_generator

SIGNATURE = (
    "int64(f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i8, i8, i8, i8, i8, "
    "f8[:,::1], i8[:,::1], f8[:,:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1], b1[::1])"
)


@njit(inline="always")
def roll(
    reset: Callable[..., Any],
    observe: Callable[..., Any],
    step: Callable[..., Any],
    evaluate: Callable[..., Any],
    head: Callable[..., Any],
    dimensions: tuple[int, int, int, int, int],  # state, O, A, K, scratch
    sizes: tuple[int, ...],
    weights: Floats,  # [D, W]
    tails: Floats,  # [D, T]
    mean: Floats,  # [O]
    inverse_std: Floats,  # [O]
    low: Floats,  # [A]
    high: Floats,  # [A]
    parameters: Floats,  # of the environment
    seeds: Integers,  # [D]
    episodes: int,
    step_limit: int,  # 0: none
    horizon: int,
    explore: int,
    explore_step: int,
    returns: Floats,  # [D, E] out
    lengths: Integers,  # [D, E] out
    moments: Floats,  # [D, 3, O] out, or [0, 3, O]
    observations: Floats,  # [N, O] out, or [0, O]: nothing is recorded
    actions: Floats,  # [N, A] out
    log_probs: Floats,  # [N] out
    rewards: Floats,  # [N] out
    final_observations: Floats,  # [E, O] out
    terminated: Booleans,  # [E] out
) -> int:
    """Roll out every row; the number of episodes of the last one is returned.

    Where an observation is not finite though all rewards before it were, the environment is at fault, and -1 - (the
    number of steps of its episode before it) is returned.
    """
    state = local(dimensions[0])
    observation = local(dimensions[1])
    x = local(dimensions[1])
    action = local(dimensions[2])
    clipped = local(dimensions[2])
    outputs = local(dimensions[3])
    scratch = local(dimensions[4])
    nature = np.empty(4, np.uint64)
    noise = np.empty(4, np.uint64)
    record = observations.shape[0] > 0
    count = moments.shape[0] > 0
    episode = 0
    for d in range(weights.shape[0]):
        episode, n = 0, 0
        own, tail = borrowed(weights[d]), borrowed(tails[d])
        while (n < step_limit) if step_limit > 0 else (episode < episodes):
            seed = episode_seed(seeds[d], episode)
            seed_generator(seed, nature)
            if explore != 0:
                seed_generator(episode_seed(seed, 0), noise)
            reset(nature, parameters, state)
            limit = min(horizon, step_limit - n) if step_limit > 0 else horizon
            total, length, ended = 0.0, 0, False
            while length < limit and not ended:
                observe(parameters, state, observation)
                for o in range(dimensions[1]):
                    if not math.isfinite(observation[o]):
                        return -1 - length
                    x[o] = (observation[o] - mean[o]) * inverse_std[o]
                evaluate(own, x, outputs, scratch, sizes)
                now = explore if explore_step < 0 or explore_step == length else 0
                log_prob = head(outputs, tail, now, noise, action)
                for a in range(dimensions[2]):
                    clipped[a] = min(max(action[a], low[a]), high[a])
                reward, ended = step(nature, parameters, state, clipped)
                total += reward
                if count:
                    for o in range(dimensions[1]):
                        moments[d, 0, o] += 1.0
                        moments[d, 1, o] += observation[o]
                        moments[d, 2, o] += observation[o] * observation[o]
                if record:
                    observations[n] = observation
                    actions[n] = action
                    log_probs[n] = log_prob
                    rewards[n] = reward
                n += 1
                length += 1
                if not math.isfinite(reward):
                    break
            returns[d, episode] = total
            lengths[d, episode] = length
            if record:
                observe(parameters, state, observation)
                final_observations[episode] = observation
                terminated[episode] = ended
            episode += 1
    return episode


@njit(inline="always")
def act(
    evaluate: Callable[..., Any],
    head: Callable[..., Any],
    scratch: Floats,
    outputs: Floats,  # [K]
    sizes: tuple[int, ...],
    weights: Floats,  # [W]
    tail: Floats,  # [T]
    x: Floats,  # [O] observation in, normalised in place
    mean: Floats,  # [O]
    inverse_std: Floats,  # [O]
    explore: int,
    noise: Any,  # exploration generator
    action: Floats,  # [A] out
) -> float:
    """One action for the engines whose environment is not compiled; the log probability is returned."""
    for o in range(x.size):
        x[o] = (x[o] - mean[o]) * inverse_std[o]
    evaluate(weights, x, outputs, scratch, sizes)
    return head(outputs, tail, explore, noise, action)
