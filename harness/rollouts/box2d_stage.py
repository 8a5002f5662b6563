"""A world of Box2D that lives in an environment's array of parameters, and what a listener to its contacts saw.

The array is a struct of the environment with a `STAGE` and all that its world is made of. Every episode begins with a
new world, so that it remembers nothing, and the last one goes with the array.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numba import njit

from harness.interface import Floats
from harness.rollouts import box2d
from harness.rollouts import box2d_layouts as layout
from harness.rollouts.box2d import Record, address, at

WATCH = np.dtype(  # a b2ContactListener: its functions, whom it watches, what it saw
    [("table", "i8"), ("trunk", "i8"), ("legs", "i8", 2), ("crashed", "?"), ("landed", "u1", 2)], align=True
)
STAGE = np.dtype(
    [
        ("home", "i8"),  # where the world was made: a copy of these bytes elsewhere is none
        ("world", layout.WORLD),
        ("gravity", "f4", 2),
        ("watch", WATCH),
        ("table", layout.LISTENER_TABLE),
    ],
    align=True,
)


def stage(gravity: tuple[float, float]) -> Record:
    """A stage without a world yet."""
    made = np.zeros((), STAGE)
    made["gravity"], made["table"] = gravity, box2d.silent_table()
    return made


def lent(memory: Any) -> Floats:
    """The array of parameters that a struct [1] with a `stage` is; where it ends, so does its world."""
    parameters: Floats = memory.view(np.float64)
    weakref.finalize(parameters, _leave, memory["stage"])
    return parameters


def _leave(stage: Any) -> None:
    """Give back the last world, if there was one."""
    if stage["home"][0] == stage.ctypes.data:
        box2d.destroy(stage["world"].ctypes.data)
        stage["home"] = 0


@njit
def renew(stage: Record) -> None:
    """An empty world in place of the last one, and a watch that has seen nothing."""
    world, watch = stage.world.ctypes.data, stage.watch
    if stage.home == address(stage):
        box2d.destroy_world(world)
    box2d.make_world(world, stage.gravity.ctypes.data)
    stage.home = address(stage)
    stage.table[layout.BEGIN_CONTACT] = box2d.contact_entry(_touch)
    stage.table[layout.END_CONTACT] = box2d.contact_entry(_part)
    watch.table = stage.table.ctypes.data
    watch.crashed, watch.landed[0], watch.landed[1] = False, 0, 0
    box2d.listen(world, address(watch))


@njit
def _touch(listener: int, contact: int) -> None:
    """Two bodies begin to touch: where one is the trunk, that is a crash."""
    watch, bodies = at(listener, WATCH), box2d.bodies_of(contact)
    watch.crashed |= watch.trunk in bodies
    for i in range(2):
        if watch.legs[i] in bodies:
            watch.landed[i] = 1


@njit
def _part(listener: int, contact: int) -> None:
    """Two bodies cease to touch: a leg is then in the air, even where it still stands on the next piece of ground."""
    watch, bodies = at(listener, WATCH), box2d.bodies_of(contact)
    for i in range(2):
        if watch.legs[i] in bodies:
            watch.landed[i] = 0
