"""LunarLander: a lander with three engines above hills and a flat pad.

The twin of Gymnasium 1.4.0's LunarLander-v3 and, where it is `continuous`, of LunarLanderContinuous-v3.

Source: O. Klimov, `gymnasium/envs/box2d/lunar_lander.py`. The physics is the library that Gymnasium steps, called
without Python (`harness/rollouts/box2d.py`). Terrain, engines, reward and end are written anew, in Gymnasium's order of
operations, so that an episode has the bits of Gymnasium's from the same seed.

State: position from the pad [half a screen], velocity, angle [rad], angular velocity, whether the left and the right
leg touch the ground, and the shaping φ. Observation: all but φ, rounded to float32.

    φ       -100 distance - 100 speed - 100 |angle| + 10 for each leg on the ground
    reward  φ - φ of the step before - 0.30 power of the main engine - 0.03 power of a side engine
    end     -100 where the lander touches the ground or leaves the screen, 100 where it has fallen asleep

Actions: no engine, the left, the main or the right one; or two numbers, rounded to float32 as they are for Gymnasium.
The main engine has half its power just above 0 and all of it at 1, a side engine half of its own just beyond ±0.5.

The world lives in the array of parameters (`harness/rollouts/box2d_stage.py`), beside all that it is made of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts import box2d, box2d_stage
from harness.rollouts import box2d_layouts as layout
from harness.rollouts.box2d import Record, address, at
from harness.rollouts.random import Words, uniform

SCALE = 30.0  # pixels in a metre
WIDTH, HEIGHT = 600 / SCALE, 400 / SCALE
PAD = HEIGHT / 4
CORNERS = 11  # of the hills
FRAMES = 50  # in a second
TIME_STEP, ROUNDS = np.float32(1.0 / FRAMES), (np.int32(6 * 30), np.int32(2 * 30))
HULL = ((-14, 17), (-17, 0), (-17, -10), (17, -10), (17, 0), (14, 17))  # pixels
LEG_AWAY, LEG_DOWN = 20 / SCALE, 18 / SCALE
MAIN_POWER, SIDE_POWER = 13.0, 0.6
MAIN_PRICE, SIDE_PRICE = 0.30, 0.03
MAIN_DOWN, SIDE_UP, SIDE_AWAY = 4, 14, 12  # where the engines are, pixels from the middle of the lander
START = 1000.0  # the lander is first pushed by a force uniform in [-START, START]²
GROUND, LANDER, LEG = 0x0001, 0x0010, 0x0020  # categories of what may collide

MEMORY = np.dtype(
    [
        ("stage", box2d_stage.STAGE),
        ("continuous", "?"),
        ("edge", layout.EDGE),
        ("hull", layout.POLYGON),
        ("leg", layout.POLYGON),
        ("moon_body", layout.BODY_DEFINITION),
        ("lander_body", layout.BODY_DEFINITION),
        ("leg_bodies", layout.BODY_DEFINITION, 2),
        ("floor_fixture", layout.FIXTURE_DEFINITION),
        ("hill_fixture", layout.FIXTURE_DEFINITION),
        ("lander_fixture", layout.FIXTURE_DEFINITION),
        ("leg_fixture", layout.FIXTURE_DEFINITION),
        ("joints", layout.REVOLUTE_DEFINITION, 2),
    ],
    align=True,
)


@dataclass(frozen=True)
class LunarLander:
    """LunarLander-v3 as it is registered, without wind.

    Attributes:
        continuous: whether engines have powers, as in LunarLanderContinuous-v3.
    """

    continuous: bool = False

    @property
    def space(self) -> Space:
        """Eight observations; one of four actions, or the powers of the main engine and of those at the sides."""
        if self.continuous:
            return Space(observations=8, actions=2, discrete=False, low=(-1.0, -1.0), high=(1.0, 1.0))
        return Space(observations=8, actions=4, discrete=True)

    @property
    def state_dim(self) -> int:
        """What is observed, and the shaping."""
        return 9

    @property
    def parameters(self) -> Floats:
        """Memory for a world and what it is made of; nothing in it is a number to calculate with."""
        memory = np.zeros(1, MEMORY)
        memory["continuous"] = self.continuous
        _describe(memory)
        return box2d_stage.lent(memory)


def _describe(memory: Any) -> None:
    """Write down all that is the same in every episode."""
    memory["stage"] = box2d_stage.stage(gravity=(0.0, -10.0))
    memory["edge"] = box2d.edge()
    memory["hull"] = box2d.polygon([(x / SCALE, y / SCALE) for x, y in HULL])
    memory["leg"] = box2d.box(2 / SCALE, 8 / SCALE)
    memory["moon_body"] = box2d.body_definition(layout.STATIC)
    memory["lander_body"] = box2d.body_definition(layout.DYNAMIC, (WIDTH / 2, HEIGHT))
    memory["floor_fixture"] = box2d.fixture_definition(friction=0.2, density=0.0)
    memory["hill_fixture"] = box2d.fixture_definition(friction=0.1, density=0.0)
    memory["lander_fixture"] = box2d.fixture_definition(friction=0.1, density=5.0, category=LANDER, mask=GROUND)
    memory["leg_fixture"] = box2d.fixture_definition(friction=0.2, density=1.0, category=LEG, mask=GROUND)
    for i, side, limits in ((0, -1, (0.9 - 0.5, 0.9)), (1, 1, (-0.9, -0.9 + 0.5))):
        away, tilt = side * LEG_AWAY, side * 0.05
        memory["leg_bodies"][0, i] = box2d.body_definition(layout.DYNAMIC, (WIDTH / 2 - away, HEIGHT), tilt)
        memory["joints"][0, i] = box2d.revolute_definition(
            ((0.0, 0.0), (away, LEG_DOWN)), tilt, limits, speed=0.3 * side, torque=40.0
        )


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """New hills and a lander above their middle; one step without engines, which is not paid."""
    memory = at(parameters.ctypes.data, MEMORY)
    box2d_stage.renew(memory.stage)
    _make_moon(memory, generator)
    _make_lander(memory, generator)
    _go_on(generator, memory.stage, state, (0.0, 0.0))


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state but φ, in float32."""
    for i in range(8):
        observation[i] = np.float32(state[i])


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """A fiftieth of a second."""
    memory = at(parameters.ctypes.data, MEMORY)
    powers = _powers(action[0], action[1]) if memory.continuous else _choice(int(action[0]))
    return _go_on(generator, memory.stage, state, powers)


@njit
def _choice(action: int) -> tuple[float, float]:
    """Powers of the main engine and of the side engines, -1 for the left and 1 for the right one."""
    return (1.0, 0.0) if action == 2 else (0.0, 0.0 if action == 0 else action - 2.0)


@njit
def _powers(main: float, side: float) -> tuple[float, float]:
    """The same of a continuous action."""
    up, aside = min(np.float64(np.float32(main)), 1.0), min(max(np.float64(np.float32(side)), -1.0), 1.0)
    return (up + 1.0) * 0.5 if up > 0.0 else 0.0, aside if abs(aside) > 0.5 else 0.0


@njit
def _make_moon(memory: Record, generator: Words) -> None:
    """A floor, and hills above it: random heights, those around the middle the pad's, smoothed."""
    heights = np.empty(CORNERS + 1)
    for i in range(CORNERS + 1):
        heights[i] = HEIGHT / 2 * uniform(generator)
    heights[CORNERS // 2 - 2 : CORNERS // 2 + 3] = PAD
    moon = box2d.create_body(memory.stage.world.ctypes.data, address(memory.moon_body))
    _add_edge(memory, moon, memory.floor_fixture, (0.0, 0.0), (WIDTH, 0.0))
    last = (0.0, 0.0)
    for i in range(CORNERS):
        corner = WIDTH / (CORNERS - 1) * i, 0.33 * (heights[i - 1] + heights[i] + heights[i + 1])
        if i > 0:
            _add_edge(memory, moon, memory.hill_fixture, last, corner)
        last = corner


@njit
def _add_edge(memory: Record, moon: int, fixture: Record, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Ground from one point to another."""
    box2d.stretch(memory.edge, start, end)
    fixture.shape = address(memory.edge)
    box2d.create_fixture(moon, address(fixture))


@njit
def _make_lander(memory: Record, generator: Words) -> None:
    """The lander, pushed anywhere, and two legs on springs."""
    world, watch = memory.stage.world.ctypes.data, memory.stage.watch
    memory.lander_fixture.shape, memory.leg_fixture.shape = address(memory.hull), address(memory.leg)
    watch.trunk = box2d.create_body(world, address(memory.lander_body))
    box2d.create_fixture(watch.trunk, address(memory.lander_fixture))
    force_x = -START + (START + START) * uniform(generator)
    force_y = -START + (START + START) * uniform(generator)
    box2d.push(at(watch.trunk, layout.BODY), (force_x, force_y))
    for i in range(2):
        watch.legs[i] = box2d.create_body(world, address(memory.leg_bodies[i]))
        box2d.create_fixture(watch.legs[i], address(memory.leg_fixture))
        joint = memory.joints[i]
        joint.bodies[0], joint.bodies[1] = watch.trunk, watch.legs[i]
        box2d.create_joint(world, address(joint))


@njit
def _go_on(generator: Words, stage: Record, state: Floats, powers: tuple[float, float]) -> tuple[float, bool]:
    """One step: reward, and whether it is the last. The order of operations is Gymnasium's, so that the bits are."""
    watch, before = stage.watch, state[8]
    lander = at(watch.trunk, layout.BODY)
    _fire(lander, powers, generator)
    box2d.advance(stage.world.ctypes.data, TIME_STEP, *ROUNDS)
    _look(lander, watch, state)
    if not lander.flags & layout.AWAKE:
        return 100.0, True
    if watch.crashed or abs(state[0]) >= 1.0:
        return -100.0, True
    main, side = powers
    return state[8] - before - main * MAIN_PRICE - abs(side) * SIDE_PRICE, False


@njit
def _fire(lander: Record, powers: tuple[float, float], generator: Words) -> None:
    """Kick the lander: up by the main engine, aside and round by a side engine."""
    angle, x, y = np.float64(lander.angle), np.float64(lander.position[0]), np.float64(lander.position[1])
    sine, cosine = math.sin(angle), math.cos(angle)
    scatter = (-1.0 + 2.0 * uniform(generator)) / SCALE
    sway = (-1.0 + 2.0 * uniform(generator)) / SCALE
    main, side = powers
    if main > 0.0:
        down = MAIN_DOWN / SCALE + 2 * scatter
        kick_x, kick_y = sine * down - cosine * sway, -cosine * down - sine * sway
        impulse = -kick_x * MAIN_POWER * main, -kick_y * MAIN_POWER * main
        box2d.kick(lander, impulse, (x + kick_x, y + kick_y))
    if side != 0.0:
        away = 3 * sway + math.copysign(SIDE_AWAY, side) / SCALE
        kick_x, kick_y = sine * scatter - cosine * away, -cosine * scatter - sine * away
        impulse = -kick_x * SIDE_POWER * abs(side), -kick_y * SIDE_POWER * abs(side)
        # 17 is not SIDE_UP: an oversight of the source that belongs to the task by now
        box2d.kick(lander, impulse, (x + kick_x - sine * 17 / SCALE, y + kick_y + cosine * SIDE_UP / SCALE))


@njit
def _look(lander: Record, watch: Record, state: Floats) -> None:
    """Fill the state."""
    state[0] = (lander.position[0] - WIDTH / 2) / (WIDTH / 2)
    state[1] = (lander.position[1] - (PAD + LEG_DOWN)) / (HEIGHT / 2)
    state[2] = lander.velocity[0] * (WIDTH / 2) / FRAMES
    state[3] = lander.velocity[1] * (HEIGHT / 2) / FRAMES
    state[4] = lander.angle
    state[5] = 20.0 * lander.spin / FRAMES
    state[6], state[7] = watch.landed[0], watch.landed[1]
    state[8] = (
        -100 * math.sqrt(state[0] * state[0] + state[1] * state[1])
        - 100 * math.sqrt(state[2] * state[2] + state[3] * state[3])
        - 100 * abs(state[4])
        + 10 * state[6]
        + 10 * state[7]
    )
