"""A small value function: an MLP with tanh hidden layers and one linear output, learned with Adam on squared errors.

Forward and backward pass are written out in NumPy: the network is small, the chain rule is two lines a layer, and no
autograd has to be started. θ holds, layer after layer, the matrix [inputs, outputs] row by row and the bias [outputs].

Sources: J. Schulman et al., "Proximal Policy Optimization Algorithms" (2017), eq. 9 (the value loss); D. E. Rumelhart,
G. E. Hinton and R. J. Williams, "Learning representations by back-propagating errors" (1986); Y. LeCun et al.,
"Efficient BackProp" (1998), section 4.6 (weights start as N(0, 1/inputs)), biases at 0.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np

from harness.interface import Floats

Layers: TypeAlias = list[tuple[Floats, Floats]]  # matrix [I, J] and bias [J] of each layer


def init(rng: np.random.Generator, inputs: int, hidden: tuple[int, ...]) -> Floats:
    """Initial parameters [C] of a network with hidden layers of these widths."""
    parts: list[Floats] = []
    for fan_in, fan_out in pairwise((inputs, *hidden, 1)):
        parts += [rng.normal(0.0, fan_in**-0.5, fan_in * fan_out), np.zeros(fan_out)]
    return np.concatenate(parts)


def values(theta: Floats, hidden: tuple[int, ...], inputs: Floats) -> Floats:
    """V of each row [N] of inputs [N, O]."""
    return _forward(_layers(theta, hidden, inputs.shape[1]), inputs)[-1][:, 0]


def descent(theta: Floats, hidden: tuple[int, ...], inputs: Floats, targets: Floats) -> Floats:
    """Negative gradient [C] of the loss ½ mean (V - target)² over inputs [N, O] and targets [N]."""
    layers = _layers(theta, hidden, inputs.shape[1])
    activations = _forward(layers, inputs)
    error = (targets[:, None] - activations.pop()) / targets.size  # [N, 1], flows back from layer to layer
    parts: list[Floats] = []
    for (matrix, _), below in zip(reversed(layers), reversed(activations), strict=True):
        parts += [error.sum(axis=0), (below.T @ error).ravel()]
        error = (error @ matrix.T) * (1.0 - below**2)  # [N, I] tanh' = 1 - tanh²; nothing reads the inputs' own
    return np.concatenate(parts[::-1])


def _layers(theta: Floats, hidden: tuple[int, ...], inputs: int) -> Layers:
    """θ [C] cut into matrices and biases."""
    layers: Layers = []
    start = 0
    for fan_in, fan_out in pairwise((inputs, *hidden, 1)):
        middle = start + fan_in * fan_out
        layers.append((theta[start:middle].reshape(fan_in, fan_out), theta[middle : middle + fan_out]))
        start = middle + fan_out
    return layers


def _forward(layers: Layers, inputs: Floats) -> list[Floats]:
    """What enters each layer [N, I], and last the output [N, 1]."""
    activations = [inputs]
    for matrix, bias in layers[:-1]:
        activations.append(np.tanh(activations[-1] @ matrix + bias))
    matrix, bias = layers[-1]
    return [*activations, activations[-1] @ matrix + bias]
