"""Compiled environments: the twins do what Gymnasium does, all of them forget, and envs.yaml says what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from harness.interface import Floats, Space
from harness.plugins import load, load_module, names
from harness.rollouts.random import seed_generator
from harness.spec import Environment, load_environments

TWINS = {
    "cartpole": ("CartPole-v1", 500),
    "acrobot": ("Acrobot-v1", 500),
    "mountain_car": ("MountainCar-v0", 200),
    "mountain_car_continuous": ("MountainCarContinuous-v0", 999),
    "pendulum": ("Pendulum-v1", 200),
}
BOXES = {  # where single steps begin: beyond the bounds of a state here and there
    "cartpole": ([-2.4, -3.0, -0.21, -3.0], [2.4, 3.0, 0.21, 3.0]),
    "acrobot": ([-3.15, -3.15, -12.6, -28.3], [3.15, 3.15, 12.6, 28.3]),
    "mountain_car": ([-1.2, -0.07], [0.6, 0.07]),
    "mountain_car_continuous": ([-1.2, -0.07], [0.6, 0.07]),
    "pendulum": ([-50.0, -8.0], [50.0, 8.0]),
}
FLOAT32 = 2.0**-23  # spacing of float32 numbers at 1: twice the error of rounding
ENTRIES = load_environments(Path(__file__).parents[1])
OURS = {name: load("environments", entry.problem) for name, entry in ENTRIES.items() if entry.gymnasium is None}
KNOWN = [name for name, kind in OURS.items() if hasattr(kind, "optimal_value")]  # a linear return has no optimum
REGISTERED = [name for name, entry in ENTRIES.items() if entry.gymnasium is not None]


def random_actions(space: Space, steps: int, rng: np.random.Generator) -> Floats:
    """Actions [N, A]: any choice, or Gaussian ones that leave the bounds now and then."""
    if space.discrete:
        return rng.integers(space.actions, size=(steps, 1)).astype(np.float64)
    scale = [bound if np.isfinite(bound) else 1.0 for bound in space.high]
    return rng.normal(size=(steps, space.actions)) * scale


def extreme_actions(space: Space, steps: int, rng: np.random.Generator) -> Floats:
    """Actions [N, A]: the first or last choice, or far beyond the bounds, held for a random while."""
    extremes = np.array([0.0, space.actions - 1.0] if space.discrete else [-30.0, 30.0])
    holds = np.repeat(rng.integers(2, size=steps), rng.integers(1, 40, size=steps))[:steps]
    return extremes[holds][:, np.newaxis]


def play(name: str, seed: int, actions: Floats, state: Floats | None = None) -> dict[str, Floats]:
    """States [n+1, S], observations [n+1, O], rewards [n] and ends [n] of a compiled environment with its defaults.

    `state` is the array to play in, dirty as it is; a new one full of NaN unless given.
    """
    module, problem = load_module("environments", name), load("environments", name)()
    generator, parameters = np.empty(4, np.uint64), problem.parameters
    state = np.full(problem.state_dim, np.nan) if state is None else state
    observation = np.full(problem.space.observations, np.nan)
    seed_generator(seed, generator)
    module.reset(generator, parameters, state)
    module.observe(parameters, state, observation)
    states, observations, rewards, ends = [state.copy()], [observation.copy()], [], []
    for action in actions:
        reward, terminated = module.step(generator, parameters, state, action)
        module.observe(parameters, state, observation)
        states.append(state.copy())
        observations.append(observation.copy())
        rewards.append(reward)
        ends.append(terminated)
        if terminated:
            break
    if name != "lunar_lander":  # whose world lives there: tests/test_lunar_lander.py
        assert np.array_equal(parameters, problem.parameters)
    return _episode(states, observations, rewards, ends)


def play_gymnasium(identity: str, seed: int, actions: Floats) -> dict[str, Floats]:
    """The same of Gymnasium's own environment, without wrappers."""
    environment: Any = gymnasium.make(identity).unwrapped
    discrete = isinstance(environment.action_space, gymnasium.spaces.Discrete)
    observation, _ = environment.reset(seed=seed)
    states, observations, rewards, ends = [environment.state], [observation], [], []
    for action in actions:
        observation, reward, terminated, _, _ = environment.step(int(action[0]) if discrete else action)
        states.append(environment.state)
        observations.append(observation)
        rewards.append(reward)
        ends.append(terminated)
        if terminated:
            break
    return _episode(states, observations, rewards, ends)


def _episode(states: list[Any], observations: list[Any], rewards: list[float], ends: list[bool]) -> dict[str, Floats]:
    columns = {"states": states, "observations": observations, "rewards": rewards, "ends": ends}
    return {word: np.array(column, np.float64) for word, column in columns.items()}


@pytest.mark.parametrize("seed", [0, 1, 237, 2**63 - 1])
@pytest.mark.parametrize("draw", [random_actions, extreme_actions])
@pytest.mark.parametrize("name", TWINS)
def test_twin_equals_gymnasium_to_1e_12_over_a_whole_episode(name, draw, seed):
    identity, horizon = TWINS[name]
    actions = draw(load("environments", name)().space, horizon, np.random.default_rng(seed))
    ours, theirs = play(name, seed, actions), play_gymnasium(identity, seed, actions)
    assert np.array_equal(ours["ends"], theirs["ends"])
    numbers = theirs["states"].shape[1]
    np.testing.assert_allclose(ours["states"][:, :numbers], theirs["states"], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(ours["rewards"], theirs["rewards"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours["observations"], theirs["observations"], rtol=FLOAT32, atol=FLOAT32)


@pytest.mark.parametrize("name", TWINS)
def test_one_step_from_1000_states_anywhere_equals_gymnasium_to_1e_12(name):
    """Walls, speed limits and ends that an episode seldom meets."""
    module, problem = load_module("environments", name), load("environments", name)()
    environment: Any = gymnasium.make(TWINS[name][0]).unwrapped
    rng, generator, state = np.random.default_rng(11), np.zeros(4, np.uint64), np.zeros(problem.state_dim)
    starts = rng.uniform(*BOXES[name], size=(1000, len(BOXES[name][0])))  # [N, S]
    if name == "mountain_car_continuous":  # whose later states are float32
        starts = starts.astype(np.float32)
    for start, action in zip(starts, random_actions(problem.space, 1000, rng), strict=True):
        environment.reset()
        environment.state = start
        state[:] = 0.0
        state[: start.size] = start
        theirs = environment.step(int(action[0]) if problem.space.discrete else action)
        reward, terminated = module.step(generator, problem.parameters, state, action)
        np.testing.assert_allclose(state[: start.size], environment.state, rtol=0.0, atol=1e-12)
        assert (reward, terminated) == (pytest.approx(theirs[1], abs=1e-12), theirs[2])


@pytest.mark.parametrize("name", TWINS)
def test_random_and_extreme_episodes_see_ends_and_horizons_where_there_are_any(name):
    """The comparison above would be idle if no episode ended; only the pendulum has no end."""
    space, horizon = load("environments", name)().space, TWINS[name][1]
    ends = []
    for seed in range(40):
        actions = extreme_actions(space, horizon, np.random.default_rng(seed))
        ends.append(play(name, seed, actions)["ends"].any())
    assert any(ends) == (name != "pendulum")


@pytest.mark.parametrize("name", TWINS)
def test_space_of_a_twin_is_that_of_gymnasium(name):
    space, environment = load("environments", name)().space, gymnasium.make(TWINS[name][0])
    assert environment.observation_space.shape == (space.observations,)
    if space.discrete:
        assert environment.action_space.n == space.actions
    else:
        np.testing.assert_array_equal(environment.action_space.low, space.low)
        np.testing.assert_array_equal(environment.action_space.high, space.high)


@pytest.mark.parametrize("name", names("environments"))
def test_an_episode_does_not_depend_on_the_one_before(name):
    problem = load("environments", name)()
    actions = random_actions(problem.space, 60, np.random.default_rng(3))
    dirty = play(name, 5, actions)["states"][-1]
    first, again, other = play(name, 1, actions), play(name, 1, actions, dirty), play(name, 2, actions)
    assert all(np.array_equal(first[word], again[word]) for word in first)
    assert not all(np.array_equal(first[word], other[word]) for word in first)


@pytest.mark.parametrize("name", REGISTERED)
def test_horizon_and_solved_score_are_those_of_the_registry(name):
    entry = ENTRIES[name]
    registered = gymnasium.spec(entry.gymnasium)
    assert entry.horizon == registered.max_episode_steps
    if registered.reward_threshold is not None:
        assert entry.solved == registered.reward_threshold


@pytest.mark.parametrize("name", ENTRIES)
def test_ladder_stands_between_random_and_reference_and_contains_the_solved_score(name):
    entry = ENTRIES[name]
    assert entry.scores.random < entry.targets[0]
    assert entry.targets[-1] <= entry.scores.reference
    assert entry.solved in entry.targets


@pytest.mark.parametrize("name", KNOWN)
def test_scores_of_a_known_problem_are_its_exact_values(name):
    entry = ENTRIES[name]
    problem = load("environments", entry.problem)(**entry.options)
    assert entry.scores.random == pytest.approx(_untrained(problem, entry), rel=1e-6)
    assert entry.scores.reference == pytest.approx(problem.optimal_value(entry.horizon), rel=1e-6)


def _untrained(problem: Any, entry: Environment) -> float:
    """Value of the uniform policy (chain) or of the gain 0 (LQR)."""
    space = problem.space
    if space.discrete:
        return problem.value(np.full((space.observations, space.actions), 1.0 / space.actions), entry.horizon)
    return problem.value(np.zeros((space.actions, space.observations)), entry.horizon)
