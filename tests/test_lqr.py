"""The known answers of the LQR, against hands, finite differences, rollouts and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from environments import lqr
from environments.lqr import Lqr
from harness.interface import Floats
from harness.rollouts.random import seed_generator

CASES = {
    "double integrator": (Lqr(), 10),
    "datacenter": (Lqr("datacenter", 3, 3, noise=1.0, spread=1.0), 20),
    "random": (Lqr("random", 4, 2, noise=0.1, spread=1.0, radius=1.05, seed=3), 15),
}
cases = pytest.mark.parametrize(("problem", "horizon"), CASES.values(), ids=CASES)


def some_gain(problem: Lqr) -> Floats:
    """A gain [A, O] that is not the best one."""
    return np.random.default_rng(7).normal(size=(problem.actions, problem.states)) * 0.3


def play(problem: Lqr, gain: Floats, horizon: int, seed: int) -> float:
    """Return of one episode of the compiled environment."""
    generator, parameters = np.empty(4, np.uint64), problem.parameters
    state, observation = np.zeros(problem.state_dim), np.zeros(problem.states)
    seed_generator(seed, generator)
    lqr.reset(generator, parameters, state)
    total = 0.0
    for _ in range(horizon):
        lqr.observe(parameters, state, observation)
        reward, terminated = lqr.step(generator, parameters, state, gain @ observation)
        assert not terminated
        total += reward
    return total


@cases
def test_value_is_the_mean_of_2000_episodes_within_4_standard_errors(problem, horizon):
    gain = some_gain(problem)
    returns = np.array([play(problem, gain, horizon, seed) for seed in range(2000)])
    error = returns.std(ddof=1) / math.sqrt(returns.size)
    assert 0.0 < error < 0.1 * abs(returns.mean())
    assert abs(returns.mean() - problem.value(gain, horizon)) < 4.0 * error


@cases
def test_gradient_is_the_finite_difference_of_the_value_to_1e_6(problem, horizon):
    gain, step = some_gain(problem), 1e-5
    differences = np.empty_like(gain)  # [A, O]
    for index in np.ndindex(gain.shape):
        change = np.zeros_like(gain)
        change[index] = step
        ahead, behind = problem.value(gain + change, horizon), problem.value(gain - change, horizon)
        differences[index] = (ahead - behind) / (2.0 * step)
    scale = np.abs(differences).max()
    np.testing.assert_allclose(problem.gradient(gain, horizon), differences, rtol=0.0, atol=1e-6 * scale)


def test_riccati_of_two_scalar_steps_by_hand(monkeypatch):
    """x' = 2x + u, Q = R = 1, x_0 = 3, noise 1/2.

    Last step: P_2 = 1, K = -2/(1+1) = -1, P_1 = 1 + 2·1·(2-1) = 3.
    First step: K = -2·3/(1+3) = -3/2, P_0 = 1 + 2·3·(2-3/2) = 4.
    Cost: (P_0 - Q)·9 + (P_1 + P_2)/4 = 27 + 1 = 28.
    """
    scalar = lqr.System(np.array([[2.0]]), np.array([[1.0]]), np.ones(1), np.ones(1), np.array([3.0]))
    monkeypatch.setattr(lqr, "random_system", lambda *_: scalar)
    problem = Lqr("random", 1, 1, noise=0.5)
    assert problem.optimal_value(2) == pytest.approx(-28.0, abs=1e-12)
    # the gain -1 twice: x_1 = 3 + w, x_2 = x_1 + w', cost E[x_0² + x_1² + x_1² + x_2²] = 9 + 9¼ + 9¼ + 9½ = 37
    assert problem.value(np.array([[-1.0]]), 2) == pytest.approx(-37.0, abs=1e-12)


def test_riccati_beats_every_pair_of_gains_on_a_grid_and_one_pair_attains_it(monkeypatch):
    """Brute force over u_0 = k_0 x_0, u_1 = k_1 x_1 of the scalar problem above."""
    first, second = np.meshgrid(np.linspace(-3.0, 0.0, 301), np.linspace(-3.0, 0.0, 301))
    moment = (2.0 + first) ** 2 * 9.0 + 0.25  # E[x_1²]
    cost = first**2 * 9.0 + moment + second**2 * moment + (2.0 + second) ** 2 * moment + 0.25
    scalar = lqr.System(np.array([[2.0]]), np.array([[1.0]]), np.ones(1), np.ones(1), np.array([3.0]))
    monkeypatch.setattr(lqr, "random_system", lambda *_: scalar)
    assert Lqr("random", 1, 1, noise=0.5).optimal_value(2) == pytest.approx(-cost.min(), abs=1e-9)


def test_noiseless_double_integrator_costs_1_6005_as_in_recht():
    assert Lqr(noise=0.0).optimal_value(10) == pytest.approx(-1.6005, abs=5e-5)
    assert Lqr(noise=0.0).value(np.zeros((1, 2)), 10) == -10.0


def test_a_late_step_of_the_datacenter_costs_137_28716597811132_thousandths_as_in_recht():
    problem = Lqr("datacenter", 3, 3, noise=1.0, spread=1.0)
    assert problem.optimal_value(1999) - problem.optimal_value(2000) == pytest.approx(0.13728716597811132, rel=1e-9)


@cases
def test_optimal_is_at_least_stationary_is_at_least_any(problem, horizon):
    best = problem.stationary_gain(horizon)
    value, rng = problem.value(best, horizon), np.random.default_rng(0)
    assert problem.optimal_value(horizon) > value
    assert np.abs(problem.gradient(best, horizon)).max() < 1e-8 * abs(value)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(20):
            assert problem.value(best + size * rng.normal(size=best.shape), horizon) < value


@cases
def test_with_one_step_left_the_stationary_gain_is_optimal(problem, horizon):
    assert problem.value(problem.stationary_gain(1), 1) == pytest.approx(problem.optimal_value(1), rel=1e-12)


def test_radius_is_the_spectral_radius_and_the_seed_chooses_the_system():
    system = Lqr("random", 6, 2, radius=0.9).matrices
    assert np.abs(np.linalg.eigvals(system.dynamics)).max() == pytest.approx(0.9, rel=1e-12)
    assert not np.array_equal(system.dynamics, Lqr("random", 6, 2, radius=0.9, seed=1).matrices.dynamics)


def test_value_of_an_exploding_gain_is_minus_infinity():
    assert Lqr().value(np.full((1, 2), 1e9), 100) == -math.inf


@pytest.mark.parametrize("options", [{"system": "pendulum"}, {"states": 3}, {"noise": -1.0}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"system|states|noise"):
        Lqr(**options)
