"""Soft decision tree: every inner node sends a share of each observation to either side, every leaf is an answer.

O. Irsoy, O. T. Yıldız & E. Alpaydın 2012, "Soft Decision Trees"; N. Frosst & G. Hinton 2017
(arXiv:1711.09784), equation 1: node n passes the share p_n(x) = σ(w_n · x + b_n) to its right child and the rest to
its left; the output is the mean of the leaves' vectors, weighted by the shares that reach them.

Nodes are numbered as in a heap: the children of n are 2n + 1 and 2n + 2.
Parameters: (w_n, b_n) of each inner node [2^depth - 1, O + 1], then the leaves [2^depth, K]. The w begin as N(0, 1/O),
so that the gates differ and none is saturated; biases and leaves begin at zero.

Deviation: no inverse temperature and no penalty on unbalanced gates (both Frosst & Hinton): the reward alone teaches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from harness.interface import Floats
from harness.rollouts.tanh import tanh

if TYPE_CHECKING:
    from torch import Tensor


DEEPEST = 16  # 65 536 leaves, every one of which is visited at every step


@dataclass(frozen=True)
class Tree:
    """A complete soft tree of the given depth; depth 0 is one leaf, a constant."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    depth: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.depth <= DEEPEST:
            raise ValueError(f"depth must be from 0 to {DEEPEST}, not {self.depth}: the tree has 2^depth leaves")

    @property
    def leaves(self) -> int:
        """2^depth; there is one inner node less."""
        return 1 << self.depth

    @property
    def dim(self) -> int:
        """(2^depth - 1)(O + 1) + 2^depth K."""
        return (self.leaves - 1) * (self.inputs + 1) + self.leaves * self.outputs

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, number of leaves."""
        return self.inputs, self.outputs, self.leaves

    @property
    def scratch(self) -> int:
        """The share that reaches each node."""
        return 2 * self.leaves - 1

    def init(self, rng: np.random.Generator) -> Floats:
        """Scaled normal gates, zero leaves [dim]."""
        gates = rng.normal(0.0, 1.0 / math.sqrt(self.inputs), (self.leaves - 1, self.inputs + 1))
        gates[:, -1] = 0.0
        return np.concatenate([gates.ravel(), np.zeros(self.leaves * self.outputs)])

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, dim]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        import torch

        border = (self.leaves - 1) * (self.inputs + 1)
        gates = theta[:border].view(self.leaves - 1, self.inputs + 1)
        right = torch.sigmoid(x @ gates[:, :-1].T + gates[:, -1])  # [N, 2^depth - 1]
        shares = torch.ones_like(x[:, :1])  # [N, nodes of the level], from the root down
        for level in range(self.depth):
            first, stop = (1 << level) - 1, (2 << level) - 1
            to_right = shares * right[:, first:stop]
            shares = torch.stack([shares - to_right, to_right], dim=2).flatten(1)
        return shares @ theta[border:].view(self.leaves, self.outputs)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K]; scratch holds the share that reaches each node [2 leaves - 1]."""
    inputs, outputs, leaves = sizes
    scratch[0] = 1.0
    for node in range(leaves - 1):
        gate = node * (inputs + 1)
        drive = weights[gate + inputs]
        for i in range(inputs):
            drive += weights[gate + i] * x[i]
        to_right = scratch[node] * (0.5 + 0.5 * tanh(0.5 * drive))  # σ(z) = (1 + tanh(z/2)) / 2
        scratch[2 * node + 1] = scratch[node] - to_right
        scratch[2 * node + 2] = to_right
    border = (leaves - 1) * (inputs + 1)
    for k in range(outputs):
        total = 0.0
        for leaf in range(leaves):
            total += scratch[leaves - 1 + leaf] * weights[border + leaf * outputs + k]
        out[k] = total
