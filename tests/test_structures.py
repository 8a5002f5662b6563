"""Laws of the policy structures: the acting form, the autograd form and the counting of parameters."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from numba import njit

from harness.interface import Floats, Structure
from harness.plugins import load, names
from harness.rollouts.tanh import tanh
from harness.streams import stream
from policies.fourier import Fourier
from policies.linear import Linear
from policies.low_rank import LowRank
from policies.mlp import Mlp
from policies.subspace import Subspace
from policies.tree import Tree

PROGRAM_SPACES = {
    "acrobot_pump": [(6, 3)],
    "cartpole_balance": [(4, 2)],
    "lunar_lander_descent": [(8, 4), (8, 2)],
    "mountain_car_continuous_switch": [(2, 1)],
    "mountain_car_switch": [(2, 3)],
    "pendulum_swing_up": [(3, 1)],
}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "linear": [{}, {"bias": True}],
    "low_rank": [{}, {"rank": 2}],
    "mlp": [{}, {"widths": ()}, {"widths": (5,)}, {"widths": (3, 8, 2)}],
    "fourier": [{}, {"features": 7, "bandwidth": 0.5}],
    "nuisance": [{}, {"features": 3, "frequency": 5.0}],
    "redundant": [{}, {"copies": 1}, {"copies": 3}],
    "tree": [{"depth": 0}, {"depth": 1}, {}, {"depth": 4}],
}
SPACES = [(4, 2), (1, 1), (3, 5)]


def cases() -> list[Structure]:
    """Every structure on disk under several settings and spaces, alone and in a subspace; every program."""
    free = [(n, s, space) for n, settings in SETTINGS.items() for s in settings for space in SPACES]
    free += [(f"programs.{n}", {}, space) for n, spaces in PROGRAM_SPACES.items() for space in spaces]
    free = [case for case in free if case[1].get("rank", 1) <= min(case[2])]
    alone = [load("policies", n)(*space, seed=5, **s) for n, s, space in free]
    sizes = [min(3, structure.dim) for structure in alone]
    return alone + [Subspace(*c[2], seed=5, of=c[0], dimension=d, **c[1]) for c, d in zip(free, sizes, strict=True)]


def label(structure: Structure) -> str:
    return repr(structure).replace("inputs=", "").replace("outputs=", "").replace("seed=5, ", "").replace(" ", "")


def act(structure: Structure, theta: Floats, x: Floats) -> Floats:
    """The acting form on inputs [N, O] -> [N, K], from arrays that hold rubbish."""
    evaluate = import_module(getattr(structure, "acting", type(structure).__module__)).evaluate
    weights = structure.weights(theta[None])[0]
    out, scratch = np.full((len(x), structure.outputs), np.nan), np.full(structure.scratch, np.nan)
    for row, target in zip(x, out, strict=True):
        evaluate(weights, row, target, scratch, structure.sizes)
    return out


def forward(structure: Structure, theta: Floats, x: Floats) -> Floats:
    return np.asarray(structure.forward(torch.from_numpy(theta), torch.from_numpy(x)))


def draws(structure: Structure, count: int) -> tuple[Floats, Floats]:
    """Random parameters [dim] and inputs [count, O]."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(count, structure.inputs))
    if structure.inputs == 8:
        x[::2, 6:] = 0.0  # a lander in the air
    return rng.normal(size=structure.dim), x


def test_every_structure_and_program_on_disk_is_tested_here() -> None:
    assert {*SETTINGS, "subspace"} == set(names("policies"))
    assert set(PROGRAM_SPACES) == set(names("policies.programs"))


@pytest.mark.parametrize("structure", cases(), ids=label)
def test_acting_form_equals_autograd_form_to_1e_12(structure: Structure) -> None:
    theta, x = draws(structure, 6)
    x[0] *= 30.0  # saturated
    expected = forward(structure, theta, x)
    assert expected.shape == (6, structure.outputs)
    np.testing.assert_allclose(act(structure, theta, x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("structure", cases(), ids=label)
def test_gradient_equals_central_differences_to_1e_6(structure: Structure) -> None:
    theta, x = draws(structure, 3)
    weights = np.random.default_rng(4).normal(size=(3, structure.outputs))
    variable = torch.from_numpy(theta).requires_grad_()
    (structure.forward(variable, torch.from_numpy(x)) * torch.from_numpy(weights)).sum().backward()
    assert variable.grad is not None
    for i in np.unique(np.linspace(0, structure.dim - 1, 40).astype(int)):
        step = 1e-5 * np.eye(1, structure.dim, i)[0]
        above, below = forward(structure, theta + step, x), forward(structure, theta - step, x)
        slope = float((weights * (above - below)).sum()) / 2e-5
        assert float(variable.grad[i]) == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("structure", cases(), ids=label)
def test_weights_of_a_row_do_not_depend_on_the_batch(structure: Structure) -> None:
    thetas = np.random.default_rng(6).normal(size=(5, structure.dim))
    batch = structure.weights(thetas)
    alone = np.vstack([structure.weights(theta[None].copy()) for theta in thetas])
    assert batch.tobytes() == alone.tobytes()


@pytest.mark.parametrize("structure", cases(), ids=label)
def test_initial_parameters_are_finite_and_belong_to_their_stream(structure: Structure) -> None:
    first = structure.init(stream(1, "initial"))
    assert (first.shape, first.dtype) == ((structure.dim,), np.float64)
    assert np.isfinite(first).all()
    assert first.tobytes() == structure.init(stream(1, "initial")).tobytes()
    assert not first.any() or first.tobytes() != structure.init(stream(2, "initial")).tobytes()


@pytest.mark.parametrize(
    ("structure", "count"),
    [
        (Linear(4, 2, 0), 8),  # CartPole
        (Linear(348, 17, 0), 5916),  # Humanoid
        (Linear(4, 2, 0, bias=True), 10),
        (Mlp(4, 2, 0), 4610),  # CartPole
        (Mlp(3, 1, 0), 4481),  # Pendulum
        (Mlp(24, 4, 0), 6020),  # BipedalWalker
        (Mlp(4, 2, 0, widths=(20, 20)), 562),  # Li et al. 2018, CartPole
        (LowRank(17, 6, 0, rank=2), 46),
        (Fourier(4, 2, 0, features=10), 20),
        (Tree(4, 2, 0, depth=3), 7 * 5 + 8 * 2),
    ],
    ids=str,
)
def test_number_of_parameters_is_the_published_one(structure: Structure, count: int) -> None:
    assert structure.dim == count
    assert structure.init(stream(0)).size == count


def test_linear_policy_by_hand() -> None:
    assert act(Linear(2, 2, 0), np.array([1.0, 2, 3, 4]), np.array([[10.0, 1]])).tolist() == [[12, 34]]
    theta = np.array([1.0, 2, 3, 4, 0.5, -0.5])
    assert act(Linear(2, 2, 0, bias=True), theta, np.array([[10.0, 1]])).tolist() == [[12.5, 33.5]]


def test_perceptron_of_one_hidden_unit_by_hand() -> None:
    y = act(Mlp(2, 1, 0, widths=(1,)), np.array([0.3, -0.2, 0.1, 2.0, 1.0]), np.array([[1.0, 2.0]]))
    assert y.item() == pytest.approx(2 * np.tanh(0.3 - 0.4 + 0.1) + 1, abs=1e-15)


def test_tree_of_depth_one_is_the_mean_of_two_leaves_weighted_by_the_gate() -> None:
    right = 1 / (1 + np.exp(-(2 * 0.5 - 0.3)))
    y = act(Tree(1, 1, 0, depth=1), np.array([2.0, -0.3, 10.0, 20.0]), np.array([[0.5]]))
    assert y.item() == pytest.approx(10 * (1 - right) + 20 * right, abs=1e-13)


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_shares_of_the_leaves_add_up_to_one(depth: int) -> None:
    tree = Tree(4, 1, 0, depth=depth)
    theta, x = draws(tree, 20)
    theta[-tree.leaves :] = 1.0
    np.testing.assert_allclose(act(tree, theta, 5 * x), 1.0, rtol=1e-14)


def test_fourier_policy_is_linear_in_its_parameters() -> None:
    structure = Fourier(4, 2, 0)
    (a, x), b = draws(structure, 10), np.random.default_rng(8).normal(size=structure.dim)
    together = act(structure, 2 * a - 3 * b, x)
    np.testing.assert_allclose(together, 2 * act(structure, a, x) - 3 * act(structure, b, x), atol=1e-12)


def test_fourier_features_approximate_the_gaussian_kernel() -> None:
    structure = Fourier(3, 1, seed=2, features=40_000, bandwidth=0.7)
    frequencies, phases = structure.frozen
    x = np.random.default_rng(9).normal(size=(6, 3))
    features = np.sqrt(2 / 40_000) * np.cos(x @ frequencies.T + phases)  # [N, F]
    distance = np.linalg.norm(x[:, None] - x[None], axis=2)
    kernel = np.exp(-(distance**2) / (2 * 0.7**2 * 2 * 3))
    assert abs(features @ features.T - kernel).max() < 5 / np.sqrt(40_000)  # five standard errors, at most 1/sqrt(F)


def test_fourier_frequencies_belong_to_the_seed_alone() -> None:
    same, other = Fourier(3, 1, seed=1), Fourier(3, 1, seed=2)
    assert Fourier(3, 1, seed=1).frozen[0].tobytes() == same.frozen[0].tobytes() != other.frozen[0].tobytes()


def test_low_rank_policy_is_the_linear_policy_of_the_product() -> None:
    structure = LowRank(5, 4, 0, rank=2)
    theta, x = draws(structure, 7)
    W = theta[:8].reshape(4, 2) @ theta[8:].reshape(2, 5)
    assert np.linalg.matrix_rank(W) == 2
    np.testing.assert_allclose(act(structure, theta, x), act(Linear(5, 4, 0), W.ravel(), x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("structure", [LowRank(4, 2, 0), Mlp(4, 2, 0), Tree(4, 2, 0)], ids=label)
def test_first_gradient_is_not_zero_and_first_outputs_are_small(structure: Structure) -> None:
    theta = torch.from_numpy(structure.init(stream(0))).requires_grad_()
    outputs = structure.forward(theta, torch.from_numpy(draws(structure, 50)[1]))
    outputs.sum().backward()
    assert theta.grad is not None
    assert float(theta.grad.norm()) > 0.1
    assert float(outputs.detach().abs().max()) < 0.1


def test_mlp_hidden_weights_begin_with_variance_one_over_fan_in() -> None:
    theta = Mlp(16, 2, 0, widths=(400, 400)).init(stream(0))
    first, second, last = theta[: 16 * 400], theta[17 * 400 : 417 * 400], theta[418 * 400 : 420 * 400]
    assert first.var() * 16 == pytest.approx(1, abs=5 * np.sqrt(2 / first.size))
    assert second.var() * 400 == pytest.approx(1, abs=5 * np.sqrt(2 / second.size))
    assert last.var() * 400 == pytest.approx(1e-4, rel=5 * np.sqrt(2 / last.size))


def test_subspace_at_zero_is_the_frozen_origin() -> None:
    structure = Subspace(4, 2, seed=3, dimension=6)
    x = draws(structure, 5)[1]
    assert act(structure, np.zeros(6), x).tobytes() == act(Mlp(4, 2, 3), structure.origin, x).tobytes()


def test_subspace_columns_have_unit_length() -> None:
    P = Subspace(4, 2, seed=3, dimension=6, widths=(8,)).projection
    np.testing.assert_allclose(np.linalg.norm(P, axis=0), 1.0, rtol=1e-14)


def test_subspace_of_full_dimension_reaches_every_parameter_vector() -> None:
    inner = Mlp(2, 1, 3, widths=(3,))
    structure, (target, x) = Subspace(2, 1, seed=3, widths=(3,), dimension=inner.dim), draws(inner, 5)
    z = np.linalg.solve(structure.projection, target - structure.origin)
    np.testing.assert_allclose(structure.weights(z[None])[0], target, atol=1e-10)
    np.testing.assert_allclose(act(structure, z, x), act(inner, target, x), atol=1e-10)


def test_subspace_moves_the_inner_parameters_in_d_directions_only() -> None:
    structure = Subspace(4, 2, seed=3, dimension=5, widths=(8,))
    moved = structure.weights(np.random.default_rng(1).normal(size=(40, 5))) - structure.origin
    assert np.linalg.matrix_rank(moved, tol=1e-9) == 5


def test_subspace_of_another_seed_is_another_subspace() -> None:
    one, two = Subspace(4, 2, seed=1), Subspace(4, 2, seed=2)
    assert one.projection.tobytes() != two.projection.tobytes()
    assert one.origin.tobytes() != two.origin.tobytes()


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("mlp", {"widths": (4, 0)}, "widths must be at most 16 positive numbers"),
        ("low_rank", {"rank": 0}, "rank must be from 1 to 2, the smaller of 4 inputs and 2 outputs, not 0"),
        ("fourier", {"features": 0}, "features must be from 1"),
        ("fourier", {"bandwidth": 0.0}, "bandwidth must be from 1e-06"),
        ("tree", {"depth": -1}, "depth must be from 0 to 16, not -1"),
        ("subspace", {"dimension": 0}, "dimension must be from 1 to 4610, the parameters of mlp, not 0"),
        ("subspace", {"of": "mpl"}, "no structure 'mpl'"),
        ("subspace", {"of": "subspace"}, "no structure 'subspace'"),
        ("subspace", {"of": "linear.weights"}, "no structure 'linear.weights'"),
        ("subspace", {"of": "linear", "widths": (3,)}, "widths: linear has no such setting"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused_in_words(name: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load("policies", name)(inputs=4, outputs=2, seed=0, **settings)


def test_no_structure_imports_torch() -> None:
    files = [*(f"policies.{n}" for n in names("policies")), *(f"policies.programs.{n}" for n in PROGRAM_SPACES)]
    code = f"import sys, {', '.join(files)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@njit(error_model="numpy")
def tanh_of_all(x: Floats) -> Floats:
    result = np.empty_like(x)
    for i in range(x.size):
        result[i] = tanh(x[i])
    return result


def test_relative_error_of_tanh_is_below_8e_16() -> None:
    x = np.concatenate([np.linspace(1e-9, 22, 300_000), 10 ** np.linspace(-300, 1.3, 100_000)])
    exact = np.tanh(x.astype(np.longdouble))
    assert float(abs((tanh_of_all(x) - exact) / exact).max()) < 8e-16
    with mpmath.workdps(40):
        some = x[::997]
        pairs = zip(some.tolist(), tanh_of_all(some).tolist(), strict=True)
        errors = [abs(mpmath.mpf(y) / mpmath.tanh(v) - 1) for v, y in pairs]
    assert max(errors) < 8e-16


def test_tanh_is_odd_and_knows_its_limits() -> None:
    x = np.random.default_rng(0).normal(0, 8, 1000)
    assert (tanh_of_all(-x) == -tanh_of_all(x)).all()
    assert tanh_of_all(np.array([0.0, np.inf, -np.inf, 1e308, -25.0])).tolist() == [0.0, 1.0, -1.0, 1.0, -1.0]
    assert np.isnan(tanh_of_all(np.array([np.nan]))).all()


def test_a_gradient_step_moves_duplicated_weights_as_it_moves_plain_ones() -> None:
    rng = np.random.default_rng(0)
    plain, copied = load("policies", "linear")(4, 2, seed=0), load("policies", "redundant")(4, 2, seed=0, copies=9)
    theta, x, u = rng.normal(size=copied.dim), rng.normal(size=(7, 4)), rng.normal(size=(7, 2))
    effective = copied.weights(theta[None])[0]  # [8]
    stepped = theta + 0.1 * copied.linearised(theta, x)[2](u)
    expected = effective + 0.1 * plain.linearised(effective, x)[2](u)
    np.testing.assert_allclose(copied.weights(stepped[None])[0], expected, atol=1e-14)


def test_unit_normal_changes_of_nine_copies_change_the_effective_weights_with_variance_one() -> None:
    copied = load("policies", "redundant")(4, 2, seed=0, copies=9)
    changes = copied.weights(np.random.default_rng(0).normal(size=(20_000, copied.dim)))  # [20000, 8]
    np.testing.assert_allclose(np.cov(changes.T), np.eye(8), atol=0.04)  # four standard errors of a variance


def test_nuisance_features_have_mean_zero_variance_one_and_no_correlation_with_the_observation() -> None:
    noisy = load("policies", "nuisance")(3, 1, seed=0, features=4)
    x = np.random.default_rng(0).normal(size=(20_000, 3))
    z = np.stack([noisy.linearised(row, x)[0][:, 0] for row in np.eye(noisy.dim)[3:]], axis=1)  # [20000, 4]
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T, x.T), np.eye(7), atol=0.04)
