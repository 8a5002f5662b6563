"""A perceptron with tanh hidden layers and a linear last one, forward and backward in closed form.

θ holds, layer after layer, the weights [inputs, outputs] row by row and then the biases [outputs]: one matrix
[inputs + 1, outputs], whose last row is weighed with an input that is always one. So a layer is one product forward,
and backward one product for its slopes, written where they belong in the gradient, and one for what flows on.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating errors" (1986).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from harness.interface import Floats

Map: TypeAlias = Callable[[Floats], Floats]


def linearised(theta: Floats, sizes: Sequence[int], x: Floats) -> tuple[Floats, Map, Map]:
    """Outputs [N, K] for inputs [N, O], and how they change with the parameters.

    Args:
        theta: parameters [dim].
        sizes: widths of all layers: O, the hidden ones, K.
        x: inputs.

    Returns:
        The outputs, v [dim] -> J v [N, K], and u [N, K] -> Jᵀ u [dim]: backpropagation.
    """
    matrices = _matrices(theta, sizes)
    entering = [_beside_ones(x.shape)]  # each layer [N, inputs + 1]
    entering[0][:, :-1] = x
    for matrix in matrices[:-1]:
        entering.append(_beside_ones((len(x), matrix.shape[1])))
        np.tanh(entering[-2] @ matrix, out=entering[-1][:, :-1])

    def push(vector: Floats) -> Floats:
        directions = _matrices(vector, sizes)
        change = entering[0] @ directions[0]  # [N, width] of what a layer adds up
        for layer in range(1, len(matrices)):
            h = entering[layer][:, :-1]  # [N, width]
            change -= change * h * h  # tanh' = 1 - tanh²
            change = change @ matrices[layer][:-1] + entering[layer] @ directions[layer]
        return change

    def pull(cotangent: Floats) -> Floats:
        gradient = np.empty_like(theta)  # [dim]
        slopes = _matrices(gradient, sizes)
        for layer in reversed(range(len(matrices))):
            np.matmul(entering[layer].T, cotangent, out=slopes[layer])
            if layer:
                h = entering[layer][:, :-1]  # [N, width]
                cotangent = cotangent @ matrices[layer][:-1].T  # [N, width]
                cotangent -= cotangent * h * h
        return gradient

    return entering[-1] @ matrices[-1], push, pull


def _matrices(theta: Floats, sizes: Sequence[int]) -> list[Floats]:
    """θ [dim] seen as the matrix [inputs + 1, outputs] of each layer."""
    matrices, start = [], 0
    for before, after in pairwise(sizes):
        stop = start + (before + 1) * after
        matrices.append(theta[start:stop].reshape(before + 1, after))
        start = stop
    return matrices


def _beside_ones(shape: tuple[int, ...]) -> Floats:
    """Room for activations [N, width] in front of the input of the biases: [N, width + 1]."""
    return np.ones((shape[0], shape[1] + 1))
