"""Importance weights, the replay buffer and the off-policy gradient: exact laws, and REINFORCE as the special case."""

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
    outcome,
    policy,
    probability,
    random_trajectory,
    told,
    trajectory,
    true_gradient,
    turn,
)

from algorithms.off_policy import OffPolicy
from algorithms.reinforce import Reinforce
from harness.interface import Floats
from harness.parts import importance, replay

TARGET, BEHAVIOUR = np.array([0.3, -0.2, 0.5, 0.1]), np.array([-0.4, 0.2, 0.1, 0.6])


# Importance weights


def test_log_probability_so_far_starts_anew_in_each_episode() -> None:
    found = importance.so_far(np.array([[1.0, 2.0, 4.0], [0.5, 0.0, 3.0]]), np.array([2, 1]))
    assert found.tolist() == [[1.0, 3.0, 4.0], [0.5, 0.5, 3.0]]


def test_effective_size_by_hand() -> None:
    assert importance.effective_size(np.full(5, 0.3)) == pytest.approx(5.0)
    assert importance.effective_size(np.array([1.0, 0.0, 0.0])) == 1.0
    assert importance.diagnostics(np.array([1.0, 2.0, 5.0]), 1.5) == {
        "effective_share": pytest.approx(64 / 30 / 3),
        "largest_share": 5 / 8,
        "clipped_share": pytest.approx(2 / 3),
    }


def test_log_ratios_are_at_most_twenty_and_fall_without_a_floor() -> None:
    found = importance.ratios(np.array([-1000.0, -30.0, 0.5, 1000.0]), np.zeros(4))
    np.testing.assert_allclose(found, [0.0, np.exp(-30), np.exp(0.5), np.exp(20)])


def test_a_sample_of_which_nothing_is_left_has_no_effective_size() -> None:
    """All weights zero, or so small that their squares are."""
    assert importance.effective_size(np.zeros(4)) == 0.0
    assert importance.effective_size(np.array([1e-250, 1e-250])) == pytest.approx(2.0)
    assert importance.diagnostics(np.zeros(4), 1.0) == {
        "effective_share": 0.0,
        "largest_share": 0.0,
        "clipped_share": 0.0,
    }


def test_second_moment_of_the_weights_is_exp_of_horizon_times_shift_squared() -> None:
    """H = 50 steps, a mean shift of δ = 0.1 standard deviations at each: E[w²] = exp(0.5); 5 standard errors."""
    horizon, shift, count = 50, 0.1, 20_000
    stub, lengths = LinearGaussian(1, 1), np.full(20_000, 50)
    actions = np.random.default_rng(0).normal(size=(count * horizon, 1))
    ones = np.ones_like(actions)
    behaviour, target = (
        importance.so_far(stub.log_probs(candidate(stub, np.array([mean, 0.0])), ones, actions), lengths)
        for mean in (0.0, shift)
    )
    weights = importance.ratios(target, behaviour)[np.cumsum(lengths) - 1]
    error = np.std(weights**2) / np.sqrt(count)
    law = np.exp(horizon * shift**2)
    assert abs(np.mean(weights) - 1.0) < 5 * weights.std() / np.sqrt(count)
    assert abs(np.mean(weights**2) - law) < 5 * error
    assert error < 0.03 * law
    assert importance.effective_size(weights) / count == pytest.approx(1 / law, rel=0.05)


def test_mixture_of_two_behaviours_by_hand() -> None:
    found = importance.mixture(np.log([[0.2, 0.5], [0.6, 0.1]]), np.array([3, 1]))
    np.testing.assert_allclose(np.exp(found), [0.75 * 0.2 + 0.25 * 0.6, 0.75 * 0.5 + 0.25 * 0.1], rtol=1e-14)


def test_mixture_denominators_bound_the_weights_by_n_over_n_current() -> None:
    counts, rng = np.array([10, 7, 3]), np.random.default_rng(2)
    log_probs = rng.normal(scale=30.0, size=(3, 500))
    weights = importance.ratios(log_probs[2], importance.mixture(log_probs, counts))
    assert weights.max() <= 20 / 3 * (1 + 1e-12)
    assert weights.max() > 0.999 * 20 / 3  # the bound is reached


# Replay buffer


def test_buffer_keeps_the_newest_episodes_and_the_policies_that_made_them() -> None:
    stub, rng = TabularSoftmax(), np.random.default_rng(1)
    thetas = rng.normal(size=(3, 4))
    takens = [random_trajectory(stub, theta, [2, 3, 1], rng) for theta in thetas]
    buffer = replay.empty(policy(stub))
    for theta, taken in zip(thetas, takens, strict=True):
        buffer = replay.added(buffer, taken, theta, capacity=5)
    assert buffer.lengths.tolist() == [3, 1, 2, 3, 1]
    assert buffer.makers.tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_array_equal(buffer.thetas, thetas[1:])
    np.testing.assert_array_equal(buffer.rewards, np.concatenate([takens[1].rewards[2:], takens[2].rewards]))
    some = replay.picked(buffer, np.array([4, 1]))
    np.testing.assert_array_equal(some.rewards, [takens[1].rewards[-1], takens[2].rewards[-1]])
    assert (some.lengths.tolist(), some.makers.tolist()) == ([1, 1], [0, 1])


# The gradient


def estimate(algorithm: OffPolicy, buffer: Any, theta: Floats, taken: Any) -> Floats:
    """The gradient of one step, read off Adam's first moment."""
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta, buffer=buffer)
    return np.asarray(told(algorithm, state, taken).adam.mean / 0.1)


ON_POLICY = [("plain", False), ("truncated", False), ("self_normalised", False), ("per_decision", True)]


@pytest.mark.parametrize("denominator", ["mixture", "own"])
@pytest.mark.parametrize(("weights", "reward_to_go"), ON_POLICY)
def test_behaviour_equal_to_target_is_reinforce(weights: Any, reward_to_go: bool, denominator: Any) -> None:
    stub, rng = LinearGaussian(2, 2), np.random.default_rng(3)
    theta = rng.normal(size=stub.dim)
    taken = random_trajectory(stub, theta, [4, 1, 6, 3], rng)
    off = OffPolicy(
        policy(stub), 4, 4, batches=1, batch=4, discount=0.9, weights=weights, denominator=denominator, step_size=0.1
    )
    on = Reinforce(policy(stub), 4, 0.1, 0.9, "average", reward_to_go)
    states = [a.init(np.random.default_rng(0))._replace(theta=theta) for a in (off, on)]
    after_off, after_on = told(off, states[0], taken), told(on, states[1], taken)
    np.testing.assert_allclose(after_off.adam.mean, after_on.adam.mean, rtol=1e-11)
    np.testing.assert_allclose(after_off.theta, after_on.theta, rtol=1e-11)


@pytest.mark.parametrize(("weights", "discount"), [("plain", 0.8), ("per_decision", 1.0)])
def test_own_denominators_have_the_true_gradient_in_expectation(weights: Any, discount: float) -> None:
    """Two episodes of the behaviour, each the other's baseline, over all pairs."""
    stub = TabularSoftmax()
    algorithm = OffPolicy(
        policy(stub), 2, 2, 1, 2, discount=discount, weights=weights, denominator="own", least_effective=0.0
    )
    empty, total = replay.empty(policy(stub)), np.zeros(stub.dim)
    for pair in product(episodes(horizon=2), repeat=2):
        found = estimate(algorithm, empty, TARGET, trajectory(stub, BEHAVIOUR, list(pair)))
        total += probability(pair[0], BEHAVIOUR) * probability(pair[1], BEHAVIOUR) * found
    np.testing.assert_allclose(total, true_gradient(TARGET, discount, horizon=2), atol=1e-12)


@pytest.mark.parametrize(("weights", "discount"), [("plain", 0.8), ("per_decision", 1.0)])
def test_mixture_denominators_have_the_true_gradient_in_expectation(weights: Any, discount: float) -> None:
    """A buffer with one old and one new episode, over all pairs."""
    stub = TabularSoftmax()
    algorithm = OffPolicy(
        policy(stub), 1, 2, batches=1, batch=2, discount=discount, baseline="none", weights=weights, least_effective=0.0
    )
    total = np.zeros(stub.dim)
    for old, new in product(episodes(horizon=2), repeat=2):
        buffer = replay.added(replay.empty(policy(stub)), trajectory(stub, BEHAVIOUR, [old]), BEHAVIOUR, 2)
        found = estimate(algorithm, buffer, TARGET, trajectory(stub, TARGET, [new]))
        total += probability(old, BEHAVIOUR) * probability(new, TARGET) * found
    np.testing.assert_allclose(total, true_gradient(TARGET, discount, horizon=2), atol=1e-12)


def lecture(stub: Any, theta: Floats, batch: list[tuple[Any, Floats]], baseline: Floats, discount: float) -> Floats:
    """1/N Σ P(τ)/Q(τ) (R(τ) - b) ∇log P(τ), with plain products of probabilities and one loop a sum."""
    total = np.zeros(stub.dim)
    for (taken, maker), b in zip(batch, baseline, strict=True):
        weight, value, score = 1.0, 0.0, np.zeros(stub.dim)
        for t in range(taken.rewards.size):
            row = (taken.observations[t : t + 1], taken.actions[t : t + 1])
            ratio = stub.log_probs(candidate(stub, theta), *row) - stub.log_probs(candidate(stub, maker), *row)
            weight *= float(np.exp(ratio[0]))
            value += discount**t * float(taken.rewards[t])
            score += stub.score(candidate(stub, theta), *row, np.ones(1))
        total += weight * (value - b) * score / len(batch)
    return total


def test_plain_weights_are_the_pseudocode_of_the_lecture() -> None:
    """An old episode and two new ones; b is the mean of the new returns, an episode's own left out."""
    stub, rng = LinearGaussian(2, 1), np.random.default_rng(4)
    old, new = 0.3 * rng.normal(size=(2, stub.dim))
    takens = [random_trajectory(stub, old, [5], rng), *(random_trajectory(stub, new, [n], rng) for n in (3, 4))]
    values = [float(np.sum(0.9 ** np.arange(t.rewards.size) * t.rewards)) for t in takens]
    baseline = np.array([(values[1] + values[2]) / 2, values[2], values[1]])
    algorithm = OffPolicy(
        policy(stub), 2, 3, batches=1, batch=3, discount=0.9, weights="plain", denominator="own", least_effective=0.0
    )
    buffer = replay.added(replay.empty(policy(stub)), takens[0], old, 3)
    both = takens[1]._replace(
        **{name: np.concatenate([getattr(takens[1], name), getattr(takens[2], name)]) for name in takens[1]._fields}
    )
    expected = lecture(stub, new, list(zip(takens, (old, new, new), strict=True)), baseline, 0.9)
    np.testing.assert_allclose(estimate(algorithm, buffer, new, both), expected, rtol=1e-11)


def test_truncated_and_self_normalised_weights_by_hand() -> None:
    """Two episodes of one step, mean 0 now and mean m when they were made."""
    stub = LinearGaussian(1, 1)
    taken = random_trajectory(stub, np.zeros(2), [1, 1], np.random.default_rng(0))._replace(
        observations=np.ones((2, 1)), actions=np.array([[1.0], [-2.0]]), rewards=np.array([3.0, 5.0])
    )
    weights = np.array([0.5, 4.0])
    taken = taken._replace(log_probs=stub.log_probs(candidate(stub, np.zeros(2)), np.ones((2, 1)), taken.actions))
    taken = taken._replace(log_probs=taken.log_probs - np.log(weights))
    scores = np.array([[1.0, 0.0], [-2.0, 3.0]])  # the action; its square less 1
    returned = np.array([3.0, 5.0])
    for kind, shares in (("truncated", np.array([0.5, 2.0]) / 2), ("self_normalised", weights / 4.5)):
        algorithm = OffPolicy(
            policy(stub), 2, 2, batches=1, batch=2, baseline="none", weights=kind, denominator="own", truncation=2.0
        )
        found = estimate(algorithm, replay.empty(policy(stub)), np.zeros(2), taken)
        np.testing.assert_allclose(found, (shares * returned) @ scores, rtol=1e-12)


def test_per_decision_weights_by_hand() -> None:
    """Two steps of ratios 2 and 3, rewards 5 and 7, γ = ½: the first action is credited 2·5 + ½·6·7, the second 6·7."""
    stub = LinearGaussian(1, 1)
    taken = random_trajectory(stub, np.zeros(2), [2], np.random.default_rng(0))._replace(
        observations=np.ones((2, 1)), actions=np.array([[1.0], [-2.0]]), rewards=np.array([5.0, 7.0])
    )
    taken = taken._replace(log_probs=stub.log_probs(candidate(stub, np.zeros(2)), np.ones((2, 1)), taken.actions))
    taken = taken._replace(log_probs=taken.log_probs - np.log([2.0, 3.0]))
    algorithm = OffPolicy(
        policy(stub), 1, 1, 1, 1, discount=0.5, baseline="none", weights="per_decision", denominator="own"
    )
    found = estimate(algorithm, replay.empty(policy(stub)), np.zeros(2), taken)
    np.testing.assert_allclose(found, 31.0 * np.array([1.0, 0.0]) + 42.0 * np.array([-2.0, 3.0]), rtol=1e-12)


def test_policies_are_mixed_in_the_shares_of_their_episodes() -> None:
    """One old episode and three new ones: Q = ¼ old + ¾ new, up to each step."""
    stub, rng = LinearGaussian(2, 1), np.random.default_rng(6)
    old, new = 0.5 * rng.normal(size=(2, stub.dim))
    buffer = replay.added(replay.empty(policy(stub)), random_trajectory(stub, old, [3], rng), old, 4)
    buffer = replay.added(buffer, random_trajectory(stub, new, [2, 1, 4], rng), new, 4)
    steps = [stub.log_probs(candidate(stub, theta), buffer.observations, buffer.actions) for theta in (old, new)]
    p_old, p_new = np.exp(importance.so_far(np.stack(steps), buffer.lengths))
    found = np.exp(replay.log_behaviour(buffer, policy(stub), mixed=True))
    np.testing.assert_allclose(found, 0.25 * p_old + 0.75 * p_new, rtol=1e-12)


def test_a_sample_of_which_too_little_counts_is_skipped_and_said_to_be() -> None:
    stub, rng = LinearGaussian(1, 1), np.random.default_rng(5)
    theta = np.zeros(2)
    taken = random_trajectory(stub, theta, [30] * 10, rng)
    taken = taken._replace(log_probs=taken.log_probs + rng.normal(scale=2.0, size=300))  # a far behaviour
    algorithm = OffPolicy(policy(stub), 10, 10, batches=2, batch=10, denominator="own", least_effective=0.5)
    state = algorithm.init(rng)._replace(theta=theta)
    (request,) = algorithm.ask(state, turn())
    after, metrics = algorithm.tell(state, (outcome(request, taken),), turn())
    assert (metrics["skipped"], after.theta.tolist()) == (1.0, [0.0, 0.0])
    assert metrics["effective_share"] < 0.5
