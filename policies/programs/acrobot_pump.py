"""Acrobot: pump energy through the elbow, u = a θ1' + b θ2' + c sin θ1 + d sin θ2, torque = sign u.

Torque along the elbow's own rate, u = θ2', always adds energy; M. Spong 1995, "The swing up control problem for the
Acrobot" (IEEE Control Systems 15), pumps by partial feedback linearisation instead. Full torque either way is what a
reward of -1 a step asks for. Over 5000 episodes θ2' alone returns -89.6, the shipped constants -78.9 (standard
deviation 21; of 20 000 episodes 9 never arrived). They are rounded from CMA-ES on the compiled twin, 200 episodes a
candidate, with episode seeds below 200 000; tests use others.

Preferences of torques (-1, 0, +1) are (-u, 0, u).
Parameters: a, b, c, d. Random starts are standard normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (-1.1, 3.6, 3.2, 3.0)  # a, b, c, d
SPREADS = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class AcrobotPump:
    """Torque along the sign of a θ1' + b θ2' + c sin θ1 + d sin θ2."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (6, 3):
            raise ValueError(
                f"acrobot_pump is a program for Acrobot (6 observations, 3 actions), "
                f"not for {self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Four parameters."""
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
        """Inputs [N, 6] -> preferences [N, 3]."""
        import torch

        u = theta[0] * x[:, 4] + theta[1] * x[:, 5] + theta[2] * x[:, 1] + theta[3] * x[:, 3]  # [N]
        return torch.stack([-u, torch.zeros_like(u), u], dim=1)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [3]."""
    u = weights[0] * x[4] + weights[1] * x[5] + weights[2] * x[1] + weights[3] * x[3]
    out[0] = -u
    out[1] = 0.0
    out[2] = u
