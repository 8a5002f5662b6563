"""A small value function: an MLP with tanh hidden layers and one linear output, learned with Adam on squared errors.

The network is `harness.parts.perceptron`: no autograd has to be started.

Sources: J. Schulman et al., "Proximal Policy Optimization Algorithms" (2017), eq. 9 (the value loss); Y. LeCun et al.,
"Efficient BackProp" (1998), section 4.6 (weights start as N(0, 1/inputs)), biases at 0.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from harness.interface import Floats
from harness.parts import perceptron


def init(rng: np.random.Generator, inputs: int, hidden: tuple[int, ...]) -> Floats:
    """Initial parameters [C] of a network with hidden layers of these widths."""
    parts: list[Floats] = []
    for fan_in, fan_out in pairwise((inputs, *hidden, 1)):
        parts += [rng.normal(0.0, fan_in**-0.5, fan_in * fan_out), np.zeros(fan_out)]
    return np.concatenate(parts)


def size(inputs: int, hidden: tuple[int, ...]) -> int:
    """C, the parameters of such a network."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise((inputs, *hidden, 1)))


def values(theta: Floats, hidden: tuple[int, ...], inputs: Floats) -> Floats:
    """V of each row [N] of inputs [N, O]."""
    outputs, _, _ = perceptron.linearised(theta, (inputs.shape[1], *hidden, 1), inputs)  # [N, 1]
    return outputs[:, 0]


def descent(theta: Floats, hidden: tuple[int, ...], inputs: Floats, targets: Floats) -> Floats:
    """Negative gradient [C] of the loss ½ mean (V - target)² over inputs [N, O] and targets [N]."""
    outputs, _, pull = perceptron.linearised(theta, (inputs.shape[1], *hidden, 1), inputs)  # [N, 1]
    return pull((targets[:, None] - outputs) / targets.size)
