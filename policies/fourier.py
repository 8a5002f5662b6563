"""Random Fourier features, y = A z(x): linear in its parameters, curved in the observation.

A. Rahimi & B. Recht 2007, "Random Features for Large-Scale Kernel Machines", algorithm 1: with frozen frequencies
ω_f ~ N(0, I/h²) and phases b_f ~ U[0, 2π), z_f(x) = sqrt(2/F) cos(ω_f · x + b_f), so that z(x) · z(x') approximates
the Gaussian kernel exp(-|x - x'|² / 2h²). Rajeswaran et al. 2017 (arXiv:1703.02660) use such a policy and take for h
the mean distance between observations: between independent normalised ones that is about sqrt(2 O), the unit in which
`bandwidth` is given here.

Deviation: Rajeswaran et al. take sines, unscaled, and add a bias to the output.

Parameters: A [K, F] row by row, beginning at zero. The acting form reads ω [F, O], b [F], A.
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


MOST_FEATURES = 100_000  # each is a cosine at every step
BANDWIDTHS = (1e-6, 1e6)  # beyond, the features are noise, or constants


@dataclass(frozen=True)
class Fourier:
    """y = A sqrt(2/F) cos(ω x + b), with ω and b frozen by the seed."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    features: int = 64  # F
    bandwidth: float = 1.0  # h / sqrt(2 O)

    def __post_init__(self) -> None:
        if not 1 <= self.features <= MOST_FEATURES:
            raise ValueError(f"features must be from 1 to {MOST_FEATURES}, not {self.features}")
        if not BANDWIDTHS[0] <= self.bandwidth <= BANDWIDTHS[1]:
            raise ValueError(f"bandwidth must be from {BANDWIDTHS[0]} to {BANDWIDTHS[1]}, not {self.bandwidth}")

    @property
    def dim(self) -> int:
        """K F."""
        return self.outputs * self.features

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, F."""
        return self.inputs, self.outputs, self.features

    @property
    def scratch(self) -> int:
        """The acting form needs none."""
        return 0

    @cached_property
    def frozen(self) -> tuple[Floats, Floats]:
        """Frequencies ω [F, O] and phases b [F]."""
        rng = stream(self.seed, "fourier")
        spread = 1.0 / (self.bandwidth * math.sqrt(2 * self.inputs))  # 1/h
        return rng.normal(0.0, spread, (self.features, self.inputs)), rng.uniform(0.0, 2.0 * math.pi, self.features)

    def init(self, rng: np.random.Generator) -> Floats:
        """Zeros [dim]."""
        return np.zeros(self.dim)

    def weights(self, theta: Floats) -> Floats:
        """Frequencies, phases and the parameters [D, F O + F + dim]."""
        frozen = np.concatenate([part.ravel() for part in self.frozen])  # [F O + F]
        return np.hstack([np.tile(frozen, (len(theta), 1)), theta])

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        import torch

        frequencies, phases = map(torch.from_numpy, self.frozen)
        features = math.sqrt(2.0 / self.features) * torch.cos(x @ frequencies.T + phases)  # [N, F]
        return features @ theta.view(self.outputs, self.features).T

    def linearised(self, theta: Floats, x: Floats) -> tuple[Floats, Map, Map]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim], in closed form."""
        frequencies, phases = self.frozen
        z = math.sqrt(2.0 / self.features) * np.cos(x @ frequencies.T + phases)  # [N, F]
        return linear_in(z, theta, self.outputs)


@njit(error_model="numpy")
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K], feature by feature."""
    inputs, outputs, features = sizes
    phases = features * inputs
    parameters = phases + features
    scale = math.sqrt(2.0 / features)
    for k in range(outputs):
        out[k] = 0.0
    for f in range(features):
        angle = weights[phases + f]
        for i in range(inputs):
            angle += weights[f * inputs + i] * x[i]
        feature = scale * math.cos(angle)
        for k in range(outputs):
            out[k] += weights[parameters + k * features + f] * feature
