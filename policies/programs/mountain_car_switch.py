"""MountainCar: push right if (w > a + b y and (y < c or w > d)) or (y < e and w > f), else left.

Here y = position + 1/2, about the valley's floor, and w = 20 velocity, both of order one. In words: push along the
velocity; give up a run to the right that is too slow by y = c; brake early on the left hill, beyond e. Written in
reals, "and" is the minimum and "or" the maximum of margins, so that one number u says how clearly the answer is right:

    u = max(min(w - a - b y, max(c - y, w - d)), min(e - y, w - f))

Pushing along the velocity alone returns -119; Custode & Iacca's evolved tree (2023, "Evolutionary learning of
interpretable decision trees", IEEE Access 11) -101.5; the shipped constants -98.6 over 5000 episodes. Those are
rounded from CMA-ES on the compiled twin, 150 episodes a candidate, with episode seeds below 200 000; tests use others.
Value iteration on a 901 x 801 grid puts the optimum near -97.6.

Preferences of (left, none, right) are (-10 u, 0, 10 u).
Parameters: a, b, c, d, e, f. Random starts are normal with the spread below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (-0.02, 0.175, 0.055, 0.35, -0.407, -0.57)  # a, b, c, d, e, f
SPREADS = (0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
SHARPNESS = 10.0  # of the preferences


@dataclass(frozen=True)
class MountainCarSwitch:
    """Push right if (w > a + b y and (y < c or w > d)) or (y < e and w > f), else left."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (2, 3):
            raise ValueError(
                f"mountain_car_switch is a program for MountainCar (2 observations, 3 actions), "
                f"not for {self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Six parameters."""
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
        """Inputs [N, 2] -> preferences [N, 3]."""
        import torch

        a, b, c, d, e, f = theta
        y, w = x[:, 0] + 0.5, 20.0 * x[:, 1]  # [N]
        along = torch.minimum(w - a - b * y, torch.maximum(c - y, w - d))
        u = SHARPNESS * torch.maximum(along, torch.minimum(e - y, w - f))
        return torch.stack([-u, torch.zeros_like(u), u], dim=1)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [3]."""
    a, b, c, d, e, f = weights[0], weights[1], weights[2], weights[3], weights[4], weights[5]
    y, w = x[0] + 0.5, 20.0 * x[1]
    along = min(w - a - b * y, max(c - y, w - d))
    u = SHARPNESS * max(along, min(e - y, w - f))
    out[0] = -u
    out[1] = 0.0
    out[2] = u
