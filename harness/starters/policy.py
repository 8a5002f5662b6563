"""A linear policy that saturates: y = tanh(W x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from harness.interface import Floats
from harness.rollouts.tanh import tanh

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Starter:
    """Fields with a default are settings: a study may change them."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    spread: float = 0.1  # of the start

    @property
    def dim(self) -> int:
        """How many parameters there are: W [K, O]."""
        return self.outputs * self.inputs

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the acting form must know: O, K."""
        return self.inputs, self.outputs

    @property
    def scratch(self) -> int:
        """How many numbers of work space the acting form needs."""
        return 0

    def init(self, rng: np.random.Generator) -> Floats:
        """A random start [dim]."""
        return rng.normal(0.0, self.spread, self.dim)

    def weights(self, theta: Floats) -> Floats:
        """What the acting form reads, from parameters [D, dim]; here the parameters themselves."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """For gradients: inputs [N, O] -> outputs [N, K]."""
        return (x @ theta.view(self.outputs, self.inputs).T).tanh()


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """For acting, compiled: one observation x [O] -> `out` [K]."""
    inputs, outputs = sizes[0], sizes[1]
    for k in range(outputs):
        total = 0.0
        for i in range(inputs):
            total += weights[k * inputs + i] * x[i]
        out[k] = tanh(total)
