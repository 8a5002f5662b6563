"""Laws that every gradient-free method keeps, on candidates whose return is a known function of their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradient_free import outcome, play, policy, turn

from algorithms.ars import Ars
from algorithms.cma_es import CmaEs
from algorithms.cross_entropy import CrossEntropy
from algorithms.evolution_strategy import EvolutionStrategy
from algorithms.finite_differences import FiniteDifferences
from algorithms.hill_climbing import HillClimbing
from algorithms.openai_es import OpenaiEs
from algorithms.random_search import RandomSearch
from harness.interface import Floats
from harness.state import flatten, restore

DIM = 4
OPTIMUM = np.array([1.0, -0.5, 0.25, 2.0])  # [P]
RANK_BASED = (HillClimbing, CrossEntropy, EvolutionStrategy, OpenaiEs, CmaEs)
ORDER_AND_WORST = (RandomSearch, *RANK_BASED)
ALL = (*ORDER_AND_WORST, Ars, FiniteDifferences)


def parabola(thetas: Floats) -> Floats:
    """Returns [D] of candidates [D, P]: best at the optimum, where it is zero."""
    return -((thetas - OPTIMUM) ** 2).sum(axis=1)


def assert_same(one: Any, other: Any) -> None:
    left, right = flatten(one), flatten(other)
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


@pytest.mark.parametrize(
    ("algorithm", "turns", "distance"),
    [
        (RandomSearch(policy(DIM)), 300, 0.6),  # |θ - θ*| at the start: 2.3
        (HillClimbing(policy(DIM)), 300, 0.2),
        (CrossEntropy(policy(DIM), population=40), 60, 1e-4),
        (EvolutionStrategy(policy(DIM)), 150, 1e-4),
        (OpenaiEs(policy(DIM), weight_decay=0.0), 400, 0.1),
        (CmaEs(policy(DIM)), 150, 1e-6),
        (CmaEs(policy(DIM), diagonal_above=2), 150, 1e-6),
        (Ars(policy(DIM), common_random_numbers=True), 300, 0.1),
        (FiniteDifferences(policy(DIM)), 300, 1e-3),
        (FiniteDifferences(policy(DIM), coordinates=2), 300, 0.1),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "policy") else str(value),
)
def test_finds_the_top_of_a_parabola(algorithm: Any, turns: int, distance: float) -> None:
    solution = algorithm.solution(play(algorithm, parabola, turns))
    assert np.linalg.norm(solution.theta - OPTIMUM) < distance


@pytest.mark.parametrize("kind", RANK_BASED)
def test_an_increasing_transformation_of_the_returns_changes_no_bit(kind: Any) -> None:
    algorithm = kind(policy(DIM), episodes=1)
    plain = play(algorithm, parabola, 12)
    assert_same(plain, play(algorithm, lambda thetas: 1e5 * np.exp(parabola(thetas) / 50) - 3, 12))


@pytest.mark.parametrize("kind", ORDER_AND_WORST)
def test_a_diverged_candidate_counts_as_the_worst(kind: Any) -> None:
    """The best candidate of each turn diverges: nothing differs from it having the lowest return."""
    algorithm = kind(policy(DIM))

    def spoilt(worst: float) -> Any:
        def score(thetas: Floats) -> Floats:
            returns = parabola(thetas)
            returns[np.argmax(returns)] = worst
            return returns

        return score

    diverged = play(algorithm, spoilt(-np.inf), 10)
    assert np.isfinite(algorithm.solution(diverged).theta).all()
    if kind is not RandomSearch:  # where the incumbent's mean is made of numbers, not of comparisons
        assert_same(diverged, play(algorithm, spoilt(-1e12), 10))


@pytest.mark.parametrize("kind", ALL)
def test_no_pattern_of_diverged_candidates_spoils_the_state(kind: Any) -> None:
    rng = np.random.default_rng(11)
    algorithm = kind(policy(DIM))
    state = algorithm.init(rng)
    for number in range(60):
        (request,) = algorithm.ask(state, turn(number))
        returns = parabola(request.thetas)
        returns[rng.random(len(returns)) < rng.random()] = -np.inf
        state, metrics = algorithm.tell(state, (outcome(request, returns),), turn(number))
        assert np.isfinite(algorithm.solution(state).theta).all()
        assert not np.isnan(list(metrics.values())).any()
        for name, leaf in flatten(state).items():
            assert not np.isnan(leaf).any(), name


@pytest.mark.parametrize("kind", ALL)
def test_a_turn_in_which_all_diverge_changes_nothing(kind: Any) -> None:
    algorithm = kind(policy(DIM))
    state = play(algorithm, parabola, 3)
    (request,) = algorithm.ask(state, turn(3))
    after, _ = algorithm.tell(state, (outcome(request, np.full(len(request.thetas), -np.inf)),), turn(3))
    assert_same(state, after)


@pytest.mark.parametrize("kind", ALL)
def test_with_one_finite_candidate_methods_that_select_take_it_and_those_that_subtract_stay(kind: Any) -> None:
    algorithm = kind(policy(DIM))
    state = play(algorithm, parabola, 2)
    (request,) = algorithm.ask(state, turn(2))
    returns = np.full(len(request.thetas), -np.inf)
    returns[-1] = 0.0
    after, _ = algorithm.tell(state, (outcome(request, returns),), turn(2))
    solution = algorithm.solution(after).theta
    if kind in (RandomSearch, HillClimbing, CrossEntropy, EvolutionStrategy):
        np.testing.assert_array_equal(solution, request.thetas[-1])
    if kind in (Ars, FiniteDifferences):
        np.testing.assert_array_equal(solution, algorithm.solution(state).theta)


@pytest.mark.parametrize("kind", ALL)
def test_saved_and_loaded_at_every_turn_equals_never_stopped(kind: Any) -> None:
    algorithm = kind(policy(DIM))
    template = state = algorithm.init(np.random.default_rng(7))
    for number in range(6):
        (request,) = algorithm.ask(state, turn(number))
        state, _ = algorithm.tell(state, (outcome(request, parabola(request.thetas)),), turn(number))
        state = restore(template, flatten(state))
    assert_same(state, play(algorithm, parabola, 6))
