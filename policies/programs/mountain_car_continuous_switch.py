"""MountainCarContinuous: force = a + b w while the car moves right, c while it moves left, with w = 20 velocity.

Force costs 0.1 force² a step and arriving pays 100 whenever it happens, so the cheapest way is many gentle pushes.
Full force along the velocity returns about 93; the program found by Landajuela et al. 2021 (ICML), log(cos 1) /
log(velocity), 99.10; the shipped constants 99.41 over 5000 episodes. They are rounded from CMA-ES on the compiled
twin, 300 episodes a candidate, with episode seeds below 200 000; tests use others.

Parameters: a, b, c. Random starts are normal with the spread below: gentle, but of no known sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (0.016, 0.225, -0.053)  # a, b, c
SPREADS = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class MountainCarContinuousSwitch:
    """Force a + b w if w > 0, else c."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (2, 1):
            raise ValueError(
                f"mountain_car_continuous_switch is a program for MountainCarContinuous (2 observations, 1 action), "
                f"not for {self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Three parameters."""
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
        """Inputs [N, 2] -> force [N, 1]."""
        import torch

        w = 20.0 * x[:, 1]  # [N]
        return torch.where(w > 0, theta[0] + theta[1] * w, theta[2])[:, None]


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [1]."""
    w = 20.0 * x[1]
    out[0] = weights[0] + weights[1] * w if w > 0.0 else weights[2]
