"""Multi-layer perceptron: tanh hidden layers of any widths, a linear last layer, biases everywhere.

Parameters, layer after layer: W [inputs of the layer, outputs of the layer], then b. W stands input by input, so that
the acting form adds one scaled row per input: independent sums side by side, which become vector instructions without
any change in the order of summation.

Initial weights are N(0, 1/fan_in) (LeCun et al. 1998, "Efficient BackProp", section 4.6), biases zero, and the last
layer is a hundred times smaller, so that the first policy is nearly indifferent (Andrychowicz et al. 2021,
arXiv:2006.05990, section 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numba.extending import overload

from harness.interface import Floats
from harness.parts import perceptron
from harness.rollouts.tanh import tanh

if TYPE_CHECKING:
    from torch import Tensor

LAST_LAYER_SCALE = 0.01
DEEPEST = 16  # hidden layers: the sizes are compiled into the kernel, and plain tanh layers learn nothing beyond


@dataclass(frozen=True)
class Mlp:
    """A perceptron with hidden layers of the given widths; no width at all leaves an affine map."""

    inputs: int  # O
    outputs: int  # K
    seed: int
    widths: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.widths) or len(self.widths) > DEEPEST:
            raise ValueError(f"widths must be at most {DEEPEST} positive numbers, not {list(self.widths)}"[:200])

    @property
    def dim(self) -> int:
        """Weights and biases of all layers."""
        return sum((before + 1) * after for before, after in pairwise(self.sizes))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths of all layers: O, the hidden ones, K."""
        return self.inputs, *self.widths, self.outputs

    @property
    def scratch(self) -> int:
        """The hidden layers."""
        return sum(self.widths)

    def init(self, rng: np.random.Generator) -> Floats:
        """Scaled normal weights, zero biases [dim]."""
        layers = []
        for before, after in pairwise(self.sizes):
            layers += [rng.normal(0.0, 1.0 / math.sqrt(before), before * after), np.zeros(after)]
        layers[-2] *= LAST_LAYER_SCALE
        return np.concatenate(layers)

    def weights(self, theta: Floats) -> Floats:
        """The parameters themselves [D, dim]."""
        return theta

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        *hidden, (W, b) = self._layers(theta)
        for W_hidden, b_hidden in hidden:
            x = (x @ W_hidden + b_hidden).tanh()  # [N, width]
        return x @ W + b

    def linearised(self, theta: Floats, x: Floats) -> tuple[Floats, perceptron.Map, perceptron.Map]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim], in closed form."""
        return perceptron.linearised(theta, self.sizes, x)

    def _layers(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """W [inputs of the layer, outputs of the layer] and b of each layer."""
        start = 0
        for before, after in pairwise(self.sizes):
            middle, stop = start + before * after, start + (before + 1) * after
            yield theta[start:middle].reshape(before, after), theta[middle:stop]
            start = stop


@njit(error_model="numpy", forceinline=True)
def hidden_layer(weights: Floats, x: Floats, out: Floats) -> None:
    """Fill `out` [after] with tanh(x [before] W + b), one scaled row of W at a time."""
    before, after = len(x), len(out)
    for j in range(after):
        out[j] = weights[before * after + j]
    for i in range(before):
        scale = x[i]
        for j in range(after):
            out[j] += scale * weights[i * after + j]
    for j in range(after):
        out[j] = tanh(out[j])


@njit(error_model="numpy", forceinline=True)
def last_layer(weights: Floats, x: Floats, out: Floats) -> None:
    """Fill `out` [after] with x [before] W + b, one output at a time: there are few of them."""
    before, after = len(x), len(out)
    for j in range(after):
        total = weights[before * after + j]
        for i in range(before):
            total += x[i] * weights[i * after + j]
        out[j] = total


def layers(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` with what all layers make of `x`; compiled code alone, see `_layers`."""
    raise NotImplementedError


@overload(layers, jit_options={"error_model": "numpy", "forceinline": True})
def _layers(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> Callable[..., None]:
    """The first layer and then the others: a function for each number of layers, so that all sizes are constants."""

    def first(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
        before, after = sizes[0], sizes[1]
        stop = (before + 1) * after
        hidden = scratch[:after]
        hidden_layer(weights[:stop], x[:before], hidden)
        layers(weights[stop:], hidden, out, scratch[after:], sizes[1:])

    def last(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
        last_layer(weights, x[: sizes[0]], out[: sizes[1]])

    return last if len(sizes) == 2 else first


@njit(error_model="numpy", forceinline=True)
def evaluate(weights: Floats, x: Floats, out: Floats, scratch: Floats, sizes: tuple[int, ...]) -> None:
    """Fill `out` [K]; scratch holds the hidden layers."""
    layers(weights, x, out, scratch, sizes)
