"""Both LunarLanders without Python: the bits of Gymnasium's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.envs.box2d.lunar_lander import heuristic
from rollout_makers import compiled, gym, request, some_theta
from twins import Choose, Ours, Theirs, play

from policies.programs.lunar_lander_descent import SHIPPED

HORIZON, PROGRAM = 1000, "programs.lunar_lander_descent"
IDS = ("LunarLander-v3", "LunarLanderContinuous-v3")


def at_random(seed: int) -> Choose:
    actions = np.random.default_rng(seed).integers(4, size=HORIZON)
    return lambda step, seen: int(actions[step])


def thrust_at_random(seed: int) -> Choose:
    """Normal ones, of which one in seven is beyond the bounds."""
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


OURS, THEIRS = Ours("lunar_lander"), Theirs(IDS[False])
OURS_CONTINUOUS, THEIRS_CONTINUOUS = Ours("lunar_lander", continuous=True), Theirs(IDS[True])


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
