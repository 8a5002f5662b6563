"""LunarLander: lean towards the pad, hover above a cone over it, brake; `heuristic` of Gymnasium's `lunar_lander.py`.

With position (x, y), velocity (x', y'), angle φ and its rate φ':

    lean  = clip(p1 x + p2 x', ±p3)           the angle that points home
    turn  = p4 (lean - φ) - p5 φ'             0 once a leg touches the ground
    hover = p6 (p7 |x| - y) - p8 y'           -p8 y' once a leg touches the ground

Four outputs (discrete) are the preferences of (nothing, left engine, main engine, right engine): 20 (0.05, turn, hover,
-turn), whose largest is the heuristic's choice. Two outputs (continuous) are the thrusts 20 hover - 1 and -20 turn,
which the environment clips to ±1. Over 600 episodes Gymnasium's constants return 232.7 ± 4.7 (discrete; one episode in
15 loses points) and 282.3 ± 1.2 (continuous).

Parameters: p1 ... p8. Random starts are normal with the spread below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (0.5, 1.0, 0.4, 0.5, 1.0, 0.5, 0.55, 0.5)  # p1 ... p8
SPREADS = (1.0,) * 8
SHARPNESS = 20.0  # thrust for one unit of `turn` or `hover`
INDIFFERENCE = 0.05  # what is too little to fire an engine


@dataclass(frozen=True)
class LunarLanderDescent:
    """Lean, turn and hover; four preferences or two thrusts."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if self.inputs != 8 or self.outputs not in (2, 4):
            raise ValueError(
                f"lunar_lander_descent is a program for LunarLander (8 observations; 4 actions, or 2 thrusts), not for "
                f"{self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Eight parameters."""
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
        """The shipped constants, or a draw that knows nothing but the units [8]."""
        return np.array(SHIPPED) if self.start == "shipped" else rng.normal(0.0, SPREADS)

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, 8]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, 8] -> preferences [N, 4] or thrusts [N, 2]."""
        import torch

        p1, p2, p3, p4, p5, p6, p7, p8 = theta
        lean = torch.minimum(torch.maximum(p1 * x[:, 0] + p2 * x[:, 2], -p3), p3)  # [N]
        touches = (x[:, 6] != 0) | (x[:, 7] != 0)
        turn = torch.where(touches, 0.0, p4 * (lean - x[:, 4]) - p5 * x[:, 5])
        hover = torch.where(touches, 0.0, p6 * (p7 * x[:, 0].abs() - x[:, 1])) - p8 * x[:, 3]
        if self.outputs == 2:
            return torch.stack([SHARPNESS * hover - 1.0, -SHARPNESS * turn], dim=1)
        return SHARPNESS * torch.stack([torch.full_like(turn, INDIFFERENCE), turn, hover, -turn], dim=1)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [4] or [2]."""
    limit = weights[2]
    lean = min(max(weights[0] * x[0] + weights[1] * x[2], -limit), limit)
    turn, hover = 0.0, -weights[7] * x[3]
    if x[6] == 0.0 and x[7] == 0.0:  # no leg touches the ground
        turn = weights[3] * (lean - x[4]) - weights[4] * x[5]
        hover += weights[5] * (weights[6] * abs(x[0]) - x[1])
    if sizes[1] == 2:
        out[0] = SHARPNESS * hover - 1.0
        out[1] = -SHARPNESS * turn
    else:
        out[0] = SHARPNESS * INDIFFERENCE
        out[1] = SHARPNESS * turn
        out[2] = SHARPNESS * hover
        out[3] = -SHARPNESS * turn
