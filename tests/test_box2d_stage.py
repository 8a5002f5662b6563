"""Worlds of Box2D in the parameters of an environment: a new one for each episode, and none left behind."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollout_makers import compiled, request, some_theta
from twins import Ours, Theirs, play

from harness.plugins import ROOT
from harness.rollouts import box2d
from harness.rollouts import box2d_layouts as layout

ENVIRONMENTS = ("lunar_lander", "bipedal_walker")
GYMNASIUMS = {  # its id, its name for the trunk, how many fixtures there are
    "lunar_lander": ("LunarLander-v3", "lander", 14),
    "bipedal_walker": ("BipedalWalker-v3", "hull", 204),
}
FIXTURE = np.dtype(  # with what compiled code never reads
    [*((field, layout.FIXTURE[field]) for field in layout.FIXTURE.names or ()), ("mask", "u2"), ("group", "i2")],
    align=True,
)
SHAPES = {layout.EDGE_KIND: layout.EDGE, layout.POLYGON_KIND: layout.POLYGON}
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


def test_bodies_fixtures_and_shapes_of_a_new_world_are_those_of_gymnasium(name: str) -> None:
    identity, trunk, fixtures = GYMNASIUMS[name]
    ours, theirs = Ours(name), Theirs(identity)
    for world in (ours, theirs):
        world.reset(7)
    watch = ours.parameters.view(ours.module.MEMORY)[0]["stage"]["watch"]
    mine, other = (described(int(start)) for start in (watch["trunk"], getattr(theirs.environment, trunk).this))
    assert mine == other
    assert sum(len(found) for _, found in mine) == fixtures


def described(body: int) -> list[Any]:
    """The numbers of all bodies of a world and of their fixtures, whichever body it is entered by."""
    while before := int(lies_at(body, layout.BODY)["neighbours"][0]):
        body = before
    found = []
    while body:
        one, fixtures = lies_at(body, layout.BODY), []
        place = int(one["fixtures"])
        while place:
            fixture = lies_at(place, FIXTURE)
            shape = lies_at(int(fixture["shape"]), SHAPES[int(lies_at(int(fixture["shape"]), layout.EDGE)["kind"])])
            fixtures.append((numbers(fixture), numbers(shape)))
            place = int(fixture["next"])
        found.append((numbers(one), fixtures))
        body = int(one["neighbours"][1])
    return found


def lies_at(place: int, kind: np.dtype[Any]) -> Any:
    """A struct."""
    return np.frombuffer(ctypes.string_at(place, kind.itemsize), kind)[0]


def numbers(struct: Any) -> list[Any]:
    """Its fields that are no addresses or the solver's notes; of a polygon the vertices that there are."""
    used = int(struct["count"]) if "count" in struct.dtype.names else None
    fields = [name for name in struct.dtype.names if struct.dtype[name].base != np.int64 and name != "island"]
    return [struct[name][:used].tolist() if np.ndim(struct[name]) == 2 else struct[name].tolist() for name in fields]
