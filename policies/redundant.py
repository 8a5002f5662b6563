"""A linear policy whose every weight is written down c times: more parameters, not one policy more.

    y = (1/√c) Σ_i W_i x,    W_1 … W_c [K, O]

So the features are duplicated, as in T. Salimans et al. 2017, "Evolution Strategies as a Scalable Alternative to
Reinforcement Learning" (arXiv:1703.03864), section 3.2: "the intrinsic dimension" stays. The factor 1/√c keeps the unit
in which a search moves: independent N(0, ν²) changes of all W_i change the effective weight (1/√c) Σ_i W_i by
N(0, ν²), and a step along the gradient changes it as the same step would in the plain linear policy.

Parameters: W_1 row by row, then W_2, … They begin at zero. The acting form reads the effective weights [K, O].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.interface import Floats
from policies.linear import Map

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Redundant:
    """y = (1/√c) Σ_i W_i x."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    copies: int = 4  # c

    def __post_init__(self) -> None:
        if self.copies < 1:
            raise ValueError(f"copies must be positive, not {self.copies}")

    @property
    def dim(self) -> int:
        """As many times K O as there are copies."""
        return self.copies * self.outputs * self.inputs

    @property
    def sizes(self) -> tuple[int, ...]:
        """O, K, no bias: those of the linear policy."""
        return self.inputs, self.outputs, 0

    @property
    def scratch(self) -> int:
        """The acting form needs none."""
        return 0

    @property
    def acting(self) -> str:
        """Module of the acting form: that of the linear policy."""
        return "policies.linear"

    def init(self, rng: np.random.Generator) -> Floats:
        """Zeros [dim]."""
        return np.zeros(self.dim)

    def weights(self, theta: Floats) -> Floats:
        """The effective weights [D, K O]."""
        copies = theta.reshape(len(theta), self.copies, -1)  # [D, c, K O]
        return np.asarray(copies.sum(axis=1) / math.sqrt(self.copies))

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        copies = theta.view(self.copies, self.outputs, self.inputs)  # [c, K, O]
        return x @ copies.sum(dim=0).T / math.sqrt(self.copies)

    def linearised(self, theta: Floats, x: Floats) -> tuple[Floats, Map, Map]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim], in closed form."""

        def push(vector: Floats) -> Floats:
            return np.asarray(x @ self.weights(vector[None]).reshape(self.outputs, self.inputs).T)

        def pull(cotangent: Floats) -> Floats:
            return np.tile((cotangent.T @ x).ravel() / math.sqrt(self.copies), self.copies)

        return push(theta), push, pull  # it is its own derivative
