"""Engines: the same request has the same outcome, whatever the engine, the batch, the order or what went before.

Gymnasium rounds observations to float32, so a policy that reads them soon acts otherwise in the compiled twin. The
policies that are compared here have a bias alone: they read nothing, and explore by the same noise in both engines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
from rollout_makers import compiled, gym, identity, request, some_theta

from harness.interface import Floats, Request
from harness.policy import Policy
from harness.rollouts.gymnasium_engine import EnvironmentFault
from harness.state import flatten

TWINS = {
    "cartpole": ("CartPole-v1", 500),
    "acrobot": ("Acrobot-v1", 60),
    "mountain_car": ("MountainCar-v0", 200),
    "pendulum": ("Pendulum-v1", 200),
    "mountain_car_continuous": ("MountainCarContinuous-v0", 150),
}
DISCRETE = ("cartpole", "acrobot", "mountain_car")
MAKERS = {
    "compiled": lambda **options: compiled("cartpole", **options),
    "gymnasium": lambda **options: gym("CartPole-v1", **options),
}


def bits(value: Any) -> dict[str, bytes]:
    return {name: leaf.tobytes() for name, leaf in flatten(value).items()}


def bias_only(policy: Policy, bias: Floats) -> Floats:
    """Parameters [P] of a linear policy that reads nothing."""
    theta = np.zeros(policy.dim)
    theta[policy.structure.dim - bias.size : policy.structure.dim] = bias
    return theta


def twins(name: str, **options: Any) -> tuple[Any, Any]:
    identifier, horizon = TWINS[name]
    return compiled(name, horizon=horizon, **options), gym(identifier, horizon=horizon, **options)


# Two engines


@pytest.mark.parametrize("explore", [1, -1])
@pytest.mark.parametrize("name", DISCRETE)
def test_random_pushes_have_the_same_outcome_in_both_engines(name: str, explore: int) -> None:
    mine, theirs = twins(name, explores=True, bias=True)
    theta = bias_only(mine.policy, np.linspace(0.0, 0.4, mine.space.actions))
    asked = request(mine, theta, episodes=5, explore=explore, record=True, moments=True)
    one, other = mine(asked), theirs(asked)
    assert np.array_equal(one.lengths, other.lengths)
    np.testing.assert_allclose(one.returns, other.returns, rtol=1e-9)
    assert np.array_equal(one.trajectory.actions, other.trajectory.actions)
    assert np.array_equal(one.trajectory.log_probs, other.trajectory.log_probs)
    assert np.array_equal(one.trajectory.terminated, other.trajectory.terminated)
    for field in ("observations", "final_observations"):
        np.testing.assert_allclose(getattr(one.trajectory, field), getattr(other.trajectory, field), atol=2e-6)
    np.testing.assert_allclose(one.moments, other.moments, rtol=1e-5, atol=1e-3)
    assert len(set(one.trajectory.actions.ravel().tolist())) == mine.space.actions


@pytest.mark.parametrize("push", [0.5, -0.25, 5.0])
@pytest.mark.parametrize("name", ["pendulum", "mountain_car_continuous"])
def test_a_constant_force_earns_the_same_to_1e_9_in_both_engines(name: str, push: float) -> None:
    mine, theirs = twins(name, bias=True)
    asked = request(mine, bias_only(mine.policy, np.array([push])), episodes=4)
    one, other = mine(asked), theirs(asked)
    assert np.array_equal(one.lengths, other.lengths)
    np.testing.assert_allclose(one.returns, other.returns, rtol=1e-9)
    assert len(set(one.returns.ravel().tolist())) == 4 or name == "mountain_car_continuous"


def test_gaussian_noise_is_the_same_in_both_engines() -> None:
    mine, theirs = twins("pendulum", explores=True, bias=True)
    asked = request(mine, bias_only(mine.policy, np.array([0.3])), episodes=3, explore=-1, record=True)
    one, other = mine(asked).trajectory, theirs(asked).trajectory
    assert np.array_equal(one.actions, other.actions)
    assert np.array_equal(one.log_probs, other.log_probs)
    np.testing.assert_allclose(one.rewards[:20], other.rewards[:20], rtol=1e-5)  # the torque is rounded to float32
    assert np.abs(one.actions).max() > 2.0  # recorded before clipping


# One engine


@pytest.mark.parametrize("kind", MAKERS)
def test_a_row_has_the_same_bits_alone_permuted_and_among_others(kind: str) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    thetas = np.stack([some_theta(engine.policy, number) for number in range(5)])
    asked = request(engine, thetas, episodes=3, explore=1, moments=True)
    whole, order = engine(asked), np.array([3, 0, 4, 2, 1])
    permuted = engine(replace(asked, thetas=thetas[order], seeds=asked.seeds[order]))
    for field in ("returns", "lengths", "moments"):
        assert getattr(permuted, field).tobytes() == getattr(whole, field)[order].tobytes()
        for d in (4, 1):
            alone = engine(replace(asked, thetas=thetas[d : d + 1], seeds=asked.seeds[d : d + 1]))
            assert getattr(alone, field)[0].tobytes() == getattr(whole, field)[d].tobytes()


@pytest.mark.parametrize("kind", MAKERS)
def test_equal_seeds_are_common_random_numbers(kind: str) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    theta = some_theta(engine.policy)
    asked = Request(np.stack([theta, theta]), np.array([5, 5]), identity(engine), episodes=3, explore=1)
    returns = engine(asked).returns
    assert np.array_equal(returns[0], returns[1])
    assert len(set(returns[0].tolist())) > 1  # episodes of one row differ


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("count", [1, 7, 100, 333])
def test_a_step_limit_cuts_at_exactly_that_step_and_changes_nothing_before(kind: str, count: int) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    asked = request(engine, some_theta(engine.policy), explore=1, record=True)
    cut = engine(replace(asked, steps=count))
    episodes = cut.lengths.size
    whole = engine(replace(asked, episodes=episodes)).trajectory
    taken = cut.trajectory
    assert cut.returns.shape == cut.lengths.shape == (1, episodes)
    assert cut.lengths.sum() == count
    assert np.array_equal(taken.lengths[:-1], whole.lengths[:-1])
    for field in ("observations", "actions", "log_probs", "rewards"):
        assert np.array_equal(getattr(taken, field), getattr(whole, field)[:count])
    assert taken.terminated[:-1].all()
    assert taken.terminated[-1] == (taken.lengths[-1] == whole.lengths[episodes - 1])
    assert np.array_equal(taken.final_observations[:-1], whole.final_observations[: episodes - 1])


@pytest.mark.parametrize("kind", MAKERS)
def test_terminated_is_false_at_the_horizon_and_at_the_cut_and_true_where_the_pole_fell(kind: str) -> None:
    engine = MAKERS[kind](horizon=12, explores=True, bias=True)
    long, short = (
        engine(request(engine, bias_only(engine.policy, bias), episodes=40, explore=1, record=True)).trajectory
        for bias in (np.zeros(2), np.array([0.0, 50.0]))
    )
    assert set(long.lengths.tolist()) - {12}
    assert np.array_equal(long.terminated, fallen(long.final_observations))
    assert not long.terminated[long.lengths == 12].all()
    assert short.terminated.all()
    cut = engine(request(engine, bias_only(engine.policy, np.zeros(2)), steps=5, explore=1, record=True)).trajectory
    assert cut.lengths.tolist() == [5]
    assert cut.terminated.tolist() == [False]


def fallen(observations: Floats) -> Any:
    return (np.abs(observations[:, 0]) > 2.4) | (np.abs(observations[:, 2]) > 12 * 2 * np.pi / 360)


@pytest.mark.parametrize("kind", MAKERS)
def test_final_observations_follow_the_last_observation_by_one_step(kind: str) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    taken = engine(request(engine, some_theta(engine.policy), episodes=4, explore=1, record=True)).trajectory
    last = taken.observations[np.cumsum(taken.lengths) - 1]  # [E, 4]
    moved = last[:, [0, 2]] + 0.02 * last[:, [1, 3]]  # Euler: positions move by the velocities before the step
    np.testing.assert_allclose(taken.final_observations[:, [0, 2]], moved, atol=1e-6)


@pytest.mark.parametrize("kind", MAKERS)
def test_returns_are_sums_of_rewards_and_moments_sums_over_observations(kind: str) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    asked = request(engine, some_theta(engine.policy), episodes=4, explore=1, record=True, moments=True)
    outcome = engine(asked)
    taken = outcome.trajectory
    sums = np.stack([np.ones_like(taken.observations), taken.observations, taken.observations**2]).sum(axis=1)
    np.testing.assert_allclose(outcome.moments, sums[None], rtol=1e-12)
    starts = np.cumsum(taken.lengths) - taken.lengths
    assert np.array_equal(np.add.reduceat(taken.rewards, starts), outcome.returns[0])
    assert np.array_equal(taken.lengths, outcome.lengths[0])


@pytest.mark.parametrize("kind", MAKERS)
def test_recording_and_counting_change_no_bit_and_are_absent_unless_asked_for(kind: str) -> None:
    engine = MAKERS[kind](explores=True, bias=True)
    plain = request(engine, some_theta(engine.policy), episodes=3, explore=1)
    bare, full = engine(plain), engine(replace(plain, record=True, moments=True))
    assert np.array_equal(bare.returns, full.returns)
    assert bare.trajectory is None
    assert bare.moments.shape == (0, 3, 4)
    assert bare.gradient is None


def test_the_observation_is_normalised_before_the_policy_reads_it_and_recorded_raw() -> None:
    engine = compiled("pendulum", bias=True, horizon=3)
    plain = request(engine, np.array([0.3, -0.2, 0.1, 0.05]), record=True)
    mean, std = np.array([0.1, -0.2, 0.3]), np.array([2.0, 0.5, np.inf])
    scaled = engine(replace(plain, scaler=type(plain.scaler)(mean, std))).trajectory
    expected = (scaled.observations - mean) / std @ np.array([0.3, -0.2, 0.1]) + 0.05
    np.testing.assert_allclose(scaled.actions[:, 0], expected, rtol=1e-14)
    assert np.array_equal(scaled.observations[0], engine(plain).trajectory.observations[0])


def test_actions_are_clipped_for_the_environment_only_where_the_entry_says_so() -> None:
    engines = [gym("Bounded-v0", bias=True, clip=clip, horizon=1) for clip in (True, False)]
    returns = [engine(request(engine, bias_only(engine.policy, np.array([3.0])))).returns[0, 0] for engine in engines]
    assert returns == [0.5, 3.0]


# Numbers that are not finite, and requests that cannot be


def test_an_overflowing_return_arrives_as_minus_infinity_and_ends_its_episode() -> None:
    engine = compiled("lqr", horizon=10, clip=False)
    thetas = np.stack([np.zeros(engine.policy.dim), np.full(engine.policy.dim, 1e100)])
    outcome = engine(request(engine, thetas, episodes=2))
    assert np.isfinite(outcome.returns[0]).all()
    assert (outcome.returns[1] == -np.inf).all()
    assert (outcome.lengths[0] == 10).all()
    assert (outcome.lengths[1] < 10).all()


class Awkward(gymnasium.Env[Any, Any]):
    """Pays its action; the third step is strange in the way that `fault` names."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-0.5, 0.5, (1,), np.float32)
    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self, fault: str = "") -> None:
        self.fault, self.step_number = fault, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        self.step_number = 0
        return np.zeros(2), {}

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        self.step_number += 1
        strange = self.fault if self.step_number == 3 else ""
        observation = {"observation": np.array([np.nan, 0.0]), "size": np.zeros(3)}.get(strange, np.ones(2))
        reward = {"nan": np.nan, "overflow": -np.inf, "win": np.inf}.get(strange, float(action[0]))
        if strange == "overflow":
            observation = np.full(2, np.inf)
        return observation, reward, False, strange == "truncated", {}


gymnasium.register("Bounded-v0", Awkward)
for fault in ("nan", "overflow", "win", "observation", "size", "truncated"):
    gymnasium.register(f"Awkward{fault.capitalize()}-v0", Awkward, kwargs={"fault": fault})


@pytest.mark.parametrize("fault", ["Nan", "Overflow", "Win"])
def test_a_reward_that_is_not_finite_ends_the_episode_with_minus_infinity(fault: str) -> None:
    engine = gym(f"Awkward{fault}-v0", bias=True, horizon=5)
    asked = request(engine, bias_only(engine.policy, np.array([0.25])), episodes=2, record=True)
    outcome = engine(asked)
    assert (outcome.returns == -np.inf).all()
    assert (outcome.lengths == 3).all()
    assert not outcome.trajectory.terminated.any()


@pytest.mark.parametrize("fault", ["Observation", "Size"])
def test_an_environment_that_breaks_its_promise_is_named_with_the_step(fault: str) -> None:
    engine = gym(f"Awkward{fault}-v0", bias=True, horizon=5)
    with pytest.raises(EnvironmentFault, match=f"Awkward{fault}-v0 gave the observation .* after step 3"):
        engine(request(engine, bias_only(engine.policy, np.zeros(1))))


def test_an_environments_own_truncation_ends_the_episode_without_termination() -> None:
    engine = gym("AwkwardTruncated-v0", bias=True, horizon=5)
    outcome = engine(request(engine, bias_only(engine.policy, np.array([0.25])), episodes=2, record=True))
    assert outcome.lengths.tolist() == [[3, 3]]
    assert outcome.trajectory.terminated.tolist() == [False, False]


MALFORMED = {
    "thetas must be float64 [D, 8], not float64 (1, 7)": {"thetas": np.zeros((1, 7))},
    "thetas must be float64 [D, 8], not float64 (8,)": {"thetas": np.zeros(8)},
    "thetas must be float64 [D, 8], not float32 (1, 8)": {"thetas": np.zeros((1, 8), np.float32)},
    "thetas must be float64 [D, 8], not float64 (0, 8)": {"thetas": np.zeros((0, 8)), "seeds": np.zeros(0, np.int64)},
    "1 candidates need seeds int64 [1], not int64 (2,)": {"seeds": np.zeros(2, np.int64)},
    "1 candidates need seeds int64 [1], not float64 (1,)": {"seeds": np.zeros(1)},
    "scaler must have shapes (4,), not (3,) and (4,)": {"mean": np.zeros(3)},
    "scaler must have shapes (4,), not (4,) and (5,)": {"std": np.ones(5)},
    "record, steps and gradient need one candidate, not 2": {"thetas": np.zeros((2, 8)), "record": True},
    "record, steps and gradient need one candidate, not 3": {"thetas": np.zeros((3, 8)), "steps": 5},
    "episodes >= 1, steps >= 0 and explore in -1, 0, 1": {"episodes": 0},
    "steps >= 0": {"steps": -1},
    "explore in -1, 0, 1": {"explore": 2},
    "explore needs a stochastic head": {"explore": 1},
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("message", MALFORMED)
def test_a_malformed_request_is_refused_by_name(message: str, kind: str) -> None:
    engine = MAKERS[kind]()
    change = dict(MALFORMED[message])
    thetas = change.pop("thetas", np.zeros((1, 8)))
    seeds = change.pop("seeds", np.arange(len(thetas)))
    scaler = identity(engine)._replace(**{key: change.pop(key) for key in ("mean", "std") if key in change})
    with pytest.raises(ValueError, match=message.replace("[", r"\[").replace("(", r"\(").replace(")", r"\)")):
        engine(Request(thetas, seeds, scaler, **change))


def test_arrays_that_are_slices_of_others_are_read_as_they_are() -> None:
    engine = compiled("cartpole")
    wide = np.asfortranarray(np.stack([some_theta(engine.policy, number) for number in range(6)]))
    seeds, table = np.arange(12), np.ones((4, 2))
    sliced = Request(wide[::2], seeds[::4], identity(engine)._replace(mean=0 * table[:, 0], std=table[:, 1]))
    copied = Request(wide[::2].copy("C"), seeds[::4].copy(), identity(engine))
    assert np.array_equal(engine(sliced).returns, engine(copied).returns)


@pytest.mark.parametrize(("kind", "message"), [("compiled", "no exact gradient"), ("gymnasium", "no exact gradient")])
def test_a_gradient_that_nobody_knows_is_refused(kind: str, message: str) -> None:
    engine = MAKERS[kind]()
    with pytest.raises(ValueError, match=message):
        engine(request(engine, np.zeros(8), gradient=True))


# Environments that could remember


@pytest.mark.parametrize(
    ("name", "fresh"), [("BipedalWalker-v3", True), ("LunarLanderContinuous-v3", False), ("InvertedPendulum-v5", False)]
)
def test_the_same_request_has_the_same_bits_after_other_episodes(name: str, fresh: bool) -> None:
    engine = gym(name, explores=True, horizon=60, fresh=fresh)
    asked = request(engine, some_theta(engine.policy), episodes=2, explore=1, record=True)
    first = engine(asked)
    engine(request(engine, some_theta(engine.policy, 1), number=1, episodes=2, explore=1))
    again, elsewhere = engine(asked), gym(name, explores=True, horizon=60, fresh=fresh)(asked)
    assert bits(first.trajectory) == bits(again.trajectory) == bits(elsewhere.trajectory)
    assert bits(first.trajectory) != bits(engine(replace(asked, seeds=asked.seeds + 1)).trajectory)
