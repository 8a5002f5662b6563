"""The closed form of the perceptron against numbers worked out by hand and against torch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from harness.interface import Floats
from harness.parts import perceptron


def test_one_tanh_unit_by_hand() -> None:
    theta = np.array([2.0, -1.0, 3.0, 0.5])  # y = 3 tanh(2 x - 1) + 0.5
    outputs, _, pull = perceptron.linearised(theta, (1, 1, 1), np.array([[0.5], [1.0]]))
    h = np.tanh(1.0)
    np.testing.assert_allclose(outputs, [[0.5], [3.0 * h + 0.5]], rtol=1e-15)
    slope = 3.0 * (1.0 - h**2)
    expected = [10.0 * 3.0 * 0.5 + slope, 10.0 * 3.0 + slope, h, 11.0]
    np.testing.assert_allclose(pull(np.array([[10.0], [1.0]])), expected, rtol=1e-15)


@pytest.mark.parametrize("sizes", [(3, 2), (3, 5, 2), (4, 64, 64, 1), (2, 3, 1, 4)])
@pytest.mark.parametrize("count", [1, 64, 513])
def test_outputs_and_gradient_are_those_of_torch(sizes: tuple[int, ...], count: int) -> None:
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    layers = [torch.nn.Linear(before, after, dtype=torch.float64) for before, after in pairwise(sizes)]
    for layer in layers:
        torch.nn.init.normal_(layer.weight, generator=generator)
    x, cotangent = rng.standard_normal((count, sizes[0])), rng.standard_normal((count, sizes[-1]))
    y = torch.tensor(x)
    for layer in layers[:-1]:
        y = torch.tanh(layer(y))
    y = layers[-1](y)
    y.backward(torch.tensor(cotangent))
    outputs, _, pull = perceptron.linearised(flat(layers), sizes, x)
    np.testing.assert_allclose(outputs, y.detach().numpy(), rtol=0, atol=1e-12)
    slopes = flat(layers, slopes=True)
    np.testing.assert_allclose(pull(cotangent), slopes, rtol=0, atol=1e-12 * np.abs(slopes).max())


@pytest.mark.parametrize("sizes", [(3, 2), (3, 5, 2), (2, 3, 1, 4)])
def test_pushing_forward_and_pulling_back_are_transposes_of_each_other(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    dim = sum((before + 1) * after for before, after in pairwise(sizes))
    theta, vector, x = rng.standard_normal(dim), rng.standard_normal(dim), rng.standard_normal((9, sizes[0]))
    outputs, push, pull = perceptron.linearised(theta, sizes, x)
    cotangent = rng.standard_normal(outputs.shape)
    np.testing.assert_allclose((cotangent * push(vector)).sum(), pull(cotangent) @ vector, rtol=1e-12)
    step = 1e-6
    ahead, behind = (perceptron.linearised(theta + s * step * vector, sizes, x)[0] for s in (1.0, -1.0))
    np.testing.assert_allclose(push(vector), (ahead - behind) / (2 * step), atol=1e-8)


def flat(layers: list[Any], slopes: bool = False) -> Floats:
    """Weights or their gradients [dim] in our order."""
    pairs = [(layer.weight.grad, layer.bias.grad) if slopes else (layer.weight, layer.bias) for layer in layers]
    return np.concatenate([part.detach().numpy() for weight, bias in pairs for part in (weight.T.ravel(), bias)])


def test_arguments_are_not_changed() -> None:
    theta, x, cotangent = np.ones(7), np.ones((3, 1)), np.ones((3, 1))
    for array in (theta, x, cotangent):
        array.flags.writeable = False
    _, push, pull = perceptron.linearised(theta, (1, 2, 1), x)
    assert pull(cotangent).tobytes() == pull(cotangent).tobytes()
    assert push(theta).tobytes() == push(theta).tobytes()
