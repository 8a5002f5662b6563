"""BipedalWalker without Python: the bits of the first episode of a Gymnasium instance."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
from rollout_makers import compiled, gym, request, some_theta
from twins import Choose, Ours, Theirs, play

from environments.bipedal_walker import MEMORY
from harness.rollouts import box2d_layouts as layout

HORIZON = 1600
OURS, THEIRS = Ours("bipedal_walker"), Theirs("BipedalWalker-v3", fresh=True)


def at_random(seed: int, spread: float = 0.7) -> Choose:
    """Normal torques: with this spread one in seven is beyond the bounds."""
    torques = np.random.default_rng(seed).normal(0.0, spread, size=(HORIZON, 4))
    return lambda step, seen: torques[step]


def held(seed: int) -> Choose:
    """Full torques, far beyond the bounds or none, each held for a random while."""
    rng = np.random.default_rng(seed)
    choices = np.array([-30.0, -1.0, 0.0, 1.0, 30.0])[rng.integers(5, size=(HORIZON, 4))]
    whiles = np.repeat(np.arange(HORIZON), rng.integers(1, 30, size=HORIZON))
    return lambda step, seen: choices[whiles[step]]


def walking() -> Choose:
    """Gymnasium's heuristic at the start of an episode: in the class its memory would outlive one."""
    walker = BipedalWalkerHeuristics()
    walker.a = np.zeros(4)
    return lambda step, seen: walker.step_heuristic(seen)


# Bits


@pytest.mark.parametrize("torque", [-30.0, -1.0, -1e-50, 1e-30, 0.5, 1.0])
def test_8_episodes_of_each_constant_torque_have_gymnasiums_bits(torque: float) -> None:
    """-1e-50 is -0 in float32, and its motor stands still."""
    for seed in range(8):
        for torques in ((torque,) * 4, (torque, 0.0, -torque, 0.3)):
            mine = play(OURS, seed, lambda step, seen, torques=torques: torques, 250)
            assert mine == play(THEIRS, seed, lambda step, seen, torques=torques: torques, 250)


def test_60_random_episodes_have_gymnasiums_bits() -> None:
    for seed in [*range(58), 2**62 + 1, 2**63 - 1]:
        choose = at_random(seed) if seed % 2 else held(seed)
        assert play(OURS, seed, choose, 300) == play(THEIRS, seed, choose, 300)


def test_1600_random_steps_without_a_fall_have_gymnasiums_bits() -> None:
    for seed in (8, 11):
        mine = play(OURS, seed, at_random(seed), HORIZON)
        assert mine[1] == HORIZON
        assert mine == play(THEIRS, seed, at_random(seed), HORIZON)


def test_six_walks_have_gymnasiums_bits_to_a_fall_to_the_end_of_the_ground_or_to_the_horizon() -> None:
    ends = set()
    for seed in (2, 4, 11, 20, 24, 30):
        mine = play(OURS, seed, walking(), HORIZON)
        assert mine == play(THEIRS, seed, walking(), HORIZON)
        ends.add("fell" if mine[2] == -100.0 else "arrived" if mine[1] < HORIZON else "was on its way")
    assert ends == {"fell", "arrived", "was on its way"}


def test_the_first_observation_of_1000_seeds_has_gymnasiums_bits() -> None:
    for seed in range(1000):
        assert OURS.reset(seed).tolist() == THEIRS.reset(seed).tolist()


def test_who_flies_back_behind_the_start_pays_100_without_a_crash() -> None:
    """Nobody gets there in play: the walker is thrown."""
    OURS.reset(0), THEIRS.reset(0)
    watch = OURS.parameters.view(MEMORY)["stage"]["watch"][0]
    here = THEIRS.environment
    for addresses in ((watch["trunk"], *watch["legs"]), (int(body.this) for body in (here.hull, *here.legs[1::2]))):
        for address in addresses:
            body = np.frombuffer((ctypes.c_char * layout.BODY.itemsize).from_address(int(address)), layout.BODY)
            body["velocity"] = -100.0, 20.0
    ended, steps = False, 0
    while not ended:
        mine, theirs = OURS.step((0.0,) * 4), THEIRS.step((0.0,) * 4)
        assert (mine[0].tolist(), *mine[1:]) == (theirs[0].tolist(), *theirs[1:])
        ended, steps = mine[2], steps + 1
    assert (steps > 1, mine[1], bool(watch["crashed"])) == (True, -100.0, False)
    assert here.hull.position[0] < 0


REQUESTS: dict[str, dict[str, Any]] = {
    "episodes that explore": {"episodes": 3, "explore": 1, "moments": True},
    "episodes by the mode": {"episodes": 3, "moments": True},
    "a first step that explores": {"episodes": 2, "explore": 1, "explore_step": 0},
    "episodes on record": {"episodes": 4, "explore": 1, "record": True, "moments": True},
    "steps on record": {"steps": 700, "explore": 1, "record": True},
}


@pytest.mark.parametrize("structure", ["linear", "mlp"])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("name", REQUESTS)
def test_whole_requests_have_the_bits_of_the_engine_that_steps_gymnasium(name: str, clip: bool, structure: str) -> None:
    mine = compiled("bipedal_walker", structure, True, 300, clip)
    theirs = gym("BipedalWalker-v3", structure, True, 300, clip, fresh=True)
    rows = 1 if {"record", "steps"} & REQUESTS[name].keys() else 3
    thetas = np.stack([some_theta(mine.policy, row) for row in range(rows)])
    one, other = (engine(request(engine, thetas, **REQUESTS[name])) for engine in (mine, theirs))
    for field in ("returns", "lengths", "moments"):
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes(), field
    for field in one.trajectory._fields if one.trajectory else ():
        assert getattr(one.trajectory, field).tobytes() == getattr(other.trajectory, field).tobytes(), field
