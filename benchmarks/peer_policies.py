"""The policies of the benchmark for batches of rows, each row with parameters of its own; NumPy or JAX gives `xp`.

Theta [B, P] in the order of `policies/`, observations [B, O], outputs [B, K]. Shared by everything that is not ours.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

Array = Any  # of NumPy or of JAX


def outputs(xp: Any, structure: str, theta: Array, x: Array, actions: int) -> Array:
    """Outputs [B, K] of a structure."""
    if structure == "linear":
        return xp.einsum("bka,ba->bk", theta.reshape(len(x), actions, x.shape[1]), x)
    if structure == "mlp":
        return network(xp, theta, x, (x.shape[1], 64, 64, actions))
    if structure == "programs.cartpole_balance":
        u = theta[:, 0] * x[:, 2] + theta[:, 1] * x[:, 3]  # [B]
        return xp.stack([xp.zeros_like(u), u], axis=1)
    if structure == "programs.pendulum_swing_up":
        s, k, d, g, e = theta.T  # [B]
        cosine, sine, spin = x.T
        energy = 0.5 * spin * spin + 15.0 * (cosine - 1.0)
        return xp.where(cosine > s, -k * sine - d * spin, g * spin * (e - energy))[:, None]
    raise ValueError(f"no peer knows the structure {structure}")


def network(xp: Any, theta: Array, x: Array, sizes: tuple[int, ...]) -> Array:
    """A perceptron for each row."""
    start = 0
    for layer, (before, after) in enumerate(pairwise(sizes)):
        middle, stop = start + before * after, start + (before + 1) * after
        weights = theta[:, start:middle].reshape(len(x), before, after)
        x = xp.einsum("bi,bij->bj", x, weights) + theta[:, middle:stop]
        x = xp.tanh(x) if layer < len(sizes) - 2 else x
        start = stop
    return x


def actions_of(xp: Any, discrete: bool, y: Array, low: Array, high: Array) -> Array:
    """Greedy actions: indices [B], or the outputs [B, A] clipped to the bounds."""
    return xp.argmax(y, axis=1) if discrete else xp.clip(y, low, high)
