"""Episodes of Gymnasium's MuJoCo walkers without a line of Python in a step: physics, observation, policy and reward.

Source: the environments Swimmer-v5, Hopper-v5, HalfCheetah-v5, Walker2d-v5 and Ant-v5 of Gymnasium 1.4.0. They differ in
numbers only, which are read from an instance (`numbers`), so its options count. The order of every operation, the sums
of NumPy and the float32 of the actions are theirs: an episode has the bits of Gymnasium's own loop, held by test.

    observation  positions but the first ones, velocities (clipped), contact forces (clipped)
    reward       forward weight · dx/dt + healthy reward - control cost - contact cost
    ended        when not healthy: height, angle or state out of range

`mj_rnePostConstraint`, which Gymnasium calls after each step, computes contact forces and nothing that the physics
reads: it is left out where they are not observed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding
from numba import njit, types

from harness.interface import Floats

STEP, CONTACTS = "mj_step", "mj_rnePostConstraint"
EVERYTHING = (-math.inf, math.inf)


class Numbers(NamedTuple):
    """What the walkers differ in."""

    frames: int  # physics steps of a step
    skipped: int  # first positions that are not observed
    contacts: int  # 1: contact forces are observed and cost
    body: int  # whose x moves forward; -1: the first position is x
    duration: float  # of a step [s]
    forward: float  # weights of the reward ...
    control: float
    contact: float
    healthy: float
    ends: int  # 1: an unhealthy walker ends the episode
    closed: int  # 1: the limits of the height are healthy
    height: int  # which position is the height; the next one is the angle
    speed: float  # limit of the observed velocities
    heights: tuple[float, float]
    angles: tuple[float, float]
    states: tuple[float, float]  # of all positions from the height's next on, and of all velocities
    forces: tuple[float, float]  # limits of the contact forces


WALKERS = {"SwimmerEnv": 2, "HopperEnv": 1, "HalfCheetahEnv": 1, "Walker2dEnv": 1, "AntEnv": 2}  # positions skipped
