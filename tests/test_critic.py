"""The critic's closed-form gradient against finite differences and against torch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from harness.interface import Floats
from harness.parts import adam, critic

SHAPES = [(), (5,), (4, 3)]


def problem(hidden: tuple[int, ...]) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(4)
    theta = critic.init(rng, 3, hidden)
    return theta + 0.1 * rng.normal(size=theta.size), rng.normal(size=(7, 3)), rng.normal(size=7)


def torch_values(theta: torch.Tensor, hidden: tuple[int, ...], inputs: Floats) -> torch.Tensor:
    """The same network by torch.nn.functional."""
    widths = (inputs.shape[1], *hidden, 1)
    x, start = torch.as_tensor(inputs), 0
    for depth, (fan_in, fan_out) in enumerate(pairwise(widths)):
        matrix = theta[start : start + fan_in * fan_out].reshape(fan_in, fan_out)
        start += fan_in * fan_out
        x = torch.nn.functional.linear(x, matrix.T, theta[start : start + fan_out])
        start += fan_out
        x = torch.tanh(x) if depth < len(hidden) else x
    return x[:, 0]


@pytest.mark.parametrize("hidden", SHAPES)
def test_values_and_gradient_are_those_of_torch(hidden: tuple[int, ...]) -> None:
    theta, inputs, targets = problem(hidden)
    leaf = torch.tensor(theta, requires_grad=True)
    values = torch_values(leaf, hidden, inputs)
    (0.5 * torch.nn.functional.mse_loss(values, torch.as_tensor(targets))).backward()
    np.testing.assert_allclose(critic.values(theta, hidden, inputs), values.detach().numpy(), rtol=1e-12)
    assert leaf.grad is not None
    np.testing.assert_allclose(critic.descent(theta, hidden, inputs, targets), -leaf.grad.numpy(), rtol=1e-10)


@pytest.mark.parametrize("hidden", SHAPES)
def test_gradient_is_that_of_central_differences(hidden: tuple[int, ...]) -> None:
    theta, inputs, targets = problem(hidden)

    def loss(at: Floats) -> float:
        return float(0.5 * np.mean((critic.values(at, hidden, inputs) - targets) ** 2))

    shifts = 1e-5 * np.eye(theta.size)
    slopes = np.array([(loss(theta + shift) - loss(theta - shift)) / 2e-5 for shift in shifts])
    np.testing.assert_allclose(critic.descent(theta, hidden, inputs, targets), -slopes, atol=1e-9)


def test_one_linear_unit_by_hand() -> None:
    theta = np.array([2.0, 1.0])  # V = 2 x + 1
    inputs, targets = np.array([[1.0], [3.0]]), np.array([2.0, 9.0])  # errors 3 - 2 and 7 - 9
    assert critic.values(theta, (), inputs).tolist() == [3.0, 7.0]
    assert critic.descent(theta, (), inputs, targets).tolist() == [-(1 * 1 - 2 * 3) / 2, -(1 - 2) / 2]


def test_learns_a_function_of_one_input_to_a_hundredth() -> None:
    hidden, inputs = (16,), np.linspace(-2.0, 2.0, 50)[:, None]
    targets = np.sin(2.0 * inputs[:, 0])
    theta = critic.init(np.random.default_rng(0), 1, hidden)
    state = adam.init(theta.size)
    for _ in range(3000):
        state, theta = adam.ascend(state, theta, critic.descent(theta, hidden, inputs, targets), 0.005)
    assert np.sqrt(np.mean((critic.values(theta, hidden, inputs) - targets) ** 2)) < 0.01
