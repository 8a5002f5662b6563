"""Worlds of Box2D in the parameters of an environment: a new one for each episode, and none left behind."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollout_makers import compiled, request, some_theta
from twins import Ours, play

from harness.plugins import ROOT
from harness.rollouts import box2d

ENVIRONMENTS = ("lunar_lander", "bipedal_walker")
pytestmark = pytest.mark.parametrize("name", ENVIRONMENTS)


def at_random(seed: int, name: str) -> Callable[[int, Any], Any]:
    rng = np.random.default_rng(seed)
    actions = rng.integers(4, size=1000) if name == "lunar_lander" else rng.normal(size=(1000, 4))
    return lambda step, seen: actions[step]


def world_of(world: Ours) -> int:
    """Where the world lies."""
    return int(world.parameters.view(world.module.MEMORY)["stage"]["world"].ctypes.data)


def test_a_second_process_finds_the_kernel_compiled_and_its_numbers_are_the_same(name: str) -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests'); from rollout_makers import compiled, request, some_theta\n"
        f"engine = compiled({name!r}); outcome = engine(request(engine, some_theta(engine.policy), episodes=3))\n"
        "print(sum(engine.run.stats.cache_hits.values()), sum(engine.run.stats.cache_misses.values()))\n"
        "print(outcome.returns.tobytes().hex())"
    )
    engine = compiled(name)
    here = engine(request(engine, some_theta(engine.policy), episodes=3)).returns.tobytes().hex()
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["1 0", here]


def test_an_episode_has_the_same_bits_in_a_memory_that_has_seen_crashes_and_cuts(name: str) -> None:
    fresh, used = play(Ours(name), 5, at_random(5, name)), Ours(name)
    for seed, horizon in ((0, 1000), (1, 1000), (2, 20), (3, 55), (4, 1)):
        play(used, seed, at_random(seed, name), horizon)
        assert play(used, 5, at_random(5, name)) == fresh


def test_two_worlds_at_once_do_not_touch_each_other(name: str) -> None:
    one, other, alone = Ours(name), Ours(name), Ours(name)
    one.reset(1), other.reset(2), alone.reset(1)
    actions, others = at_random(1, name), at_random(2, name)
    for step in range(50):
        other.step(others(step, None))
        assert one.step(actions(step, None))[0].tolist() == alone.step(actions(step, None))[0].tolist()


def test_a_copy_of_the_parameters_has_no_world_and_begins_its_own(name: str) -> None:
    original, copy, other = Ours(name), Ours(name), Ours(name)
    original.reset(7), other.reset(7)
    copy.parameters = original.parameters.copy()
    actions = at_random(8, name)
    assert play(copy, 8, actions) == play(Ours(name), 8, actions)
    for step in range(3):
        assert original.step(actions(step, None))[0].tolist() == other.step(actions(step, None))[0].tolist()
    box2d.destroy(world_of(copy))


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


def test_a_world_is_given_back_once_with_its_array_and_none_where_none_was_made(
    name: str, given_back: list[int]
) -> None:
    used, unused = Ours(name), Ours(name)
    for seed in range(3):
        used.reset(seed)
    address = world_of(used)
    del used, unused
    gc.collect()
    assert given_back == [address]


def test_an_engine_holds_the_array_itself_and_takes_its_world_along(name: str, given_back: list[int]) -> None:
    engine = compiled(name, horizon=20)
    engine(request(engine, some_theta(engine.policy), episodes=2))
    assert not given_back
    del engine
    gc.collect()
    assert len(given_back) == 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is read from /proc")
def test_3000_episodes_and_300_engines_leave_nothing_behind(name: str) -> None:
    """A world left behind would be more than 16 KiB: 50 MB altogether."""

    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    def roll(engine: Any, episodes: int) -> None:
        engine(request(engine, some_theta(engine.policy), episodes=episodes))

    engine = compiled(name, horizon=20)
    roll(engine, 100)
    before = held()
    roll(engine, 3000)
    for _ in range(300):
        roll(compiled(name, horizon=20), 1)
    assert held() - before < 4e6
