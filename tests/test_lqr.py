"""The known answers of the LQR, against hands, finite differences, rollouts and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from environments import lqr
from environments.lqr import Lqr
from harness.interface import Floats
from harness.rollouts.random import seed_generator

CASES = {
    "double integrator": (Lqr(), 10),
    "datacenter": (Lqr("datacenter", 3, 3, noise=1.0, spread=1.0), 20),
    "random": (Lqr("random", 4, 2, noise=0.1, spread=1.0, radius=1.05, seed=3), 15),
}
LAST = {  # the last state pays its cost-to-go without end
    "double integrator": (Lqr(last=10), 10),
    "datacenter": (Lqr("datacenter", 3, 3, noise=1.0, spread=1.0, last=20), 20),
    "random": (Lqr("random", 4, 2, noise=0.1, spread=1.0, radius=1.05, seed=3, last=15), 15),
    "random 20 x 5": (Lqr("random", 20, 5, noise=0.1, spread=1.0, last=50), 50),
}
EVERY = [*CASES.values(), *LAST.values()]
cases = pytest.mark.parametrize(("problem", "horizon"), CASES.values(), ids=CASES)
last_cases = pytest.mark.parametrize(("problem", "horizon"), LAST.values(), ids=LAST)
every_case = pytest.mark.parametrize(("problem", "horizon"), EVERY, ids=[*CASES, *(f"{name}, last" for name in LAST)])


def some_gain(problem: Lqr) -> Floats:
    """A gain [A, O] that is not the best one."""
    return np.random.default_rng(7).normal(size=(problem.actions, problem.states)) * 0.3


def scipy_cost(system: lqr.System) -> Floats:
    """The cost-to-go without end [O, O] by another algorithm."""
    costs = np.diag(system.state_cost), np.diag(system.action_cost)
    return solve_discrete_are(system.dynamics, system.control, *costs)


def play(problem: Lqr, gain: Floats, horizon: int, seed: int) -> float:
    """Return of one episode of the compiled environment."""
    generator, parameters = np.empty(4, np.uint64), problem.parameters
    state, observation = np.zeros(problem.state_dim), np.zeros(problem.states)
    seed_generator(seed, generator)
    lqr.reset(generator, parameters, state)
    total = 0.0
    for number in range(1, horizon + 1):
        lqr.observe(parameters, state, observation)
        reward, terminated = lqr.step(generator, parameters, state, gain @ observation)
        assert terminated == (number == problem.last)
        total += reward
    return total


@every_case
def test_value_is_the_mean_of_2000_episodes_within_4_standard_errors(problem, horizon):
    gain = some_gain(problem)
    returns = np.array([play(problem, gain, horizon, seed) for seed in range(2000)])
    error = returns.std(ddof=1) / math.sqrt(returns.size)
    assert 0.0 < error < 0.1 * abs(returns.mean())
    assert abs(returns.mean() - problem.value(gain, horizon)) < 4.0 * error


@every_case
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


@last_cases
def test_cost_without_end_is_that_of_scipy_to_1e_11(problem, horizon):
    expected = scipy_cost(problem.matrices)
    np.testing.assert_allclose(problem.last_cost, expected, rtol=0.0, atol=1e-11 * np.abs(expected).max())


def test_cost_without_end_of_a_scalar_by_hand(monkeypatch):
    """x' = 2x + u, Q = R = 1: P = 1 + 4P/(1 + P), so P = 2 + √5, and K = -2P/(1 + P) = -(1 + √5)/2."""
    scalar = lqr.System(np.array([[2.0]]), np.array([[1.0]]), np.ones(1), np.ones(1), np.array([3.0]))
    monkeypatch.setattr(lqr, "random_system", lambda *_: scalar)
    problem = Lqr("random", 1, 1, noise=0.5, last=2)
    assert problem.last_cost[0, 0] == pytest.approx(2.0 + math.sqrt(5.0), rel=1e-12)
    assert problem.stationary_gain(2)[0, 0] == pytest.approx(-(1.0 + math.sqrt(5.0)) / 2.0, rel=1e-12)
    # (P - Q)·9 + (P + P)/4
    assert problem.optimal_value(2) == pytest.approx(-(9.0 * (1.0 + 5.0**0.5) + 0.5 * (2.0 + 5.0**0.5)), rel=1e-12)


@last_cases
def test_with_a_last_cost_one_gain_is_riccatis_and_attains_the_optimum_to_1e_10(problem, horizon):
    system, best, optimum = problem.matrices, problem.stationary_gain(horizon), problem.optimal_value(horizon)
    projected = system.control.T @ scipy_cost(system)  # BᵀP [A, O]
    curvature = np.diag(system.action_cost) + projected @ system.control  # R + BᵀPB [A, A]
    np.testing.assert_allclose(best, -np.linalg.solve(curvature, projected @ system.dynamics), rtol=0.0, atol=1e-10)
    assert problem.value(best, horizon) == pytest.approx(optimum, abs=1e-10)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert problem.value(best + 1e-2 * rng.normal(size=best.shape), horizon) < optimum


def test_without_noise_ten_steps_and_a_last_cost_cost_as_much_as_400_steps():
    short, long = Lqr(noise=0.0, last=10), Lqr(noise=0.0)
    assert short.optimal_value(10) == pytest.approx(long.optimal_value(400), rel=1e-12)


@last_cases
def test_a_horizon_that_is_not_the_last_step_is_refused_by_every_answer(problem, horizon):
    gain = some_gain(problem)
    answers = (problem.optimal_value, problem.stationary_gain)
    for wrong in (horizon - 1, horizon + 1):
        for answer in (*answers, lambda steps: problem.value(gain, steps), lambda steps: problem.gradient(gain, steps)):
            with pytest.raises(ValueError, match=f"last: {horizon} .* horizon, {wrong}"):
                answer(wrong)


def test_a_system_that_no_gain_stabilises_has_no_cost_without_end():
    """x' = 2x, whatever u is."""
    system = lqr.System(np.array([[2.0]]), np.array([[0.0]]), np.ones(1), np.ones(1), np.zeros(1))
    with pytest.raises(RuntimeError, match="did not converge"), np.errstate(over="ignore", invalid="ignore"):
        lqr.endless_cost(system)


def test_radius_is_the_spectral_radius_and_the_seed_chooses_the_system():
    system = Lqr("random", 6, 2, radius=0.9).matrices
    assert np.abs(np.linalg.eigvals(system.dynamics)).max() == pytest.approx(0.9, rel=1e-12)
    assert not np.array_equal(system.dynamics, Lqr("random", 6, 2, radius=0.9, seed=1).matrices.dynamics)


def test_value_of_an_exploding_gain_is_minus_infinity():
    assert Lqr().value(np.full((1, 2), 1e9), 100) == -math.inf


@pytest.mark.parametrize("options", [{"system": "pendulum"}, {"states": 3}, {"noise": -1.0}, {"last": -1}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"system|states|noise|last"):
        Lqr(**options)
