"""Linear policy y = W x (+ b): the structure of Mania, Guy & Recht 2018 (arXiv:1803.07055) and Rajeswaran et al. 2017.

Parameters: W [K, O] row by row, then b [K] if there is a bias. They begin at zero, as in ARS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

Map: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Linear:
    """y = W x (+ b)."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    bias: bool = False

    @property
    def dim(self) -> int:
        """K O, and K more with a bias."""
        return self.outputs * (self.inputs + self.bias)

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, bias (0 or 1)."""
        return self.inputs, self.outputs, int(self.bias)

    @property
    def scratch(self) -> int:
        """The acting form needs none."""
        return 0

    def init(self, rng: np.random.Generator) -> Floats:
        """Zeros [dim]."""
        return np.zeros(self.dim)

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, dim]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        W = theta[: self.outputs * self.inputs].view(self.outputs, self.inputs)  # [K, O]
        y = x @ W.T  # [N, K]
        return y + theta[-self.outputs :] if self.bias else y

    def linearised(self, theta: Floats, x: Floats) -> tuple[Floats, Map, Map]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim], in closed form."""

        def push(vector: Floats) -> Floats:
            W = vector[: self.outputs * self.inputs].reshape(self.outputs, self.inputs)  # [K, O]
            y = x @ W.T  # [N, K]
            return y + vector[-self.outputs :] if self.bias else y

        def pull(cotangent: Floats) -> Floats:
            slopes = (cotangent.T @ x).ravel()  # of W
            return np.concatenate([slopes, cotangent.sum(axis=0)]) if self.bias else slopes

        return push(theta), push, pull  # it is its own derivative


def linear_in(features: Floats, theta: Floats, outputs: int) -> tuple[Floats, Map, Map]:
    """`linearised` of y = W z: features z [N, F] and parameters W [K, F] row by row -> y [N, K], J v and Jᵀ u."""

    def push(vector: Floats) -> Floats:
        return np.asarray(features @ vector.reshape(outputs, -1).T)

    def pull(cotangent: Floats) -> Floats:
        return np.asarray((cotangent.T @ features).ravel())

    return push(theta), push, pull  # it is its own derivative


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K]."""
    inputs, outputs = sizes[0], sizes[1]
    for k in range(outputs):
        total = weights[outputs * inputs + k] if sizes[2] else 0.0
        for i in range(inputs):
            total += weights[k * inputs + i] * x[i]
        out[k] = total
