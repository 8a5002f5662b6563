"""Acrobot: two links hanging from a pivot, torque at the joint between them; twin of Gymnasium 1.4.0's Acrobot-v1.

Source: R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse Coding" (1996);
the dynamics of R. S. Sutton and A. G. Barto's book ("book", not "nips"), one fourth-order Runge-Kutta step of 0.2 s.
Every step costs 1 until the tip is one link length above the pivot; the step that gets there is free.

State: angle of the first link from hanging down, of the second from the first [rad], their velocities [rad/s].
Observation: cosine and sine of the first angle, of the second, and the two velocities.
The double pendulum is chaotic: squares are taken by the C library's `pow`, as Gymnasium's are, because it differs from
a product in the last bit about once in 1500 times, and that bit would grow into another trajectory.
Deviation: observations keep float64 values, where Gymnasium rounds them to float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, uniform

GRAVITY = 9.8
TIME_STEP = 0.2
START = 0.1  # each number of the first state is uniform in [-START, START]
MAX_SPIN_1 = 4 * math.pi
MAX_SPIN_2 = 9 * math.pi
SQUARE = 2.0


@dataclass(frozen=True)
class Acrobot:
    """Acrobot-v1: no options."""

    @property
    def space(self) -> Space:
        """Six observations; torque -1, 0 or +1 [N m]."""
        return Space(observations=6, actions=3, discrete=True)

    @property
    def state_dim(self) -> int:
        """Two angles, two velocities."""
        return 4

    @property
    def parameters(self) -> Floats:
        """The exponent of a square: read at run time, lest the compiler turn `pow` into a product."""
        return np.array([SQUARE])


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """Hanging down, almost at rest; rounded to float32, as Gymnasium does here and nowhere later."""
    for i in range(4):
        state[i] = np.float32(-START + (START + START) * uniform(generator))


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """Angles as points of the circle, velocities as they are."""
    observation[0], observation[1] = math.cos(state[0]), math.sin(state[0])
    observation[2], observation[3] = math.cos(state[1]), math.sin(state[1])
    observation[4], observation[5] = state[2], state[3]


@njit(inline="always")
def _accelerations(
    angle_1: float, angle_2: float, spin_1: float, spin_2: float, torque: float, square: float
) -> tuple[float, float]:
    """Angular accelerations of the two links: masses, lengths and moments of inertia 1, centres at 1/2."""
    cosine, sine = math.cos(angle_2), math.sin(angle_2)
    d1 = 0.25 + (1.25 + cosine) + 1.0 + 1.0
    d2 = (0.25 + 0.5 * cosine) + 1.0
    phi2 = 0.5 * GRAVITY * math.cos(angle_1 + angle_2 - math.pi / 2.0)
    phi1 = (
        -0.5 * math.pow(spin_2, square) * sine
        - spin_2 * spin_1 * sine
        + 1.5 * GRAVITY * math.cos(angle_1 - math.pi / 2.0)
        + phi2
    )
    second = (torque + d2 / d1 * phi1 - 0.5 * math.pow(spin_1, square) * sine - phi2) / (
        0.25 + 1.0 - math.pow(d2, square) / d1
    )
    return -(d2 * second + phi1) / d1, second


@njit(inline="always")
def _wrap(angle: float) -> float:
    """The same angle in [-pi, pi]."""
    while angle > math.pi:
        angle -= 2.0 * math.pi
    while angle < -math.pi:
        angle += 2.0 * math.pi
    return angle


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One Runge-Kutta step under a constant torque. The order of operations is Gymnasium's, so that the bits are."""
    square, torque, half = parameters[0], action[0] - 1.0, TIME_STEP / 2.0
    a, b, v, w = state[0], state[1], state[2], state[3]
    v1, w1 = v, w
    f1, g1 = _accelerations(a, b, v1, w1, torque, square)
    v2, w2 = v + half * f1, w + half * g1
    f2, g2 = _accelerations(a + half * v1, b + half * w1, v2, w2, torque, square)
    v3, w3 = v + half * f2, w + half * g2
    f3, g3 = _accelerations(a + half * v2, b + half * w2, v3, w3, torque, square)
    v4, w4 = v + TIME_STEP * f3, w + TIME_STEP * g3
    f4, g4 = _accelerations(a + TIME_STEP * v3, b + TIME_STEP * w3, v4, w4, torque, square)
    sixth = TIME_STEP / 6.0
    a = _wrap(a + sixth * (v1 + 2.0 * v2 + 2.0 * v3 + v4))
    b = _wrap(b + sixth * (w1 + 2.0 * w2 + 2.0 * w3 + w4))
    state[0], state[1] = a, b
    state[2] = min(max(v + sixth * (f1 + 2.0 * f2 + 2.0 * f3 + f4), -MAX_SPIN_1), MAX_SPIN_1)
    state[3] = min(max(w + sixth * (g1 + 2.0 * g2 + 2.0 * g3 + g4), -MAX_SPIN_2), MAX_SPIN_2)
    terminated = -math.cos(a) - math.cos(b + a) > 1.0
    return (0.0 if terminated else -1.0), terminated
