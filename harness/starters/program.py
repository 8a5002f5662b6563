"""CartPole: push to the side to which g φ + d ω leans, with pole angle φ [rad] and its rate ω [rad/s].

A program is a policy for one environment. Its few parameters, here g and d, have a meaning and are learned like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Starter:
    """Two outputs, one for each action: the larger wins."""

    inputs: int  # O
    outputs: int  # K
    seed: int

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (4, 2):
            raise ValueError(f"CartPole has 4 observations and 2 actions, not {self.inputs} and {self.outputs}")

    @property
    def dim(self) -> int:
        """How many parameters there are: g, d."""
        return 2

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the acting form must know: O, K."""
        return self.inputs, self.outputs

    @property
    def scratch(self) -> int:
        """How many numbers of work space the acting form needs."""
        return 0

    def init(self, rng: np.random.Generator) -> Floats:
        """A start that knows nothing [2]."""
        return rng.normal(0.0, 1.0, self.dim)

    def weights(self, theta: Floats) -> Floats:
        """What the acting form reads, from parameters [D, 2]; here the parameters themselves."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """For gradients: observations [N, 4] -> outputs [N, 2]."""
        import torch

        lean = theta[0] * x[:, 2] + theta[1] * x[:, 3]  # [N]
        return torch.stack([-lean, lean], dim=1)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """For acting, compiled: one observation x [4] -> `out` [2]."""
    lean = weights[0] * x[2] + weights[1] * x[3]
    out[0] = -lean
    out[1] = lean
