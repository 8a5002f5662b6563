"""The compiled twins do what Gymnasium does: same seed, same actions, the same numbers over whole episodes."""

from __future__ import annotations

import importlib
from types import ModuleType

import gymnasium
import numpy as np
import pytest

from harness.interface import Booleans, Floats, Space
from harness.rollouts.random import seed_generator

TWINS = {
    "cartpole": ("CartPole-v1", 500),
    "acrobot": ("Acrobot-v1", 500),
    "mountain_car": ("MountainCar-v0", 200),
    "mountain_car_continuous": ("MountainCarContinuous-v0", 999),
    "pendulum": ("Pendulum-v1", 200),
}
FLOAT32 = 2.0**-23  # relative rounding of a float32, with a bit to spare


def twin(name: str) -> tuple[ModuleType, object]:
    module = importlib.import_module(f"environments.{name}")
    return module, getattr(module, "".join(word.capitalize() for word in name.split("_")))()


def random_actions(space: Space, steps: int, rng: np.random.Generator) -> Floats:
    """Actions [N, A]: any choice, or Gaussian ones that leave the bounds now and then."""
    if space.discrete:
        return rng.integers(space.actions, size=(steps, 1)).astype(np.float64)
    return rng.normal(size=(steps, space.actions)) * np.asarray(space.high)


def extreme_actions(space: Space, steps: int, rng: np.random.Generator) -> Floats:
    """Actions [N, A]: the first or last choice, or far beyond the bounds, held for a random while."""
    extremes = np.array([0.0, space.actions - 1.0] if space.discrete else [-30.0, 30.0])
    holds = np.repeat(rng.integers(2, size=steps), rng.integers(1, 40, size=steps))[:steps]
    return extremes[holds][:, np.newaxis]


def play(name: str, seed: int, actions: Floats) -> tuple[Floats, Floats, Floats, Booleans]:
    """States [n+1, S], observations [n+1, O], rewards [n], ends [n] of the compiled twin."""
    module, problem = twin(name)
    generator, parameters = np.empty(4, np.uint64), problem.parameters
    state, observation = np.full(problem.state_dim, np.nan), np.full(problem.space.observations, np.nan)
    seed_generator(seed, generator)
    module.reset(generator, parameters, state)
    module.observe(parameters, state, observation)
    states, observations, rewards, ends = [state.copy()], [observation.copy()], [], []
    for action in actions:
        reward, terminated = module.step(generator, parameters, state, action)
        module.observe(parameters, state, observation)
        states.append(state.copy()), observations.append(observation.copy())
        rewards.append(reward), ends.append(terminated)
        if terminated:
            break
    return np.array(states), np.array(observations), np.array(rewards), np.array(ends)


def play_gymnasium(name: str, seed: int, actions: Floats) -> tuple[Floats, Floats, Floats, Booleans]:
    """The same of Gymnasium's own environment, without wrappers."""
    environment = gymnasium.make(TWINS[name][0]).unwrapped
    discrete = isinstance(environment.action_space, gymnasium.spaces.Discrete)
    observation, _ = environment.reset(seed=seed)
    states, observations, rewards, ends = [np.array(environment.state, np.float64)], [observation], [], []
    for action in actions:
        observation, reward, terminated, _, _ = environment.step(int(action[0]) if discrete else action)
        states.append(np.array(environment.state, np.float64)), observations.append(observation)
        rewards.append(reward), ends.append(terminated)
        if terminated:
            break
    return np.array(states), np.array(observations), np.array(rewards), np.array(ends)


@pytest.mark.parametrize("seed", [0, 1, 237, 2**63 - 1])
@pytest.mark.parametrize("draw", [random_actions, extreme_actions])
@pytest.mark.parametrize("name", TWINS)
def test_twin_equals_gymnasium_to_1e_12_over_a_whole_episode(name, draw, seed):
    actions = draw(twin(name)[1].space, TWINS[name][1], np.random.default_rng(seed))
    states, observations, rewards, ends = play(name, seed, actions)
    their_states, their_observations, their_rewards, their_ends = play_gymnasium(name, seed, actions)
    assert np.array_equal(ends, their_ends)
    np.testing.assert_allclose(states[:, : their_states.shape[1]], their_states, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(rewards, their_rewards, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(observations, their_observations, rtol=FLOAT32, atol=FLOAT32)
