"""Episodes of Gymnasium's MuJoCo walkers without a line of Python in a step: policy, physics, observation and reward.

Source: Swimmer-v5, Hopper-v5, HalfCheetah-v5, Walker2d-v5 and Ant-v5 of Gymnasium 1.4.0. They differ in numbers only,
and those are read from an instance, so that its options count (`walker_engine.py`). The order of operations, NumPy's
way of summing and the float32 of the actions are Gymnasium's: an episode has the bits of its own loop.

    observation  positions but the first ones, velocities within limits, contact forces within limits
    reward       w_f dx/dt + w_h healthy - (w_c Σ a² + w_k Σ force²)
    the end      height, angle or any of the other states leaves its limits

`mj_rnePostConstraint`, which Gymnasium calls after every step, fills in the contact forces and nothing that the physics
reads; where they are not observed it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types

from harness.interface import Floats

advance = types.ExternalFunction("mj_step", types.void(types.intp, types.intp))  # model, data
find_contact_forces = types.ExternalFunction("mj_rnePostConstraint", types.void(types.intp, types.intp))
MAX_SUMMED = 128  # NumPy sums so many numbers in one block
CUT, TERMINATED, NOT_FINITE = 0, 1, 2  # how an episode ended


class Numbers(NamedTuple):
    """What the walkers differ in; yes is 1, no is 0."""

    frames: float  # physics steps of a step
    duration: float  # of a step [s]
    skipped: float  # first positions that are not observed
    speed: float  # limit of the observed velocities, inf: none
    touches: float  # are contact forces observed and paid for?
    force_low: float
    force_high: float
    body: float  # whose x counts as the way; -1: the first position
    forward: float  # w_f
    control: float  # w_c
    contact: float  # w_k
    healthy: float  # w_h
    mortal: float  # does the episode end when it is not healthy?
    closed: float  # do the limits of the height belong to it? then states need only be finite
    height: float  # which position is the height; the next one is the angle
    height_low: float
    height_high: float
    angle_low: float
    angle_high: float
    state_low: float  # of all positions after the height and all velocities
    state_high: float


VECTOR, MATRIX, ADDRESS = types.float64[::1], types.float64[:, ::1], types.int64
SIGNATURE = types.int64(
    ADDRESS,
    ADDRESS,
    types.NamedUniTuple(types.float64, len(Numbers._fields), Numbers),
    *(VECTOR, VECTOR, VECTOR, MATRIX, MATRIX),  # of the data
    *(VECTOR, VECTOR, VECTOR, VECTOR, VECTOR, VECTOR),  # of the policy
    types.uint64[::1],
    *(types.int64, types.int64, types.int64),
    *(MATRIX, VECTOR, VECTOR),
    *(MATRIX, MATRIX, VECTOR, VECTOR),  # of the trajectory
)


@njit(inline="always")
def walk(
    evaluate: Callable[..., Any],
    head: Callable[..., Any],
    dimensions: tuple[int, int, int, int, int],  # state, O, A, K, scratch
    sizes: tuple[int, ...],
    model: int,  # address
    data: int,  # address
    numbers: Numbers,
    positions: Floats,  # of the data, as are the following
    velocities: Floats,
    controls: Floats,  # [A]
    places: Floats,  # [bodies, 3]
    touches: Floats,  # [bodies, 6]
    weights: Floats,  # [W]
    tail: Floats,  # [T]
    mean: Floats,  # [O]
    inverse_std: Floats,  # [O]
    low: Floats,  # [A]
    high: Floats,  # [A]
    noise: Any,  # exploration generator
    limit: int,
    explore: int,
    explore_step: int,
    moments: Floats,  # [3, O] out, or [0, O]
    observation: Floats,  # [O] out, the last one
    summary: Floats,  # [2] out: return, length
    observations: Floats,  # [N, O] out, or [0, O]: nothing is recorded
    actions: Floats,  # [N, A] out
    log_probs: Floats,  # [N] out
    rewards: Floats,  # [N] out
) -> int:
    """One episode from the state that the data are in; how it ended."""
    x, outputs = np.empty(dimensions[1]), np.empty(dimensions[3])
    action, scratch = np.empty(dimensions[2]), np.empty(dimensions[4])
    sent = np.empty(dimensions[2], np.float32)
    forces = np.zeros(touches.size)
    frames, duration, body, mortal = int(numbers.frames), numbers.duration, int(numbers.body), numbers.mortal == 1.0
    record, count = observations.shape[0] > 0, moments.shape[0] > 0
    total, length, ended = 0.0, 0, CUT
    clip_forces(numbers, touches, forces)
    observe(numbers, positions, velocities, forces, observation)
    while length < limit and ended == CUT:
        for o in range(dimensions[1]):
            if not math.isfinite(observation[o]):
                ended = NOT_FINITE
            x[o] = (observation[o] - mean[o]) * inverse_std[o]
        if ended == NOT_FINITE:
            break
        evaluate(weights, x, outputs, scratch, sizes)
        log_prob = head(outputs, tail, explore if explore_step in (-1, length) else 0, noise, action)
        for a in range(dimensions[2]):
            sent[a] = low[a] if action[a] < low[a] else (high[a] if action[a] > high[a] else action[a])
            controls[a] = sent[a]
        if count:
            for o in range(dimensions[1]):
                moments[0, o] += 1.0
                moments[1, o] += observation[o]
                moments[2, o] += observation[o] * observation[o]
        if record:
            observations[length], actions[length], log_probs[length] = observation, action, log_prob
        before = positions[0] if body < 0 else places[body, 0]
        for _ in range(frames):
            advance(model, data)
        if numbers.touches == 1.0:
            find_contact_forces(model, data)
            clip_forces(numbers, touches, forces)
        after = positions[0] if body < 0 else places[body, 0]
        well = is_healthy(numbers, positions, velocities)
        reward = paid(numbers, (after - before) / duration, well, sent, forces)
        observe(numbers, positions, velocities, forces, observation)
        total += reward
        if record:
            rewards[length] = reward
        length += 1
        if mortal and not well:
            ended = TERMINATED
        if not math.isfinite(reward):
            break
    summary[0], summary[1] = total, length
    return ended


@njit(error_model="numpy")
def observe(numbers: Numbers, positions: Floats, velocities: Floats, forces: Floats, observation: Floats) -> None:
    """Fill `observation` [O]; the first body is the world, and its forces are not observed."""
    skipped, speed, place = int(numbers.skipped), numbers.speed, 0
    for i in range(skipped, len(positions)):
        observation[place] = positions[i]
        place += 1
    for velocity in velocities:
        observation[place] = min(max(velocity, -speed), speed)
        place += 1
    if numbers.touches == 1.0:
        for i in range(6, len(forces)):
            observation[place] = forces[i]
            place += 1


@njit(error_model="numpy")
def clip_forces(numbers: Numbers, touches: Floats, forces: Floats) -> None:
    """Contact forces [bodies, 6] within their limits, as one row."""
    for i in range(touches.shape[0]):
        for j in range(6):
            forces[6 * i + j] = min(max(touches[i, j], numbers.force_low), numbers.force_high)


@njit(error_model="numpy")
def is_healthy(numbers: Numbers, positions: Floats, velocities: Floats) -> bool:
    """Whether height, angle and all other states are within their limits."""
    place = int(numbers.height)
    height, state_low, state_high = positions[place], numbers.state_low, numbers.state_high
    if numbers.closed == 1.0:
        well = numbers.height_low <= height <= numbers.height_high
        for i in range(len(positions)):
            well = well and math.isfinite(positions[i])
        for i in range(len(velocities)):
            well = well and math.isfinite(velocities[i])
        return well
    well = (
        numbers.height_low < height < numbers.height_high
        and numbers.angle_low < positions[place + 1] < numbers.angle_high
    )
    if math.isfinite(state_low) or math.isfinite(state_high):
        for i in range(place + 1, len(positions)):
            well = well and state_low < positions[i] < state_high
        for i in range(len(velocities)):
            well = well and state_low < velocities[i] < state_high
    return well


@njit(error_model="numpy")
def paid(numbers: Numbers, speed: float, well: bool, sent: Floats, forces: Floats) -> float:
    """The reward of a step; the cost of control is float32, as the actions are."""
    gained = numbers.forward * speed + (numbers.healthy if well else 0.0)
    control = np.float32(numbers.control) * sum_of_squares(sent)
    return gained - (float(control) + numbers.contact * sum_of_squares(forces))


@njit(error_model="numpy")
def sum_of_squares(values: Any) -> Any:
    """np.sum(np.square(values)) of at most 128 numbers, to the bit: eight sums side by side, if there are so many."""
    count = len(values)
    total = values[0] * values[0]
    if count < 8:
        for i in range(1, count):
            total += values[i] * values[i]
        return total
    sums = values[:8] * values[:8]
    whole = count - count % 8
    for i in range(8, whole, 8):
        for j in range(8):
            sums[j] += values[i + j] * values[i + j]
    total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for i in range(whole, count):
        total += values[i] * values[i]
    return total
