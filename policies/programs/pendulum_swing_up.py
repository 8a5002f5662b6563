"""Pendulum: pump energy, torque = g ω (e - E), until cos φ > s; then catch, torque = -k sin φ - d ω.

φ is the angle from upright and ω its rate [rad/s]; E = ω²/2 + 15 (cos φ - 1) is the energy of the free pendulum in
units of its inertia, 0 at rest upright (3 g / 2 l = 15 s⁻² in Gymnasium's Pendulum-v1). The pump is that of K. J.
Åström & K. Furuta 2000, "Swinging up a pendulum by energy control" (Automatica 36), without cos φ, since a torque acts
here and not a moving pivot; it aims a little above the top. The environment clips the torque to 2 N m.

The shipped constants return -148.2 over 5000 episodes (a hand-made choice -152). They lie between the ends of two
CMA-ES runs on the compiled twin, 300 episodes a candidate, with episode seeds below 200 000; tests use others.
Parameters: s, k, d, g, e. Random starts are normal with the spreads below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from harness.interface import Floats

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = (0.6, 15.0, 3.8, 0.15, 1.75)  # s, k, d, g, e
SPREADS = (0.5, 5.0, 2.0, 0.5, 2.0)


@dataclass(frozen=True)
class PendulumSwingUp:
    """Energy pump below, proportional-derivative control above cos φ = s."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    start: Literal["random", "shipped"] = "random"

    def __post_init__(self) -> None:
        if (self.inputs, self.outputs) != (3, 1):
            raise ValueError(
                f"pendulum_swing_up is a program for Pendulum (3 observations, 1 action), "
                f"not for {self.inputs} observations and {self.outputs} outputs"
            )

    @property
    def dim(self) -> int:
        """Five parameters."""
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
        """Inputs [N, 3] -> torque [N, 1]."""
        import torch

        s, k, d, g, e = theta
        cosine, sine, rate = x.T  # [N]
        energy = 0.5 * rate * rate + 15.0 * (cosine - 1.0)
        torque = torch.where(cosine > s, -k * sine - d * rate, g * rate * (e - energy))
        return torque[:, None]


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [1]."""
    s, k, d, g, e = weights[0], weights[1], weights[2], weights[3], weights[4]
    cosine, sine, rate = x[0], x[1], x[2]
    energy = 0.5 * rate * rate + 15.0 * (cosine - 1.0)
    out[0] = -k * sine - d * rate if cosine > s else g * rate * (e - energy)
