"""BipedalWalker: a hull on two legs, each of two links, that is to walk over rough ground.

The twin of Gymnasium 1.4.0's BipedalWalker-v3, without the obstacles that there are as an option.

Source: O. Klimov, `gymnasium/envs/box2d/bipedal_walker.py`. The physics is the library that Gymnasium steps, called
without Python (`harness/rollouts/box2d.py`). Ground, motors, rays, reward and end are written anew, in Gymnasium's
order of operations, so that an episode has the bits of the first one of a Gymnasium instance from the same seed; later
ones depend on those before them there, for the instance empties its world and makes no new one.

State: what is observed, and the shaping φ. Observation, rounded to float32: angle [rad], angular velocity and velocity
of the hull; angle and speed of hip and knee and whether the foot touches the ground, of both legs; how far the ground
is in ten directions from straight down to almost straight ahead, 1 where it is out of reach. Actions: torques of the
first hip and knee and of the second ones, rounded to float32 as they are for Gymnasium.

    φ       130 x / 30 - 5 |angle|, x the place of the hull [m]
    reward  φ - φ of the step before - 0.028 |torque| of each joint, in float32
    end     -100 where the hull touches the ground or goes back behind the start; the far end of the ground

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
from harness.rollouts.integers import integer
from harness.rollouts.random import Words, next_word, uniform

SCALE = 30.0  # pixels in a metre
FRAMES = 50  # in a second
TIME_STEP, ROUNDS = np.float32(1.0 / FRAMES), (np.int32(6 * 30), np.int32(2 * 30))
WIDTH, HEIGHT = 600 / SCALE, 400 / SCALE
TORQUE, SPEEDS = 80, (4, 6)  # of the motors at most; the speeds are those of hips and knees
PRICE = np.float32(0.00035 * TORQUE)
JOINTS, RAYS = 4, 10
REACH = 160 / SCALE  # of a ray
HULL = ((-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8))  # pixels
LEG_DOWN, LEG_WIDTH, LEG_HEIGHT = -8 / SCALE, 8 / SCALE, 34 / SCALE
STRIDE, STRIDES = 14 / SCALE, 200  # the ground is made of pieces that are a stride wide
LEVEL = HEIGHT / 4  # of the ground
FLAT, LASTING = 20, (5, 10)  # strides before the ground is rough; from one level piece to the next
FINISH = (STRIDES - 10) * STRIDE
CLOUDS = 10 * (1 + 5 * 2)  # random numbers of a sky that nobody sees
START = 5.0  # the hull is first pushed by a horizontal force uniform in [-START, START]
GROUND, WALKER = 0x0001, 0x0020  # categories of what may collide

RAY = np.dtype(  # a b2RayCastCallback: its functions, the nearest hit so far; and from where to where it goes
    [("table", "i8"), ("fraction", "f4"), ("ends", "f4", (2, 2))], align=True
)
MEMORY = np.dtype(
    [
        ("stage", box2d_stage.STAGE),
        ("edge", layout.EDGE),
        ("hull", layout.POLYGON),
        ("links", layout.POLYGON, 2),
        ("ground_body", layout.BODY_DEFINITION),
        ("hull_body", layout.BODY_DEFINITION),
        ("link_bodies", layout.BODY_DEFINITION, JOINTS),
        ("ground_fixture", layout.FIXTURE_DEFINITION),
        ("hull_fixture", layout.FIXTURE_DEFINITION),
        ("link_fixture", layout.FIXTURE_DEFINITION),
        ("joint_definitions", layout.REVOLUTE_DEFINITION, JOINTS),
        ("joints", "i8", JOINTS),
        ("ray", RAY),
        ("ray_table", layout.RAY_TABLE),
        ("directions", "f8", (RAYS, 2)),
    ],
    align=True,
)


@dataclass(frozen=True)
class BipedalWalker:
    """BipedalWalker-v3 as it is registered: no options."""

    @property
    def space(self) -> Space:
        """Twenty-four observations; four torques in [-1, 1]."""
        return Space(24, JOINTS, discrete=False, low=(-1.0,) * JOINTS, high=(1.0,) * JOINTS)

    @property
    def state_dim(self) -> int:
        """What is observed, and the shaping."""
        return 25

    @property
    def parameters(self) -> Floats:
        """Memory for a world and what it is made of; nothing in it is a number to calculate with."""
        memory = np.zeros(1, MEMORY)
        _describe(memory)
        return box2d_stage.lent(memory)


def _describe(memory: Any) -> None:
    """Write down all that is the same in every episode."""
    memory["stage"] = box2d_stage.stage(gravity=(0.0, -10.0))
    memory["edge"] = box2d.edge()
    memory["hull"] = box2d.polygon([(x / SCALE, y / SCALE) for x, y in HULL])
    memory["links"] = [box2d.box(width * LEG_WIDTH / 2, LEG_HEIGHT / 2) for width in (1.0, 0.8)]
    memory["ground_fixture"] = box2d.fixture_definition(friction=2.5, density=0.0)
    memory["hull_fixture"] = box2d.fixture_definition(friction=0.1, density=5.0, category=WALKER, mask=GROUND)
    memory["link_fixture"] = box2d.fixture_definition(friction=0.2, density=1.0, category=WALKER, mask=GROUND)
    x, y = STRIDE * FLAT / 2, LEVEL + 2 * LEG_HEIGHT
    memory["ground_body"] = box2d.body_definition(layout.STATIC)
    memory["hull_body"] = box2d.body_definition(layout.DYNAMIC, (x, y))
    for i in range(JOINTS):
        knee, tilt = i % 2, (-0.05, 0.05)[i // 2]
        height = y - LEG_HEIGHT * (3 if knee else 1) / 2 - LEG_DOWN
        memory["link_bodies"][0, i] = box2d.body_definition(layout.DYNAMIC, (x, height), tilt)
        memory["joint_definitions"][0, i] = box2d.revolute_definition(
            ((0.0, -LEG_HEIGHT / 2 if knee else LEG_DOWN), (0.0, LEG_HEIGHT / 2)),
            reference=0.0 if knee else tilt,
            limits=(-1.6, -0.1) if knee else (-0.8, 1.1),
            speed=0.0,
            torque=0.0,
        )
    angles = [1.5 * i / 10.0 for i in range(RAYS)]
    memory["directions"] = [(math.sin(angle) * REACH, math.cos(angle) * REACH) for angle in angles]


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """New ground and a walker that stands on it; one step without torque, which is not paid."""
    memory = at(parameters.ctypes.data, MEMORY)
    box2d_stage.renew(memory.stage)
    memory.ray_table[layout.REPORT_FIXTURE] = box2d.hit_entry(_hit)
    memory.ray.table = memory.ray_table.ctypes.data
    _make_ground(memory, generator)
    for _ in range(CLOUDS):
        next_word(generator)
    _make_walker(memory, -START + (START + START) * uniform(generator))
    _go_on(memory, state, np.zeros(JOINTS))


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state but φ, in float32."""
    for i in range(24):
        observation[i] = np.float32(state[i])


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """A fiftieth of a second."""
    return _go_on(at(parameters.ctypes.data, MEMORY), state, action)


@njit
def _make_ground(memory: Record, generator: Words) -> None:
    """A random walk in slope, drawn back to its level; every now and then one piece is level."""
    kept = np.zeros(2, np.uint64)
    height, slope, left, level, last = LEVEL, 0.0, FLAT, False, (0.0, 0.0)
    for i in range(STRIDES):
        if not level:
            slope = 0.8 * slope + 0.01 * np.sign(LEVEL - height)
            if i > FLAT:
                slope += (-1.0 + 2.0 * uniform(generator)) / SCALE
            height += slope
        left -= 1
        level = left == 0
        if level:
            left = integer(generator, kept, *LASTING)
        corner = i * STRIDE, height
        if i > 0:
            _add_edge(memory, last, corner)
        last = corner


@njit
def _add_edge(memory: Record, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A piece of ground from one point to another."""
    box2d.stretch(memory.edge, start, end)
    memory.ground_fixture.shape = address(memory.edge)
    body = box2d.create_body(memory.stage.world.ctypes.data, address(memory.ground_body))
    box2d.create_fixture(body, address(memory.ground_fixture))


@njit
def _make_walker(memory: Record, force: float) -> None:
    """The hull, pushed ahead or back, and two legs of two links each."""
    world, watch = memory.stage.world.ctypes.data, memory.stage.watch
    memory.hull_fixture.shape = address(memory.hull)
    watch.trunk = box2d.create_body(world, address(memory.hull_body))
    box2d.create_fixture(watch.trunk, address(memory.hull_fixture))
    box2d.push(at(watch.trunk, layout.BODY), (force, 0.0))
    for i in range(JOINTS):
        leg, knee = i // 2, i % 2
        memory.link_fixture.shape = address(memory.links[knee])
        link = box2d.create_body(world, address(memory.link_bodies[i]))
        box2d.create_fixture(link, address(memory.link_fixture))
        definition = memory.joint_definitions[i]
        definition.bodies[0], definition.bodies[1] = watch.legs[leg] if knee else watch.trunk, link
        memory.joints[i] = box2d.create_joint(world, address(definition))
        watch.legs[leg] = link  # in the end the lower link, which has the foot


@njit
def _go_on(memory: Record, state: Floats, action: Floats) -> tuple[float, bool]:
    """One step: reward, and whether it is the last. The order of operations is Gymnasium's, so that the bits are."""
    before = state[24]
    for i in range(JOINTS):
        box2d.set_motor_speed(memory.joints[i], np.float32(SPEEDS[i % 2] * np.sign(np.float32(action[i]))))
        box2d.set_motor_torque(memory.joints[i], np.float32(TORQUE) * _share(action[i]))
    box2d.advance(memory.stage.world.ctypes.data, TIME_STEP, *ROUNDS)
    hull = at(memory.stage.watch.trunk, layout.BODY)
    _look(memory, hull, state)
    if memory.stage.watch.crashed or hull.position[0] < 0.0:
        return -100.0, True
    reward = np.float32(state[24] - before)
    for i in range(JOINTS):
        reward -= PRICE * _share(action[i])
    return np.float64(reward), hull.position[0] > FINISH


@njit
def _share(action: float) -> np.float32:
    """Of the torque that a motor has, in float32."""
    return min(abs(np.float32(action)), np.float32(1.0))


@njit
def _look(memory: Record, hull: Record, state: Floats) -> None:
    """Fill the state."""
    x, y = np.float64(hull.position[0]), np.float64(hull.position[1])
    state[0] = hull.angle
    state[1] = 2.0 * hull.spin / FRAMES
    state[2] = 0.3 * hull.velocity[0] * WIDTH / FRAMES
    state[3] = 0.3 * hull.velocity[1] * HEIGHT / FRAMES
    for leg in range(2):
        hip, knee, place = memory.joints[2 * leg], memory.joints[2 * leg + 1], 4 + 5 * leg
        state[place] = box2d.joint_angle(hip)
        state[place + 1] = box2d.joint_speed(hip) / SPEEDS[0]
        state[place + 2] = box2d.joint_angle(knee) + 1.0
        state[place + 3] = box2d.joint_speed(knee) / SPEEDS[1]
        state[place + 4] = memory.stage.watch.landed[leg]
    for i in range(RAYS):
        state[14 + i] = _distance(memory, (x, y), (x + memory.directions[i, 0], y - memory.directions[i, 1]))
    state[24] = 130 * x / SCALE - 5.0 * abs(state[0])


@njit
def _distance(memory: Record, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Where on the way from one point to another the ground is; 1 if there is none."""
    ray = memory.ray
    ray.fraction = 1.0
    ray.ends[0, 0], ray.ends[0, 1] = start
    ray.ends[1, 0], ray.ends[1, 1] = end
    place = ray.ends.ctypes.data
    box2d.cast_ray(memory.stage.world.ctypes.data, address(ray), place, place + 8)
    return ray.fraction


@njit
def _hit(ray: int, fixture: int, point: int, normal: int, fraction: np.float32) -> np.float32:
    """A ray meets a fixture: where it is ground, look no further."""
    if not at(fixture, layout.FIXTURE).category & GROUND:
        return np.float32(-1.0)
    at(ray, RAY).fraction = fraction
    return fraction
