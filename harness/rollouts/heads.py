"""Heads: from the outputs of a structure to an action and its log probability, compiled.

A head is `head(outputs [K], tail [A], explore, generator, action [A]) -> log_prob`. `explore` is 0 for the mode, +1
for a sample and -1 for the sample with the same noise mirrored. `tail` is what of θ belongs to the head: log std of the
Gaussian, nothing for the others. The autograd forms stand in `harness/policy.py`.
"""

from __future__ import annotations

import math

from numba import njit

from harness.interface import Floats
from harness.rollouts.random import Words, normal, uniform

HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)
LARGEST_UNIFORM = 1.0 - 2.0**-53


@njit(error_model="numpy")
def greedy_discrete(outputs: Floats, tail: Floats, explore: int, generator: Words, action: Floats) -> float:
    """The action of the largest output, the first of them if several are equal."""
    best = 0
    for k in range(1, outputs.size):
        if outputs[k] > outputs[best]:
            best = k
    action[0] = best
    return 0.0


@njit(error_model="numpy")
def greedy_continuous(outputs: Floats, tail: Floats, explore: int, generator: Words, action: Floats) -> float:
    """The outputs themselves."""
    for a in range(action.size):
        action[a] = outputs[a]
    return 0.0


@njit(error_model="numpy")
def categorical(outputs: Floats, tail: Floats, explore: int, generator: Words, action: Floats) -> float:
    """Softmax over the outputs, sampled by inversion of a uniform u in [0, 1); mirrored, of its mirror image there."""
    if explore == 0:
        return greedy_discrete(outputs, tail, explore, generator, action)
    largest = outputs[0]
    for k in range(1, outputs.size):
        largest = max(largest, outputs[k])
    total = 0.0
    for k in range(outputs.size):
        total += math.exp(outputs[k] - largest)
    u = uniform(generator)
    threshold = total * (u if explore > 0 else LARGEST_UNIFORM - u)
    chosen = outputs.size - 1  # stands only where outputs are not numbers
    cumulative = 0.0
    for k in range(outputs.size):
        cumulative += math.exp(outputs[k] - largest)
        if cumulative > threshold:
            chosen = k
            break
    action[0] = chosen
    return outputs[chosen] - largest - math.log(total)


@njit(error_model="numpy")
def gaussian(outputs: Floats, tail: Floats, explore: int, generator: Words, action: Floats) -> float:
    """N(outputs, exp(tail)^2) in each component; mirrored: the same distance to the other side."""
    if explore == 0:
        return greedy_continuous(outputs, tail, explore, generator, action)
    log_prob = 0.0
    for a in range(action.size):
        z = normal(generator)
        action[a] = outputs[a] + explore * math.exp(tail[a]) * z
        log_prob -= 0.5 * z * z + tail[a] + HALF_LOG_TAU
    return log_prob
