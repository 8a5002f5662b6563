"""CartPole: push to the side to which the pole falls, u = k φ + d φ', with its angle φ [rad] and rate φ' [rad/s].

The rule 10 φ + φ' > 0 is a reference policy of Landajuela et al. 2021, "Discovering symbolic policies with deep
reinforcement learning" (ICML; `policy_eval` of their repository). It holds the pole for all 500 steps of CartPole-v1.

Preferences of (left, right) are (0, u): a softmax pushes right with probability σ(u). Only the ratio k : d matters to
the greedy policy; the shipped scale makes a softmax resolute.
Parameters: k, d. Random starts are normal with the spreads below, reciprocals of small angles and rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (50.0, 5.0)  # k, d
SPREADS = (10.0, 2.0)


@dataclass(frozen=True)
class CartpoleBalance:
    """Push right if k φ + d φ' > 0."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (4, 2):
            raise ValueError(
                f"cartpole_balance is a program for CartPole (4 observations, 2 actions), "
                f"not for {self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Two parameters."""
        return len(SHIPPED)

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K."""
        return self.inputs, self.outputs

    @property
    def scratch(self) -> int:
        """The acting form needs none."""
        return 0

    def init(self, rng: np.random.Generator) -> Floats:
        """The shipped constants, or a draw that knows nothing but the units [dim]."""
        return np.array(SHIPPED) if self.start == "shipped" else rng.normal(0.0, SPREADS)

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, dim]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, 4] -> preferences [N, 2]."""
        import torch

        u = theta[0] * x[:, 2] + theta[1] * x[:, 3]  # [N]
        return torch.stack([torch.zeros_like(u), u], dim=1)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [2]."""
    out[0] = 0.0
    out[1] = weights[0] * x[2] + weights[1] * x[3]
