"""Policies: scores are slopes of log probabilities, Fisher products are expectations of their outer products."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from harness.interface import Candidate, Floats, Scaler, Space
from harness.policy import Policy, build
from harness.streams import stream

DISCRETE = Space(4, 3, True)
CONTINUOUS = Space(4, 2, False, (-1.0, -1.0), (1.0, 1.0))
SCALER = Scaler(np.array([0.1, -0.2, 0.0, 1.0]), np.array([0.5, 2.0, 1.0, 3.0]))
STRUCTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear", {}),
    "linear with a bias": ("linear", {"bias": True}),
    "mlp": ("mlp", {"widths": (6, 5)}),
    "tree": ("tree", {}),  # has no closed form
}
CASES = [(structure, space) for structure in STRUCTURES for space in (DISCRETE, CONTINUOUS)]


def policy_of(structure: str, space: Space, explores: bool = True) -> Policy:
    file, settings = STRUCTURES[structure]
    return build(file, settings, space, explores, seed=0)


def drawn(policy: Policy, steps: int = 7) -> tuple[Candidate, Floats, Floats]:
    """A candidate, observations [N, O] and actions [N, A] that it might have taken."""
    rng = stream(1, policy.head)
    candidate = Candidate(0.4 * rng.standard_normal(policy.dim), SCALER)
    observations = rng.standard_normal((steps, 4))
    if policy.space.discrete:
        return candidate, observations, rng.integers(0, 3, (steps, 1)).astype(np.float64)
    return candidate, observations, rng.standard_normal((steps, 2))


def slope(function: Any, theta: Floats, step: float = 1e-3) -> Floats:
    """Gradient [P] by central differences of fourth order."""
    found = np.empty_like(theta)
    for p in range(theta.size):
        unit = step * np.eye(theta.size)[p]
        near, far = ((function(theta + k * unit) - function(theta - k * unit)) / (2 * k * step) for k in (1, 2))
        found[p] = (4.0 * near - far) / 3.0
    return found


@pytest.mark.parametrize(("structure", "space"), CASES)
def test_score_is_the_slope_of_the_weighted_log_probs(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    candidate, observations, actions = drawn(policy)
    weights = np.array([1.0, -2.0, 0.5, 0.0, 3.0, 1.0, -1.0])

    def objective(theta: Floats) -> float:
        return float(weights @ policy.log_probs(Candidate(theta, SCALER), observations, actions))

    score = policy.score(candidate, observations, actions, weights)
    assert score.shape == (policy.dim,)
    np.testing.assert_allclose(score, slope(objective, candidate.theta), atol=2e-8 * np.abs(score).max())


@pytest.mark.parametrize(("structure", "space"), CASES)
def test_episode_scores_are_scores_of_their_steps_and_sum_to_the_score_of_all(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    candidate, observations, actions = drawn(policy)
    rows = policy.episode_scores(candidate, observations, actions, np.array([3, 1, 3]))
    assert rows.shape == (3, policy.dim)
    np.testing.assert_allclose(rows.sum(axis=0), policy.score(candidate, observations, actions, np.ones(7)), atol=1e-12)
    for row, steps in zip(rows, (range(3), range(3, 4), range(4, 7)), strict=True):
        chosen = np.isin(np.arange(7), steps).astype(np.float64)
        np.testing.assert_allclose(row, policy.score(candidate, observations, actions, chosen), atol=1e-12)


def possible_actions(policy: Policy, candidate: Candidate, observation: Floats) -> list[tuple[float, Floats]]:
    """Probability and value [1, A] of actions at one observation [1, O], such that averages of polynomials of degree
    seven are expectations: all choices, or the nodes of Gauss and Hermite's quadrature."""
    if policy.space.discrete:
        every = [np.array([[float(a)]]) for a in range(policy.space.actions)]
        return [(float(np.exp(policy.log_probs(candidate, observation, action)[0])), action) for action in every]
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    weights = weights / weights.sum()
    mean = means(policy, candidate, observation)
    std = np.exp(candidate.theta[policy.structure.dim :])
    pairs = product(range(4), repeat=policy.space.actions)
    return [(float(np.prod(weights[list(i)])), mean + std * nodes[list(i)]) for i in pairs]


def means(policy: Policy, candidate: Candidate, observation: Floats) -> Floats:
    """Of a Gaussian policy [1, A]: with std 1, log pi(a) - log pi(0) = a mu - a^2 / 2."""
    unit = Candidate(np.append(candidate.theta[: policy.structure.dim], np.zeros(policy.space.actions)), SCALER)
    zero = policy.log_probs(unit, observation, np.zeros((1, policy.space.actions)))
    ones = [policy.log_probs(unit, observation, row[None]) for row in np.eye(policy.space.actions)]
    return np.array([[float(one[0] - zero[0]) + 0.5 for one in ones]])


@pytest.mark.parametrize("structure", ["linear with a bias", "mlp"])
@pytest.mark.parametrize("space", [DISCRETE, CONTINUOUS])
def test_one_pass_gives_the_same_bits_as_log_probs_and_score(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    here = drawn(policy)
    log_probs, score = policy.scored(*here)
    assert log_probs.tobytes() == policy.log_probs(*here).tobytes()
    for weights in (np.arange(7.0), -np.ones(7)):  # asked twice: the first leaves nothing behind
        assert score(weights).tobytes() == policy.score(*here, weights).tobytes()


@pytest.mark.parametrize(("structure", "space"), CASES)
def test_fisher_product_is_the_expected_outer_product_of_scores_times_the_vector(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    candidate, observations, _ = drawn(policy, steps=3)
    fisher, mean_score = np.zeros((policy.dim, policy.dim)), np.zeros(policy.dim)
    for observation in observations[:, None]:
        for probability, action in possible_actions(policy, candidate, observation):
            score = policy.score(candidate, observation, action, np.ones(1))
            fisher += probability * np.outer(score, score) / len(observations)
            mean_score += probability * score
    np.testing.assert_allclose(mean_score, 0.0, atol=1e-11)  # scores have no mean
    for number in range(3):
        vector = stream(number, "vector").standard_normal(policy.dim)
        found = policy.fisher(candidate, observations)(vector)
        np.testing.assert_allclose(found, fisher @ vector, atol=1e-10 * np.abs(found).max())


@pytest.mark.parametrize(("structure", "space"), CASES)
def test_probabilities_of_all_actions_sum_to_one(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    candidate, observations, _ = drawn(policy, steps=2)
    if space.discrete:
        every = [policy.log_probs(candidate, observations, np.full((2, 1), float(a))) for a in range(3)]
        np.testing.assert_allclose(np.exp(every).sum(axis=0), 1.0, rtol=1e-14)
        return
    mean, std = means(policy, candidate, observations[:1])[0], np.exp(candidate.theta[-2:])
    offsets = np.linspace(-9.0, 9.0, 181)  # in std: the trapezoidal rule is exact to rounding for a Gaussian
    grid = mean + std * np.array(list(product(offsets, repeat=2)))
    density = np.exp(policy.log_probs(candidate, np.repeat(observations[:1], len(grid), axis=0), grid))
    assert density.sum() * 0.1**2 * std.prod() == pytest.approx(1.0, rel=1e-10)


def test_log_probs_by_hand() -> None:
    discrete = policy_of("linear", Space(1, 2, True))
    scaler = Scaler(np.array([1.0]), np.array([2.0]))
    found = discrete.log_probs(Candidate(np.array([0.0, np.log(3.0)]), scaler), np.array([[3.0]]), np.array([[1.0]]))
    assert found[0] == pytest.approx(np.log(3.0 / 4.0), rel=1e-15)  # x = (3 - 1) / 2 = 1, so odds 1 : 3
    gaussian = policy_of("linear", Space(1, 1, False, (-1.0,), (1.0,)))
    candidate = Candidate(np.array([2.0, np.log(0.5)]), scaler)
    found = gaussian.log_probs(candidate, np.array([[3.0]]), np.array([[2.5]]))  # mean 2, std 1/2, z = 1
    assert found[0] == pytest.approx(-0.5 - np.log(0.5) - 0.5 * np.log(2 * np.pi), rel=1e-15)


def test_log_probs_of_enormous_outputs_are_finite() -> None:
    policy = policy_of("linear", DISCRETE)
    candidate = Candidate(np.full(policy.dim, 1e6) * np.arange(policy.dim), SCALER)
    _, observations, actions = drawn(policy)
    assert np.isfinite(policy.log_probs(candidate, observations, actions)).all()
    assert np.isfinite(policy.score(candidate, observations, actions, np.ones(7))).all()


@pytest.mark.parametrize(
    ("space", "explores", "head", "tail"),
    [
        (DISCRETE, False, "greedy", 0),
        (CONTINUOUS, False, "greedy", 0),
        (DISCRETE, True, "categorical", 0),
        (CONTINUOUS, True, "gaussian", 2),
    ],
)
def test_the_head_and_the_number_of_parameters(space: Space, explores: bool, head: str, tail: int) -> None:
    policy = policy_of("linear with a bias", space, explores)
    assert (policy.head, policy.tail) == (head, tail)
    assert policy.dim == space.actions * 5 + tail


@pytest.mark.parametrize(("structure", "space"), CASES)
def test_init_is_the_structures_with_a_std_of_one(structure: str, space: Space) -> None:
    policy = policy_of(structure, space)
    theta = policy.init(stream(3, "init"))
    assert theta.shape == (policy.dim,)
    assert theta.dtype == np.float64
    assert np.array_equal(theta[: policy.structure.dim], policy.structure.init(stream(3, "init")))
    assert (theta[policy.structure.dim :] == 0.0).all()


def test_a_structure_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="CartPole"):
        build("programs.cartpole_balance", {}, Space(5, 2, True), False, 0)
