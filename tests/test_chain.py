"""The known answers of the chain, against hands, finite differences and rollouts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from environments import chain
from environments.chain import Chain
from harness.interface import Floats
from harness.rollouts.random import seed_generator
from harness.streams import stream

BACK, FORWARD = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def always(action: Floats, states: int) -> Floats:
    """Probabilities [N, A] of the policy that does the same everywhere."""
    return np.tile(action, (states, 1))


def some_probabilities(states: int) -> Floats:
    """A policy [N, A] with all probabilities positive."""
    forward = np.random.default_rng(5).uniform(0.2, 0.9, size=states)
    return np.column_stack([1.0 - forward, forward])


def play(problem: Chain, probabilities: Floats, horizon: int, seed: int) -> float:
    """Return of one episode of the compiled environment."""
    generator, rng = np.empty(4, np.uint64), stream(seed, "actions")  # not the environment's own bits again
    state, observation = np.zeros(problem.state_dim), np.zeros(problem.states)
    seed_generator(seed, generator)
    chain.reset(generator, problem.parameters, state)
    total = 0.0
    for _ in range(horizon):
        chain.observe(problem.parameters, state, observation)
        assert observation.sum() == 1.0
        action = np.array([float(rng.random() < observation @ probabilities[:, 1])])
        reward, terminated = chain.step(generator, problem.parameters, state, action)
        assert not terminated
        total += reward
    return total


def test_values_without_slip_by_hand():
    problem = Chain(states=5, slip=0.0)
    assert problem.value(always(FORWARD, 5), 4) == 0.0  # the last state is reached, not yet paid
    assert problem.value(always(FORWARD, 5), 7) == 30.0
    assert problem.value(always(BACK, 5), 7) == 14.0
    assert problem.optimal_value(4) == 8.0
    assert problem.optimal_value(5) == 10.0  # 5 times back, or forward to the end and paid once
    assert problem.optimal_value(6) == 20.0


def test_value_of_two_states_and_two_steps_with_slip_by_hand():
    """Slip 0.1, always forward. Last step: 0.1·2 = 0.2 in state 0, 0.9·10 + 0.1·2 = 9.2 in state 1.

    First step, from state 0: 0.2 + 0.9·9.2 + 0.1·0.2 = 8.5.
    """
    assert Chain(states=2, slip=0.1).value(always(FORWARD, 2), 2) == pytest.approx(8.5, abs=1e-12)


def test_1000_steps_of_the_five_state_chain_are_worth_3677_as_in_the_literature():
    """The optimum for five states and slip 0.2 that papers after Strens (2000) quote, for a start that is not paid."""
    per_step = Chain().optimal_value(2000) - Chain().optimal_value(1999)
    assert 1000 * per_step == pytest.approx(3677, abs=0.5)


@pytest.mark.parametrize("problem", [Chain(), Chain(states=3, slip=0.05)])
def test_value_is_the_mean_of_2000_episodes_within_4_standard_errors(problem):
    probabilities = some_probabilities(problem.states)
    returns = np.array([play(problem, probabilities, 20, seed) for seed in range(2000)])
    error = returns.std(ddof=1) / math.sqrt(returns.size)
    assert 0.0 < error < 0.05 * returns.mean()
    assert abs(returns.mean() - problem.value(probabilities, 20)) < 4.0 * error


def test_value_gradient_is_the_finite_difference_of_the_value_to_1e_7():
    problem, probabilities, step = Chain(), some_probabilities(5), 1e-6
    differences = np.empty_like(probabilities)  # [N, A]
    for index in np.ndindex(probabilities.shape):
        change = np.zeros_like(probabilities)
        change[index] = step
        ahead, behind = problem.value(probabilities + change, 12), problem.value(probabilities - change, 12)
        differences[index] = (ahead - behind) / (2.0 * step)
    gradient = problem.value_gradient(probabilities, 12)
    np.testing.assert_allclose(gradient, differences, rtol=0.0, atol=1e-7 * np.abs(differences).max())


def _next_states(action: Floats, slip: float) -> Floats:
    """Probabilities [3] of the states one step after the first of three."""
    forward = action[1] * (1.0 - slip) + action[0] * slip
    return np.array([1.0 - forward, forward, 0.0])


def _reward_from(problem: Chain, probabilities: Floats, state: int) -> float:
    """Expected reward of one step from a state of three."""
    forward = probabilities[state, 1] * (1.0 - problem.slip) + probabilities[state, 0] * problem.slip
    return forward * (10.0 if state == 2 else 0.0) + (1.0 - forward) * 2.0


def test_optimum_is_the_best_of_all_64_deterministic_time_varying_policies():
    """Three states, two steps: brute force over a decision for each state and time."""
    problem, best = Chain(states=3, slip=0.2), -math.inf
    for choice in np.ndindex((2,) * 6):
        first, second = np.eye(2)[list(choice[:3])], np.eye(2)[list(choice[3:])]
        reached = _next_states(first[0], problem.slip)  # [N]
        last = [_reward_from(problem, second, state) for state in range(3)]
        best = max(best, problem.value(first, 1) + reached @ last)
    assert problem.optimal_value(2) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("options", [{"states": 0}, {"slip": 1.5}, {"slip": float("nan")}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=f"^{next(iter(options))} must be "):
        Chain(**options)
