"""Single turns by hand, and each update against a second one transcribed from the paper or its published code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gradient_free import outcome, play, policy, turn

from algorithms.cross_entropy import CrossEntropy
from algorithms.evolution_strategy import EvolutionStrategy
from algorithms.evolution_strategy import State as Parent
from algorithms.finite_differences import FiniteDifferences
from algorithms.hill_climbing import HillClimbing
from algorithms.openai_es import OpenaiEs
from algorithms.random_search import RandomSearch
from harness.interface import Floats

SLOPE = np.array([2.0, -1.0, 0.5])  # [P]


def bumpy(thetas: Floats) -> Floats:
    """Returns [D] of candidates [D, P]: no two equal, no symmetry."""
    return thetas @ SLOPE - (thetas**2).sum(axis=1) + 0.3 * np.sin(5 * thetas).sum(axis=1)


# random search


def test_random_search_scores_the_incumbent_by_all_its_episodes() -> None:
    algorithm = RandomSearch(policy(2), challengers=2, episodes=1)
    state = algorithm.init(np.random.default_rng(0))
    scores = []
    for number, returns in enumerate([[1.0, 9.0, 5.0], [3.0, 5.0, 6.0], [0.0, 4.0, 3.0], [8.0, 4.5, 2.0]]):
        (request,) = algorithm.ask(state, turn(number))
        np.testing.assert_array_equal(request.thetas[0], state.theta)
        previous = state
        state, _ = algorithm.tell(state, (outcome(request, returns),), turn(number))
        scores.append((state.score, state.episodes))
    # 9 wins; then (9 + 3) / 2 = 6 is not beaten by 6; (9 + 3 + 0) / 3 = 4 not by 4; (12 + 8) / 4 = 5 not by 4.5
    assert scores == [(9.0, 1), (6.0, 2), (4.0, 3), (5.0, 4)]
    np.testing.assert_array_equal(state.theta, previous.theta)


def test_random_search_draws_challengers_around_starts_and_not_around_the_incumbent() -> None:
    algorithm = RandomSearch(policy(2), challengers=5000, std=2.0)
    state = algorithm.init(np.random.default_rng(0))._replace(theta=np.array([100.0, 100.0]))
    challengers = algorithm.ask(state, turn())[0].thetas[1:]
    np.testing.assert_allclose(challengers.mean(0), 0.0, atol=4 * 2.0 / np.sqrt(5000))
    np.testing.assert_allclose(challengers.std(0), 2.0, rtol=4 / np.sqrt(2 * 5000))


# hill climbing


@pytest.mark.parametrize(
    ("returns", "row", "factor"),
    [
        ([3.0, 1.0, 2.0], 0, 16**-0.25),  # worse: stay, the radius shrinks
        ([3.0, 1.0, 3.0], 2, 16.0),  # not worse: go
        ([3.0, 5.0, 4.0], 1, 16.0),  # the best of two
        ([-np.inf, -np.inf, -9.0], 2, 16.0),  # whatever is finite beats a diverged incumbent
        ([3.0, -np.inf, -np.inf], 0, 16**-0.25),
    ],
)
def test_hill_climbing_steps_to_the_best_unless_it_is_worse(returns: list[float], row: int, factor: float) -> None:
    algorithm = HillClimbing(policy(2), challengers=2, radius=0.5, adaptation=16.0)
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn())
    assert (request.seeds == request.seeds[0]).all()
    after, _ = algorithm.tell(state, (outcome(request, returns),), turn())
    np.testing.assert_array_equal(after.theta, request.thetas[row])
    assert after.radius == 0.5 * factor


# cross-entropy method


def test_cross_entropy_refits_to_the_elite_by_hand() -> None:
    algorithm = CrossEntropy(policy(2), population=4, elite=0.5, episodes=1, extra_noise=0.3, noise_decay=0.1)
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn(2))
    thetas = np.array([[1.0, 0.0], [3.0, 4.0], [9.0, 9.0], [5.0, 0.0]])
    request = type(request)(thetas, request.seeds, request.scaler)
    after, _ = algorithm.tell(state, (outcome(request, [-5.0, 2.0, -7.0, 1.0]),), turn(2))
    np.testing.assert_array_equal(after.mean, [4.0, 2.0])
    np.testing.assert_allclose(after.std, np.sqrt([1.0 + 0.1, 4.0 + 0.1]), rtol=1e-15)  # Z_2 = 0.3 - 2 * 0.1


def test_cross_entropy_equals_the_example_of_openai_gym() -> None:
    algorithm = CrossEntropy(policy(3), population=25, elite=0.2)
    state = play(algorithm, bumpy, 8)
    mean, std = np.zeros(3), np.ones(3)
    for number in range(8):  # gym/examples/agents/cem.py
        n_elite = int(np.round(25 * 0.2))
        noise = turn(number).rng("noise").standard_normal((25, 3))
        ths = np.array([mean + dth for dth in std[None, :] * noise])
        ys = bumpy(ths)
        elite_ths = ths[ys.argsort()[::-1][:n_elite]]
        mean, std = elite_ths.mean(axis=0), elite_ths.std(axis=0)
    np.testing.assert_allclose(state.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(state.std, std, rtol=1e-12)


def test_extra_noise_never_turns_negative() -> None:
    algorithm = CrossEntropy(policy(3), extra_noise=0.1, noise_decay=1.0)
    plain = CrossEntropy(policy(3))
    state = plain.init(np.random.default_rng(0))
    (request,) = plain.ask(state, turn(5))
    results = (outcome(request, bumpy(request.thetas)),)
    noisy, _ = algorithm.tell(state, results, turn(5))
    np.testing.assert_array_equal(noisy.std, plain.tell(state, results, turn(5))[0].std)


# evolution strategy


def test_evolution_strategy_equals_a_loop_over_its_children() -> None:
    algorithm = EvolutionStrategy(policy(3), children=10, parents=3, sigma=0.7)
    state = play(algorithm, bumpy, 9)
    parent, sigma = np.zeros(3), 0.7
    for number in range(9):  # Beyer and Schwefel (2002), σ self-adaptation: σ' = σ exp(τ N), y' = y + σ' N
        factors = turn(number).rng("sigmas").standard_normal(10)
        noise = turn(number).rng("directions").standard_normal((10, 3))
        children = []
        for k in range(10):
            step = sigma * np.exp(factors[k] / np.sqrt(2 * 3))
            y = parent + step * noise[k]
            children.append((float(bumpy(y[None])[0]), step, y))
        best = sorted(children, key=lambda child: -child[0])[:3]
        sigma = sum(step for _, step, _ in best) / 3
        parent = sum(y for _, _, y in best) / 3
    np.testing.assert_allclose(state.theta, parent, rtol=1e-12)
    np.testing.assert_allclose(state.sigma, sigma, rtol=1e-12)


def test_evolution_strategy_with_one_parent_adopts_the_best_child_and_its_step() -> None:
    algorithm = EvolutionStrategy(policy(2), children=3, parents=1, episodes=1)
    state = Parent(np.array([1.0, 1.0]), 0.5)
    (request,) = algorithm.ask(state, turn())
    after, _ = algorithm.tell(state, (outcome(request, [0.0, 2.0, 1.0]),), turn())
    np.testing.assert_array_equal(after.theta, request.thetas[1])
    child_noise = turn().rng("directions").standard_normal((3, 2))[1]
    np.testing.assert_allclose(after.theta, 1.0 + after.sigma * child_noise, rtol=1e-15)


# OpenAI-ES


def test_openai_es_equals_the_published_code_with_torch_as_its_adam() -> None:
    settings = {"sigma": 0.2, "step_size": 0.03, "weight_decay": 0.1}
    state = play(OpenaiEs(policy(3), directions=6, **settings), bumpy, 12)  # type: ignore[arg-type]
    parameter = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([parameter], lr=0.03)
    for number in range(12):  # es_distributed/es.py, run_master
        noise = turn(number).rng("directions").standard_normal((6, 3))
        theta = parameter.detach().numpy().copy()
        returns_n2 = np.array([[bumpy((theta + 0.2 * v)[None])[0], bumpy((theta - 0.2 * v)[None])[0]] for v in noise])
        ranks = np.empty(12)
        ranks[returns_n2.ravel().argsort()] = np.arange(12)
        proc_returns_n2 = ranks.reshape(6, 2) / 11 - 0.5
        g = sum((row[0] - row[1]) * v for row, v in zip(proc_returns_n2, noise, strict=True)) / returns_n2.size
        parameter.grad = torch.tensor(-g + 0.1 * theta)
        optimiser.step()
    np.testing.assert_allclose(state.theta, parameter.detach().numpy(), rtol=1e-11)


def test_openai_es_finds_no_gradient_on_a_plateau() -> None:
    algorithm = OpenaiEs(policy(3), weight_decay=0.0)
    state = play(algorithm, bumpy, 1)._replace(adam=algorithm.init(np.random.default_rng(0)).adam)
    (request,) = algorithm.ask(state, turn(1))
    after, metrics = algorithm.tell(state, (outcome(request, np.full(len(request.thetas), 500.0)),), turn(1))
    assert metrics["gradient_norm"] == 0.0
    np.testing.assert_array_equal(after.theta, state.theta)


# finite differences


def test_central_differences_of_a_parabola_are_its_gradient() -> None:
    """First step of Adam: α along the sign; the gradient itself is in the metrics."""
    algorithm = FiniteDifferences(policy(3), delta=0.25, step_size=0.1)
    state = algorithm.init(np.random.default_rng(0))._replace(theta=np.array([1.0, 0.0, -1.0]))
    (request,) = algorithm.ask(state, turn())
    assert request.thetas.shape == (6, 3) and (request.seeds == request.seeds[0]).all()
    returns = request.thetas @ SLOPE - (request.thetas**2).sum(axis=1)
    after, metrics = algorithm.tell(state, (outcome(request, returns),), turn())
    gradient = SLOPE - 2 * state.theta  # [P] = 0, -1, 2.5
    np.testing.assert_allclose(metrics["gradient_norm"], np.linalg.norm(gradient), rtol=1e-14)
    np.testing.assert_allclose(after.adam.mean, 0.1 * gradient, atol=1e-15)
    np.testing.assert_allclose(after.theta, [1.0, -0.1, -0.9], atol=1e-7)


def test_random_coordinates_keep_the_expected_gradient() -> None:
    algorithm = FiniteDifferences(policy(3), coordinates=1)
    state = algorithm.init(np.random.default_rng(0))
    estimates = []
    for number in range(3000):
        (request,) = algorithm.ask(state, turn(number))
        assert len(request.thetas) == 2
        after, _ = algorithm.tell(state, (outcome(request, request.thetas @ SLOPE),), turn(number))
        estimates.append(after.adam.mean / 0.1)  # after one step: (1 - β1) g
    error = np.std(estimates, axis=0, ddof=1) / np.sqrt(3000)
    assert (np.abs(np.mean(estimates, axis=0) - SLOPE) < 4 * error).all()


def test_a_coordinate_with_a_diverged_side_counts_as_flat() -> None:
    algorithm = FiniteDifferences(policy(3))
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn())
    returns = request.thetas @ SLOPE
    returns[1] = -np.inf
    after, _ = algorithm.tell(state, (outcome(request, returns),), turn())
    np.testing.assert_allclose(after.adam.mean, 0.1 * SLOPE * [1, 0, 1], rtol=1e-12)
