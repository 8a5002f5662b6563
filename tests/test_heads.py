"""Heads: sampling is exact inversion, mirrored noise is mirrored, log probabilities are those of the autograd form."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from rollout_makers import compiled, generator_with, gym, request, some_theta

from harness.interface import Candidate, Floats, Scaler
from harness.rollouts.engine import Engine
from harness.rollouts.heads import categorical, gaussian, greedy_continuous, greedy_discrete
from harness.rollouts.random import normal, uniform

NONE = np.zeros(0)
TINY = 2.0**-53


def sampled(outputs: Floats, u: float, explore: int = 1) -> int:
    action = np.full(1, np.nan)
    categorical(outputs, NONE, explore, generator_with(u), action)
    return int(action[0])


def test_a_crafted_generator_gives_the_uniform_asked_for() -> None:
    for u in (0.0, TINY, 0.25, 0.3125, 1.0 - TINY):
        assert uniform(generator_with(u)) == u


@pytest.mark.parametrize("explore", [1, -1])
def test_of_800_equally_spaced_uniforms_softmax_chooses_exactly_its_share(explore: int) -> None:
    outputs = np.log([1.0, 2.0, 5.0]) + 300.0  # softmax: 1/8, 2/8, 5/8
    chosen = [sampled(outputs, math.floor((i + 0.5) / 800 * 2**53) * TINY, explore) for i in range(800)]
    assert np.bincount(chosen).tolist() == [100, 200, 500]
    assert chosen == sorted(chosen, reverse=explore < 0)


@pytest.mark.parametrize(("share", "border"), [(0.25, 0.25), (0.5, 0.5), (0.75, 0.75)])
def test_the_border_between_two_actions_is_their_probability_to_the_bit(share: float, border: float) -> None:
    outputs = np.array([0.0, math.log((1.0 - share) / share)])
    exact = 1.0 / (1.0 + math.exp(outputs[1]))
    assert exact == pytest.approx(border, rel=1e-15)
    for steps in (2, 3, 8):
        assert sampled(outputs, border - steps * TINY) == 0
        assert sampled(outputs, border + steps * TINY) == 1


@pytest.mark.parametrize("explore", [1, -1])
@pytest.mark.parametrize("u", [0.0, TINY, 0.5, 1.0 - TINY])
def test_an_impossible_action_is_never_chosen_not_even_at_the_ends(u: float, explore: int) -> None:
    assert sampled(np.array([-2000.0, 0.0, -2000.0]), u, explore) == 1


def test_the_mirrored_choice_is_that_of_the_mirrored_uniform() -> None:
    outputs = np.array([0.3, -0.2, 1.0, 0.0])
    for u in (0.0, 0.1 - 0.1 % TINY, 0.25, 0.5, 0.75, 1.0 - TINY):
        assert sampled(outputs, u, -1) == sampled(outputs, 1.0 - TINY - u, 1)


def test_log_probabilities_of_all_actions_are_log_softmax() -> None:
    outputs = np.array([0.3, -0.2, 700.0, 699.0])
    expected = outputs - 700.0 - math.log(1.0 + math.exp(-1.0) + math.exp(-699.7) + math.exp(-700.2))
    for u in np.linspace(0.01, 0.99, 25):
        action = np.empty(1)
        log_prob = categorical(outputs, NONE, 1, generator_with(float(u)), action)
        assert log_prob == pytest.approx(expected[int(action[0])], rel=1e-14)


@pytest.mark.parametrize("head", [categorical, greedy_discrete])
def test_the_mode_of_equal_outputs_is_the_first_and_draws_nothing(head) -> None:
    generator, action = generator_with(0.5), np.empty(1)
    before = generator.copy()
    assert head(np.array([1.0, 3.0, 3.0, 2.0]), NONE, 0, generator, action) == 0.0
    assert action[0] == 1.0
    assert np.array_equal(generator, before)


@pytest.mark.parametrize("head", [gaussian, greedy_continuous])
def test_the_mode_of_a_gaussian_is_its_mean_and_draws_nothing(head) -> None:
    generator, action = generator_with(0.5), np.empty(2)
    before = generator.copy()
    assert head(np.array([0.1, -7.0]), np.zeros(2), 0, generator, action) == 0.0
    assert action.tolist() == [0.1, -7.0]
    assert np.array_equal(generator, before)


def test_a_gaussian_action_is_the_mean_plus_or_minus_the_same_noise_to_the_bit() -> None:
    mean, log_std = np.array([0.1, -7.0, 3.0]), np.zeros(3)
    for number in range(50):
        start = generator_with(number / 64.0)
        draws, one, other = start.copy(), np.empty(3), np.empty(3)
        z = np.array([normal(draws) for _ in range(3)])
        first = gaussian(mean, log_std, 1, start.copy(), one)
        second = gaussian(mean, log_std, -1, start.copy(), other)
        assert np.array_equal(one, mean + z)
        assert np.array_equal(other, mean - z)
        assert first == second


def test_a_gaussian_about_zero_is_reflected_to_the_bit_whatever_its_std() -> None:
    one, other, log_std = np.empty(3), np.empty(3), np.array([-3.0, 0.4, 2.0])
    gaussian(np.zeros(3), log_std, 1, generator_with(1 / 3), one)
    gaussian(np.zeros(3), log_std, -1, generator_with(1 / 3), other)
    assert np.array_equal(one, -other)
    assert np.abs(one).min() > 0.0


ROLLOUTS = {
    "compiled discrete": lambda: compiled("cartpole", explores=True, bias=True),
    "compiled discrete mlp": lambda: compiled("cartpole", "mlp", explores=True, widths=(8, 8)),
    "compiled continuous": lambda: compiled("pendulum", explores=True, bias=True),
    "gymnasium discrete": lambda: gym("CartPole-v1", explores=True, bias=True),
    "gymnasium continuous": lambda: gym("Pendulum-v1", explores=True, bias=True),
}


@pytest.mark.parametrize("explore", [1, -1])
@pytest.mark.parametrize("name", ROLLOUTS)
def test_recorded_log_probs_are_those_of_the_autograd_form_to_1e_12(name: str, explore: int) -> None:
    engine = ROLLOUTS[name]()
    size = engine.space.observations
    scaler = Scaler(np.linspace(-0.2, 0.3, size), np.linspace(0.5, 2.0, size))
    theta = some_theta(engine.policy)
    asked = request(engine, theta, episodes=3, explore=explore, record=True)
    taken = engine(replace(asked, scaler=scaler)).trajectory
    expected = engine.policy.log_probs(Candidate(theta, scaler), taken.observations, taken.actions)
    np.testing.assert_allclose(taken.log_probs, expected, rtol=0, atol=1e-12)
    assert len(set(taken.log_probs.tolist())) > 10


@pytest.mark.parametrize("name", ["compiled discrete", "compiled continuous", "gymnasium continuous"])
def test_explore_step_explores_at_that_step_of_each_episode_only(name: str) -> None:
    engine = ROLLOUTS[name]()
    theta = some_theta(engine.policy, 3)
    mode, always = (
        engine(request(engine, theta, episodes=4, explore=explore, record=True)).trajectory for explore in (0, 1)
    )
    once = engine(request(engine, theta, episodes=4, explore=1, explore_step=2, record=True)).trajectory
    starts, mode_starts, always_starts = (np.cumsum(run.lengths) - run.lengths for run in (once, mode, always))  # [E]
    exploring = np.zeros(once.lengths.sum(), np.bool_)
    exploring[starts + 2] = True
    assert (once.log_probs[~exploring] == 0.0).all()
    assert (once.log_probs[exploring] != 0.0).all()
    outputs = outputs_of(engine, theta, once.observations)  # [N, K]
    expected = outputs.argmax(axis=1)[:, None] if engine.space.discrete else outputs
    np.testing.assert_allclose(once.actions[~exploring], expected[~exploring], atol=1e-12)
    for before in (0, 1):
        assert np.array_equal(once.actions[starts + before], mode.actions[mode_starts + before])
    if not engine.space.discrete:  # an episode's first draw belongs to the step that explores first, whichever it is
        noise = once.actions[starts + 2] - outputs[starts + 2]
        first = always.actions[always_starts] - outputs_of(engine, theta, always.observations)[always_starts]
        np.testing.assert_allclose(noise, first, atol=1e-12)


def outputs_of(engine: Engine, theta: Floats, observations: Floats) -> Floats:
    """Of a linear policy with a bias [N, K], written out."""
    outputs, inputs = engine.policy.structure.outputs, engine.policy.structure.inputs
    gain = theta[: outputs * inputs].reshape(outputs, inputs)
    return observations @ gain.T + theta[outputs * inputs : outputs * (inputs + 1)]


def test_an_explore_step_beyond_the_end_is_the_mode_bit_for_bit() -> None:
    engine = ROLLOUTS["compiled discrete"]()
    theta = some_theta(engine.policy, 3)
    mode = engine(request(engine, theta, episodes=4, record=True)).trajectory
    beyond = engine(request(engine, theta, episodes=4, explore=-1, explore_step=500, record=True)).trajectory
    assert all(np.array_equal(one, other) for one, other in zip(mode, beyond, strict=True))
