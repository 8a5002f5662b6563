"""Adam against Algorithm 1 by hand and against torch."""

from __future__ import annotations

import numpy as np
import torch

from harness.parts import adam


def test_first_step_has_length_alpha_whatever_the_gradient() -> None:
    for scale in (1e-3, 1.0, 1e6):
        _, theta = adam.ascend(adam.init(2), np.zeros(2), scale * np.array([3.0, -0.5]), 0.1)
        np.testing.assert_allclose(theta, [0.1, -0.1], rtol=1e-4)


def test_two_steps_by_hand() -> None:
    state, theta = adam.ascend(adam.init(1), np.array([1.0]), np.array([2.0]), 0.5, 0.9, 0.99, 0.0)
    np.testing.assert_allclose([state.step, state.mean[0], state.square[0]], [1, 0.2, 0.04], rtol=1e-14)
    np.testing.assert_allclose(theta, 1.5, rtol=1e-15)  # 1 + 0.5 * 2 / sqrt(4)
    state, theta = adam.ascend(state, theta, np.array([-1.0]), 0.5, 0.9, 0.99, 0.0)
    # m = 0.18 - 0.1 = 0.08, over 1 - 0.81; v = 0.0396 + 0.01 = 0.0496, over 1 - 0.9801
    np.testing.assert_allclose(theta, 1.5 + 0.5 * (0.08 / 0.19) / np.sqrt(0.0496 / 0.0199), rtol=1e-14)


def test_equals_torch_over_fifty_steps() -> None:
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(5)
    parameter = torch.tensor(theta, requires_grad=True)
    optimiser = torch.optim.Adam([parameter], lr=0.03, maximize=True)
    state = adam.init(5)
    for gradient in rng.standard_normal((50, 5)):
        state, theta = adam.ascend(state, theta, gradient, 0.03)
        parameter.grad = torch.tensor(gradient)
        optimiser.step()
        np.testing.assert_allclose(theta, parameter.detach().numpy(), rtol=0, atol=1e-13)


def test_arguments_are_not_changed() -> None:
    state, theta, gradient = adam.init(2), np.ones(2), np.ones(2)
    adam.ascend(state, theta, gradient, 0.1)
    assert state.step == 0
    assert not state.mean.any() and not state.square.any()
    assert (theta == 1).all() and (gradient == 1).all()


def test_climbs_to_the_top_of_a_parabola() -> None:
    state, theta = adam.init(2), np.zeros(2)
    for _ in range(2000):
        state, theta = adam.ascend(state, theta, np.array([1.0, -2.0]) - theta, 0.01)
    np.testing.assert_allclose(theta, [1.0, -2.0], atol=1e-4)


def test_a_gradient_of_length_five_is_limited_to_half_and_a_short_one_left() -> None:
    np.testing.assert_allclose(adam.limited(np.array([3.0, 4.0]), 0.5), [0.3, 0.4], rtol=1e-6)
    assert adam.limited(np.array([0.3, 0.4]), 0.6).tolist() == [0.3, 0.4]
