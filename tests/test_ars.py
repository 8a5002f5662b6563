"""ARS against its published code and its laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from gradient_free import OBSERVATIONS, outcome, policy, turn

from algorithms.ars import Ars, State
from harness.interface import Floats, Scaler
from harness.parts.moments import empty


def score(theta: Floats, scaler: Scaler, seed: int) -> tuple[float, Floats]:
    """A made-up rollout: a return, and the observations [N, O] seen; both depend on all that is given."""
    rng = np.random.default_rng(seed)
    observations = rng.normal([1.0, -2.0, 0.5], [0.1, 3.0, 1.0], (int(rng.integers(3, 9)), OBSERVATIONS)) + theta[:1]
    features = ((observations - scaler.mean) / scaler.std).mean(axis=0)  # [O]
    return float(features @ theta[:OBSERVATIONS] - theta @ theta + 0.1 * rng.standard_normal()), observations


class RunningStat:
    """`code/filter.py` of the published code, one observation at a time."""

    def __init__(self) -> None:
        self.n, self.mean, self.s = 0, np.zeros(OBSERVATIONS), np.zeros(OBSERVATIONS)

    def push(self, x: Floats) -> None:
        self.n += 1
        if self.n == 1:
            self.mean = x.copy()
        else:
            delta = x - self.mean
            self.mean = self.mean + delta / self.n
            self.s = self.s + delta * delta * (self.n - 1) / self.n

    def scaler(self) -> Scaler:
        if self.n == 0:
            return Scaler(np.zeros(OBSERVATIONS), np.ones(OBSERVATIONS))
        std = np.sqrt(self.s / (self.n - 1))
        std[std < 1e-7] = np.inf
        return Scaler(self.mean, std + 1e-8)


@pytest.mark.parametrize(
    ("top", "normalise", "shift"), [(0, False, 0.0), (3, False, 1.0), (0, True, 0.0), (3, True, 1.0)]
)
def test_the_four_variants_equal_the_published_code(top: int, normalise: bool, shift: float) -> None:
    dim, count, alpha, nu = 4, 8, 0.3, 0.2
    algorithm = Ars(policy(dim), directions=count, top=top, step_size=alpha, noise=nu, normalise=normalise, shift=shift)
    state = algorithm.init(np.random.default_rng(0))
    w, stat = np.zeros(dim), RunningStat()
    for number in range(7):
        (request,) = algorithm.ask(state, turn(number))
        frozen = stat.scaler() if normalise else RunningStat().scaler()
        deltas = turn(number).rng("directions").standard_normal((count, dim))
        rewards, lengths, sums = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros((2 * count, 3, OBSERVATIONS))
        for side, k in itertools.product((0, 1), range(count)):
            theta = w + (1 - 2 * side) * nu * deltas[k]
            row = side * count + k
            np.testing.assert_allclose(request.thetas[row], theta, rtol=1e-10)
            np.testing.assert_allclose(request.scaler, frozen, rtol=1e-10)
            rewards[k, side], seen = score(theta, frozen, int(request.seeds[row]))
            lengths[k, side] = len(seen)
            sums[row] = np.full(OBSERVATIONS, len(seen)), seen.sum(0), (seen**2).sum(0)
            for x in seen:
                stat.push(x)
        result = outcome(request, rewards.T.ravel(), lengths.T.reshape(-1, 1), sums if normalise else None)
        state, _ = algorithm.tell(state, (result,), turn(number))
        rollout_rewards = rewards - shift * lengths  # code/ars.py: aggregate_rollouts
        max_rewards = rollout_rewards.max(axis=1)
        used = (top or count) / count
        idx = np.arange(count)[max_rewards >= np.percentile(max_rewards, 100 * (1 - used))]
        rollout_rewards = rollout_rewards[idx] / np.std(rollout_rewards[idx])
        g_hat = sum((r[0] - r[1]) * d for r, d in zip(rollout_rewards, deltas[idx], strict=True)) / idx.size
        w = w + alpha * g_hat
        np.testing.assert_allclose(state.theta, w, rtol=1e-10)
    np.testing.assert_allclose(
        algorithm.solution(state).scaler.std, stat.scaler().std if normalise else 1.0, rtol=1e-10
    )


@pytest.mark.parametrize("top", [1, 2, 4, 5])
def test_kept_directions_are_those_of_the_published_percentile_ties_included(top: int) -> None:
    rng = np.random.default_rng(top)
    for _ in range(200):
        pairs = rng.integers(0, 4, (6, 2)).astype(float)  # many ties
        best = pairs.max(axis=1)
        expected = np.flatnonzero(best >= np.percentile(best, 100 * (1 - top / 6)))
        np.testing.assert_array_equal(Ars(policy(2), directions=6, top=top)._kept(pairs), expected)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_step_is_two_alpha_epsilon_with_one_direction(scale: float) -> None:
    algorithm = Ars(policy(5), directions=1, step_size=0.02)
    state = algorithm.init(np.random.default_rng(0))
    epsilon = turn().rng("directions").standard_normal((1, 5))[0]
    (request,) = algorithm.ask(state, turn())
    for plus, sign in ((1.0, 1.0), (-1.0, -1.0)):
        after, _ = algorithm.tell(state, (outcome(request, [scale * plus, 0.0]),), turn())
        np.testing.assert_allclose(after.theta, sign * 2 * 0.02 * epsilon, rtol=1e-15)


def test_one_turn_by_hand() -> None:
    algorithm = Ars(policy(2), directions=2, step_size=0.5, noise=0.1)
    epsilon = turn().rng("directions").standard_normal((2, 2))
    state = State(np.array([1.0, -1.0]), empty(OBSERVATIONS))
    (request,) = algorithm.ask(state, turn())
    np.testing.assert_allclose(request.thetas[3], state.theta - 0.1 * epsilon[1], rtol=1e-15)
    after, metrics = algorithm.tell(state, (outcome(request, [4.0, 0.0, 0.0, 4.0]),), turn())
    assert metrics["sigma_R"] == 2.0  # of 4, 0, 0, 4
    np.testing.assert_allclose(after.theta, state.theta + 0.5 / (2 * 2) * (4 * epsilon[0] - 4 * epsilon[1]), rtol=1e-14)


def test_no_step_where_all_returns_are_equal() -> None:
    algorithm = Ars(policy(3), normalise=True)
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn())
    moments = np.ones((16, 3, OBSERVATIONS))
    after, metrics = algorithm.tell(state, (outcome(request, np.full(16, -200.0), moments=moments),), turn())
    np.testing.assert_array_equal(after.theta, state.theta)
    assert metrics["sigma_R"] == 0.0
    assert after.moments.number == 16  # what was seen was seen


def test_a_direction_with_a_diverged_side_is_dropped_with_what_it_saw() -> None:
    algorithm = Ars(policy(3), directions=2, normalise=True)
    state = algorithm.init(np.random.default_rng(0))
    epsilon = turn().rng("directions").standard_normal((2, 3))
    (request,) = algorithm.ask(state, turn())
    moments = np.ones((4, 3, OBSERVATIONS))
    moments[2, 1:] = np.nan
    after, _ = algorithm.tell(state, (outcome(request, [9.0, 1.0, -np.inf, 3.0], moments=moments),), turn())
    np.testing.assert_allclose(after.theta, -2 * 0.02 * epsilon[1], rtol=1e-14)  # one direction left: a sign step
    assert after.moments.number == 3


def test_pairs_share_their_seeds_only_if_wished() -> None:
    for wish in (False, True):
        (request,) = Ars(policy(3), common_random_numbers=wish).ask(State(np.zeros(3), empty(OBSERVATIONS)), turn())
        plus, minus = np.split(request.seeds, 2)
        assert (plus == minus).all() == wish
        assert len(set(plus.tolist())) == 8


@pytest.mark.parametrize(("dim", "pairs"), [(3, 1), (8, 1), (8, 4)])
def test_antithetic_estimator_has_relative_variance_of_dim_plus_one_over_pairs(dim: int, pairs: int) -> None:
    """f = a · θ: tr Cov / |a|² = (d + 1) / N. The estimate Σ (r+ - r-) ε / (2 ν N) is the step times σ_R / (2 ν α)."""
    slope = np.linspace(1.0, 2.0, dim)
    algorithm = Ars(policy(dim), directions=pairs)
    state = algorithm.init(np.random.default_rng(0))
    squares, turns = [], 4000
    for number in range(turns):
        (request,) = algorithm.ask(state, turn(number))
        after, metrics = algorithm.tell(state, (outcome(request, request.thetas @ slope),), turn(number))
        gradient = after.theta * metrics["sigma_R"] / (2 * algorithm.noise * algorithm.step_size)  # [P]
        squares.append(((gradient - slope) ** 2).sum() / (slope @ slope))
    law, error = (dim + 1) / pairs, np.std(squares) / np.sqrt(turns)
    assert abs(np.mean(squares) - law) < 3 * error
    assert error < 0.04 * law
