"""Baselines: hand values, and the laws of their bias and variance by listing all trajectories of a small problem."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from stub_policies import (
    LinearGaussian,
    TabularSoftmax,
    candidate,
    episodes,
    policy,
    probability,
    told,
    trajectory,
    true_gradient,
)

from algorithms.reinforce import Reinforce
from harness.interface import Floats
from harness.parts import baselines

THETA = np.array([0.3, -0.2, 0.5, 0.1])


def test_average_of_the_others_by_hand() -> None:
    found = baselines.average_of_others(np.array([1.0, 2.0, 6.0]), np.ones(3))
    assert found.tolist() == [4.0, 3.5, 1.5]


def test_an_episode_alone_has_no_baseline() -> None:
    assert baselines.average_of_others(np.array([5.0]), np.ones(1)).tolist() == [0.0]


def test_average_to_go_counts_only_episodes_that_still_run() -> None:
    to_go, lengths = np.array([6.0, 2.0, 4.0, 2.0, 1.0, 8.0]), np.array([2, 3, 1])
    found = baselines.average_of_others_to_go(to_go, lengths, np.ones(3))
    assert found.tolist() == [(4 + 8) / 2, 2.0, (6 + 8) / 2, 2.0, 0.0, (6 + 4) / 2]


def test_optimal_constant_by_hand() -> None:
    returned, scores = np.array([1.0, 4.0]), np.array([[1.0, 1.0], [0.0, 2.0]])  # |z|² = 2, 4
    assert baselines.optimal_constant(returned, scores) == (2 * 1 + 4 * 4) / 6
    assert baselines.optimal_constant_of_others(returned, scores).tolist() == [4.0, 1.0]


def test_features_of_rllab_by_hand() -> None:
    found = baselines.value_features(np.array([[20.0, -3.0]]), np.array([50]))
    assert found.tolist() == [[10.0, -3.0, 100.0, 9.0, 0.5, 0.25, 0.125, 1.0]]
    assert baselines.feature_count(2) == found.size


def test_fitted_values_recover_a_value_that_is_linear_in_the_features() -> None:
    rng = np.random.default_rng(5)
    features = baselines.value_features(rng.normal(size=(400, 2)), rng.integers(0, 300, size=400))
    weights = rng.normal(size=8)
    values = features @ weights
    np.testing.assert_allclose(features @ baselines.fit_values(features, values), values, atol=1e-4)


def listed() -> tuple[Floats, Floats, Floats]:
    """Probability, return and score of each trajectory under THETA."""
    stub, found = TabularSoftmax(), episodes()
    chances = np.array([probability(episode, THETA) for episode in found])
    takens = [trajectory(stub, THETA, [episode]) for episode in found]
    scores = np.concatenate(
        [stub.episode_scores(candidate(stub, THETA), t.observations, t.actions, t.lengths) for t in takens]
    )
    return chances, np.array([episode.rewards.sum() for episode in found]), scores


def trace_of_covariance(baseline: float) -> float:
    chances, returned, scores = listed()
    estimates = (returned - baseline)[:, None] * scores
    return float(chances @ ((estimates - chances @ estimates) ** 2).sum(axis=1))


def test_the_list_of_trajectories_is_complete() -> None:
    assert len(episodes()) == len({(tuple(e.states), tuple(e.actions)) for e in episodes()})
    assert sum(probability(episode, THETA) for episode in episodes()) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("constant", [-3.0, 0.0, 1.7, 40.0])
def test_constant_baseline_leaves_the_expected_gradient(constant: float) -> None:
    chances, returned, scores = listed()
    expected = chances @ ((returned - constant)[:, None] * scores)
    np.testing.assert_allclose(expected, true_gradient(THETA, 1.0), atol=1e-13)


def test_optimal_constant_has_the_smallest_trace_of_covariance_of_all_constants() -> None:
    chances, returned, scores = listed()
    weights = chances * (scores**2).sum(axis=1)
    best = float(weights @ returned / weights.sum())  # E[|z|² R] / E[|z|²], exactly
    whole = 40_000  # a batch in which every trajectory is as frequent as it is likely
    copies = np.round(chances * whole).astype(np.int64)
    estimated = baselines.optimal_constant(returned.repeat(copies), scores.repeat(copies, axis=0))
    assert estimated == pytest.approx(best, abs=1e-3)
    smallest = trace_of_covariance(best)
    curvature = float(weights.sum())  # tr Cov(b) = tr Cov(b*) + E|z|² (b - b*)²
    for offset in (-2.0, -0.01, 0.01, 2.0):
        assert trace_of_covariance(best + offset) - smallest == pytest.approx(curvature * offset**2, rel=1e-9)


def settings(baseline: str, reward_to_go: bool, discount: float) -> dict[str, Any]:
    return {"baseline": baseline, "reward_to_go": reward_to_go, "discount": discount}


UNBIASED = [
    settings("none", False, 0.8),
    settings("average", False, 0.8),
    settings("optimal", False, 0.8),
    settings("value", False, 0.8),
    settings("none", True, 1.0),
    settings("average", True, 1.0),
    settings("value", True, 1.0),
]


@pytest.mark.parametrize("choice", UNBIASED, ids=lambda c: f"{c['baseline']}-{c['reward_to_go']}")
def test_reinforce_of_two_episodes_has_the_true_gradient_in_expectation(choice: dict[str, Any]) -> None:
    """All pairs of trajectories: leave-one-out and past data leave no bias, though the batch is as small as can be."""
    stub = TabularSoftmax()
    algorithm = Reinforce(policy(stub), episodes=2, step_size=1.0, optimiser="plain", **choice)
    state = algorithm.init(np.random.default_rng(0))
    state = state._replace(theta=THETA, value=np.random.default_rng(1).normal(size=state.value.size))
    total = np.zeros(stub.dim)
    for first, second in product(episodes(horizon=2), repeat=2):
        step = told(algorithm, state, trajectory(stub, THETA, [first, second])).theta - THETA
        total += probability(first, THETA) * probability(second, THETA) * step
    np.testing.assert_allclose(total, true_gradient(THETA, choice["discount"], horizon=2), atol=1e-12)


def test_an_average_that_counts_its_own_episode_halves_the_gradient_of_two() -> None:
    """Why the average is over the others: over N episodes, own included, the gradient shrinks by (N - 1) / N."""
    chances, returned, scores = listed()
    total = np.zeros(4)
    for i, j in product(range(len(chances)), repeat=2):
        mean = (returned[i] + returned[j]) / 2
        estimate = ((returned[i] - mean) * scores[i] + (returned[j] - mean) * scores[j]) / 2
        total += chances[i] * chances[j] * estimate
    np.testing.assert_allclose(total, true_gradient(THETA, 1.0) / 2, atol=1e-13)


HORIZON, DIMENSION, MEAN, STD = 12, 3, np.array([0.5, -1.0, 2.0]), 0.4
DIRECTION = np.array([1.0, 2.0, -0.5])  # c: the reward of a step is c · a
OFFSET = float(DIRECTION @ MEAN)
SPREAD = STD**2 * float(DIRECTION @ DIRECTION)
LAWS = {  # tr Cov / |E g|² of one episode
    "none": (settings("none", False, 1.0), 0.0, HORIZON * DIMENSION * OFFSET**2 / SPREAD + DIMENSION + 1),
    "expected return": (settings("value", False, 1.0), HORIZON * OFFSET, DIMENSION + 1),
    "causal": (settings("value", True, 0.0), OFFSET, (DIMENSION + 1) / HORIZON),
}


@pytest.mark.parametrize("name", LAWS)
def test_trace_of_covariance_of_reinforce_with_an_open_loop_gaussian(name: str) -> None:
    """The horizon's penalty is the missing baseline and the missing causality; 2000 episodes, 4 standard errors."""
    choice, value, law = LAWS[name]
    stub = LinearGaussian(1, DIMENSION)
    algorithm = Reinforce(policy(stub), episodes=1, step_size=1.0, optimiser="plain", **choice)
    theta = np.concatenate([MEAN, np.full(DIMENSION, np.log(STD))])
    state = algorithm.init(np.random.default_rng(0))
    weights = np.zeros(state.value.size)
    weights[-1] = value  # V is a constant
    state = state._replace(theta=theta, value=weights)
    rng, template = np.random.default_rng(8), trajectory(TabularSoftmax(), THETA, episodes()[:1])
    estimates = []
    for _ in range(2000):
        actions = MEAN + STD * rng.normal(size=(HORIZON, DIMENSION))
        taken = template._replace(
            observations=np.ones((HORIZON, 1)),
            actions=actions,
            log_probs=np.zeros(HORIZON),
            rewards=actions @ DIRECTION,
            lengths=np.array([HORIZON]),
        )
        estimates.append((told(algorithm, state, taken).theta - theta)[:DIMENSION])
    truth = HORIZON * DIRECTION
    squares = ((np.array(estimates) - truth) ** 2).sum(axis=1) / (truth @ truth)
    error = squares.std() / np.sqrt(squares.size)
    assert abs(squares.mean() - law) < 4 * error
    assert error < 0.1 * law


def test_reward_to_go_refuses_the_optimal_constant_of_the_whole_return() -> None:
    with pytest.raises(ValueError, match="reward_to_go"):
        Reinforce(policy(TabularSoftmax()), baseline="optimal", reward_to_go=True)
