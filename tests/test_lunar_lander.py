"""Both LunarLanders without Python: the bits of Gymnasium's, a new world for each episode, and none left behind."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.box2d.lunar_lander import heuristic
from rollout_makers import compiled, gym, request, some_theta

from environments import lunar_lander
from environments.lunar_lander import LunarLander
from harness.plugins import ROOT
from harness.rollouts import box2d
from harness.rollouts.random import seed_generator
from policies.programs.lunar_lander_descent import SHIPPED

HORIZON, PROGRAM = 1000, "programs.lunar_lander_descent"
IDS = ("LunarLander-v3", "LunarLanderContinuous-v3")
Action = int | tuple[float, float]
Choose = Callable[[int, Any], Action]  # step, observation [O] -> action


def at_random(seed: int) -> Choose:
    actions = np.random.default_rng(seed).integers(4, size=HORIZON)
    return lambda step, seen: int(actions[step])


def thrust_at_random(seed: int) -> Choose:
    """Normal ones, of which half a dozen in a hundred are beyond the bounds."""
    thrusts = np.random.default_rng(seed).normal(0.0, 0.7, size=(HORIZON, 2))
    return lambda step, seen: tuple(thrusts[step])


def land(step: int, seen: Any) -> int:
    return int(heuristic(THEIRS.environment, seen) if step < 900 else 0)


def land_by_thrust(step: int, seen: Any) -> tuple[float, float]:
    return tuple(heuristic(THEIRS_CONTINUOUS.environment, seen)) if step < 900 else (0.0, 0.0)


def hover(step: int, seen: Any) -> int:
    """The heuristic, but for its aim: to stay one half screen above the pad."""
    lean = (np.clip(0.5 * seen[0] + seen[2], -0.4, 0.4) - seen[4]) * 0.5 - seen[5]
    lift = (1.0 - seen[1]) * 0.5 - seen[3] * 0.5
    if lift > abs(lean) and lift > 0.05:
        return 2
    return 3 if lean < -0.05 else 1 if lean > 0.05 else 0


class Ours:
    """The compiled environment, step by step; one array of parameters, as an engine has it."""

    def __init__(self, continuous: bool = False) -> None:
        self.parameters = LunarLander(continuous).parameters
        self.generator, self.state, self.seen = np.empty(4, np.uint64), np.full(9, np.nan), np.full(8, np.nan)

    def reset(self, seed: int) -> Any:
        seed_generator(seed, self.generator)
        lunar_lander.reset(self.generator, self.parameters, self.state)
        return self._look()

    def step(self, action: Action) -> tuple[Any, float, bool]:
        numbers = np.atleast_1d(np.asarray(action, np.float64))
        reward, ended = lunar_lander.step(self.generator, self.parameters, self.state, numbers)
        return self._look(), reward, ended

    def _look(self) -> Any:
        lunar_lander.observe(self.parameters, self.state, self.seen)
        return self.seen.copy()


class Theirs:
    """Gymnasium's, without wrappers; what is continuous is sent as the engine *gymnasium* sends it."""

    def __init__(self, continuous: bool = False) -> None:
        self.environment: Any = gymnasium.make(IDS[continuous]).unwrapped

    def reset(self, seed: int) -> Any:
        return self.environment.reset(seed=seed)[0].astype(np.float64)

    def step(self, action: Action) -> tuple[Any, float, bool]:
        sent = action if isinstance(action, int) else np.array(action, np.float32)
        seen, reward, ended, _, _ = self.environment.step(sent)
        return seen.astype(np.float64), float(reward), ended


OURS, THEIRS = Ours(), Theirs()
OURS_CONTINUOUS, THEIRS_CONTINUOUS = Ours(continuous=True), Theirs(continuous=True)


def play(world: Ours | Theirs, seed: int, choose: Choose, horizon: int = HORIZON) -> tuple[bytes, int, float]:
    """All numbers of an episode, its length and its last reward."""
    seen, ended, numbers, length, reward = world.reset(seed), False, [], 0, 0.0
    while not ended and length < horizon:
        numbers.append(seen)
        seen, reward, ended = world.step(choose(length, seen))
        numbers.append(np.array([reward, ended]))
        length += 1
    return np.concatenate([*numbers, seen]).tobytes(), length, reward


# Bits


@pytest.mark.parametrize("action", range(4))
def test_40_episodes_of_each_constant_action_have_gymnasiums_bits(action: int) -> None:
    for seed in range(40):
        assert play(OURS, seed, lambda step, seen: action) == play(THEIRS, seed, lambda step, seen: action)


def test_80_random_episodes_have_gymnasiums_bits() -> None:
    for seed in [*range(78), 2**62 + 1, 2**63 - 1]:
        assert play(OURS, seed, at_random(seed)) == play(THEIRS, seed, at_random(seed))


def test_20_landings_have_gymnasiums_bits_and_some_end_asleep_and_some_in_a_crash() -> None:
    ends = set()
    for seed in range(100, 120):
        mine = play(OURS, seed, land)
        assert mine == play(THEIRS, seed, land)
        ends.add(mine[2])
    assert {100.0, -100.0} <= ends


def test_four_episodes_of_1000_steps_in_the_air_have_gymnasiums_bits() -> None:
    for seed in range(4):
        mine = play(OURS, seed, hover)
        assert mine[1] == HORIZON
        assert mine == play(THEIRS, seed, hover)


@pytest.mark.parametrize("main", [-30.0, -1.0, 0.0, 1e-50, 0.3, 1.0, 30.0])
@pytest.mark.parametrize("side", [-30.0, -1.0, -0.5, 0.0, 0.5, 0.5 + 1e-9, 0.6, 1.0])
def test_three_episodes_of_each_constant_thrust_have_gymnasiums_bits(main: float, side: float) -> None:
    """0.5 + 1e-9 is 0.5 in float32, which is too little for a side engine, and 1e-50 is 0."""
    for seed in range(3):
        mine = play(OURS_CONTINUOUS, seed, lambda step, seen: (main, side), 300)
        assert mine == play(THEIRS_CONTINUOUS, seed, lambda step, seen: (main, side), 300)


def test_80_episodes_of_random_thrusts_have_gymnasiums_bits() -> None:
    for seed in [*range(78), 2**62 + 1, 2**63 - 1]:
        assert play(OURS_CONTINUOUS, seed, thrust_at_random(seed)) == play(
            THEIRS_CONTINUOUS, seed, thrust_at_random(seed)
        )


def test_20_landings_by_thrust_have_gymnasiums_bits_and_some_end_asleep() -> None:
    ends = set()
    for seed in range(100, 120):
        mine = play(OURS_CONTINUOUS, seed, land_by_thrust)
        assert mine == play(THEIRS_CONTINUOUS, seed, land_by_thrust)
        ends.add(mine[2])
    assert 100.0 in ends


def test_a_leg_that_parts_from_one_hill_counts_as_in_the_air_while_it_stands_on_the_next() -> None:
    """Why contacts are heard in their order: what touches after a step says something else."""
    differed = 0
    for seed in range(60):
        seen, ended, length = THEIRS.reset(seed), False, 0
        mine = OURS.reset(seed)
        while not ended and length < 400:
            touching = [
                any(edge.contact.touching for edge in leg.contacts) for leg in THEIRS.environment.legs
            ]  # as one would ask afterwards
            differed += touching != [bool(seen[6]), bool(seen[7])]
            assert mine.tolist() == seen.tolist()
            action = land(0, seen)
            (mine, *_), (seen, _, ended) = OURS.step(action), THEIRS.step(action)
            length += 1
    assert differed > 0


REQUESTS: dict[str, dict[str, Any]] = {
    "episodes that explore": {"episodes": 3, "explore": 1, "moments": True},
    "episodes by the mode": {"episodes": 3, "moments": True},
    "a first step that explores": {"episodes": 2, "explore": 1, "explore_step": 0},
    "episodes on record": {"episodes": 4, "explore": 1, "record": True, "moments": True},
    "steps on record": {"steps": 700, "explore": 1, "record": True},
}


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("structure", ["linear", "mlp", PROGRAM])
@pytest.mark.parametrize("name", REQUESTS)
def test_whole_requests_have_the_bits_of_the_engine_that_steps_gymnasium(
    name: str, structure: str, continuous: bool
) -> None:
    mine = compiled("lunar_lander", structure, True, HORIZON, options={"continuous": continuous})
    theirs = gym(IDS[continuous], structure, explores=True, horizon=HORIZON)
    rows = 1 if {"record", "steps"} & REQUESTS[name].keys() else 3
    thetas = [some_theta(mine.policy, row) for row in range(rows)]
    if structure == PROGRAM:
        for row, theta in enumerate(thetas):
            theta[: len(SHIPPED)] = np.array(SHIPPED) * (1 + 0.05 * row)
    one, other = (engine(request(engine, np.stack(thetas), **REQUESTS[name])) for engine in (mine, theirs))
    for field in ("returns", "lengths", "moments"):
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes(), field
    for field in one.trajectory._fields if one.trajectory else ():
        assert getattr(one.trajectory, field).tobytes() == getattr(other.trajectory, field).tobytes(), field


def test_a_second_process_finds_the_kernel_compiled_and_its_numbers_are_the_same() -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests'); from rollout_makers import compiled, request, some_theta\n"
        "engine = compiled('lunar_lander'); outcome = engine(request(engine, some_theta(engine.policy), episodes=3))\n"
        "print(sum(engine.run.stats.cache_hits.values()), sum(engine.run.stats.cache_misses.values()))\n"
        "print(outcome.returns.tobytes().hex())"
    )
    engine = compiled("lunar_lander")
    here = engine(request(engine, some_theta(engine.policy), episodes=3)).returns.tobytes().hex()
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["1 0", here]


# The world in the parameters


def test_an_episode_has_the_same_bits_in_a_memory_that_has_seen_crashes_landings_and_cuts() -> None:
    fresh = play(Ours(), 5, land)
    for seed, choose, horizon in ((0, at_random(0), 1000), (1, land, 1000), (2, hover, 70), (3, at_random(3), 55)):
        play(OURS, seed, choose, horizon)
        assert play(OURS, 5, land) == fresh


def test_two_worlds_at_once_do_not_touch_each_other() -> None:
    one, other, alone = Ours(), Ours(), Ours()
    one.reset(1), other.reset(2), alone.reset(1)
    for _ in range(60):
        other.step(1)
        assert one.step(2)[0].tolist() == alone.step(2)[0].tolist()


def test_a_copy_of_the_parameters_has_no_world_and_begins_its_own() -> None:
    original, copy = Ours(), Ours()
    original.reset(7)
    copy.parameters = original.parameters.copy()
    assert play(copy, 8, land) == play(OURS, 8, land)
    for action in (0, 2, 2):
        original.step(action)
    expected = THEIRS.reset(7)
    for action in (0, 2, 2):
        expected = THEIRS.step(action)[0]
    assert original._look().tolist() == expected.tolist()
    box2d.destroy(copy.parameters.view(lunar_lander.MEMORY)["stage"]["world"].ctypes.data)


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses of the worlds that are given back from now on."""
    addresses: list[int] = []
    destroy = box2d.destroy

    def give_back(world: int) -> None:
        addresses.append(world)
        destroy(world)

    monkeypatch.setattr(box2d, "destroy", give_back)
    return addresses


def test_a_world_is_given_back_once_with_its_array_and_none_where_none_was_made(given_back: list[int]) -> None:
    used, unused = Ours(), Ours()
    for seed in range(3):
        used.reset(seed)
    address = used.parameters.view(lunar_lander.MEMORY)["stage"]["world"].ctypes.data
    del used, unused
    gc.collect()
    assert given_back == [address]


def test_an_engine_holds_the_array_itself_and_takes_its_world_along(given_back: list[int]) -> None:
    engine = compiled("lunar_lander", horizon=20)
    engine(request(engine, some_theta(engine.policy), episodes=2))
    assert not given_back
    del engine
    gc.collect()
    assert len(given_back) == 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is read from /proc")
def test_3000_episodes_and_300_engines_leave_nothing_behind() -> None:
    """A world left behind would be more than 16 KiB: 50 MB altogether."""

    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    def roll(engine: Any, episodes: int) -> None:
        engine(request(engine, some_theta(engine.policy), episodes=episodes))

    engine = compiled("lunar_lander", horizon=20)
    roll(engine, 100)
    before = held()
    roll(engine, 3000)
    for _ in range(300):
        roll(compiled("lunar_lander", horizon=20), 1)
    assert held() - before < 4e6
