"""A linear policy that also sees n features which say nothing: y = W [x, z(x)].

    z_j(x) = √2 cos(ω_j · x + b_j),    ω_j ~ N(0, f² I),  b_j ~ U[0, 2π),  frozen by the seed

At a high frequency f, neighbouring observations have unrelated z, of mean 0 and variance 1: noise that is a function of
the state, so that a run stays deterministic. The best policy has zeros there; what a method loses in finding that out
is the price of dimensions that do not matter, as in the regressions of A. Vemula, W. Sun & J. A. Bagnell 2019,
"Contrasting Exploration in Parameter and Action Space" (arXiv:1901.11503).

Parameters: W [K, O + n] row by row, beginning at zero. The acting form reads ω [n, O], b [n], W.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from harness.interface import Floats
from harness.streams import stream
from policies.linear import Map, linear_in

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Nuisance:
    """y = W [x, z(x)]."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    features: int = 16  # n
    frequency: float = 100.0  # f, in radians for a unit of an observation

    def __post_init__(self) -> None:
        if self.features < 1:
            raise ValueError(f"features must be positive, not {self.features}")
        if not 1.0 <= self.frequency <= 1000.0:
            raise ValueError(f"frequency must lie between 1 and 1000, not {self.frequency}")

    @property
    def dim(self) -> int:
        """K (O + n)."""
        return self.outputs * (self.inputs + self.features)

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, n."""
        return self.inputs, self.outputs, self.features

    @property
    def scratch(self) -> int:
        """The acting form needs none."""
        return 0

    @cached_property
    def frozen(self) -> tuple[Floats, Floats]:
        """Frequencies ω [n, O] and phases b [n]."""
        rng = stream(self.seed, "nuisance")
        shape = (self.features, self.inputs)
        return rng.normal(0.0, self.frequency, shape), rng.uniform(0.0, 2.0 * math.pi, self.features)

    def init(self, rng: np.random.Generator) -> Floats:
        """Zeros [dim]."""
        return np.zeros(self.dim)

    def weights(self, theta: Floats) -> Floats:
        """Frequencies, phases and the parameters [D, n O + n + dim]."""
        frozen = np.concatenate([part.ravel() for part in self.frozen])  # [n O + n]
        return np.hstack([np.tile(frozen, (len(theta), 1)), theta])

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        import torch

        frequencies, phases = map(torch.from_numpy, self.frozen)
        z = math.sqrt(2.0) * torch.cos(x @ frequencies.T + phases)  # [N, n]
        return torch.cat([x, z], dim=1) @ theta.view(self.outputs, -1).T

    def linearised(self, theta: Floats, x: Floats) -> tuple[Floats, Map, Map]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim], in closed form."""
        frequencies, phases = self.frozen
        seen = np.hstack([x, math.sqrt(2.0) * np.cos(x @ frequencies.T + phases)])  # [N, O + n]
        return linear_in(seen, theta, self.outputs)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K]: the observations' share, then feature by feature."""
    inputs, outputs, features = sizes
    phases = features * inputs
    parameters = phases + features
    width = inputs + features
    for k in range(outputs):
        out[k] = 0.0
        for i in range(inputs):
            out[k] += weights[parameters + k * width + i] * x[i]
    for f in range(features):
        angle = weights[phases + f]
        for i in range(inputs):
            angle += weights[f * inputs + i] * x[i]
        z = math.sqrt(2.0) * math.cos(angle)
        for k in range(outputs):
            out[k] += weights[parameters + k * width + inputs + f] * z
