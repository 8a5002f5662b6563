"""Linear policy of low rank, y = U (V x): the observation is summed up in `rank` numbers.

Choromanski et al. 2018 (arXiv:1804.02395) compress policies by structured matrices in the same spirit. A rank above
min(O, K) adds parameters and no map, so it is refused: whoever wrote it counted on a smaller policy.

Parameters: U [K, rank] row by row, then V [rank, O]. V begins as N(0, 1/O), U as 0.01 N(0, 1/rank): were both zero, so
would be the gradient, for ever; so small, the first policy is nearly indifferent, as with `mlp`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

OUTPUT_SCALE = 0.01


@dataclass(frozen=True)
class LowRank:
    """y = U (V x)."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    rank: int = 1

    def __post_init__(self) -> None:
        most = min(self.inputs, self.outputs)
        if not 1 <= self.rank <= most:
            raise ValueError(
                f"rank must be from 1 to {most}, the smaller of {self.inputs} inputs and {self.outputs} outputs, "
                f"not {self.rank}"
            )

    @property
    def dim(self) -> int:
        """(K + O) rank."""
        return self.rank * (self.outputs + self.inputs)

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, rank."""
        return self.inputs, self.outputs, self.rank

    @property
    def scratch(self) -> int:
        """V x [rank]."""
        return self.rank

    def init(self, rng: np.random.Generator) -> Floats:
        """Small U, scaled normal V [dim]."""
        U = rng.normal(0.0, OUTPUT_SCALE / math.sqrt(self.rank), self.outputs * self.rank)
        V = rng.normal(0.0, 1.0 / math.sqrt(self.inputs), self.rank * self.inputs)
        return np.concatenate([U, V])

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, dim]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        border = self.outputs * self.rank
        U = theta[:border].view(self.outputs, self.rank)  # [K, rank]
        V = theta[border:].view(self.rank, self.inputs)  # [rank, O]
        return x @ V.T @ U.T


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K]; scratch is V x [rank]."""
    inputs, outputs, rank = sizes
    border = outputs * rank
    for r in range(rank):
        total = 0.0
        for i in range(inputs):
            total += weights[border + r * inputs + i] * x[i]
        scratch[r] = total
    for k in range(outputs):
        total = 0.0
        for r in range(rank):
            total += weights[k * rank + r] * scratch[r]
        out[k] = total
