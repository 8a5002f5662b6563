"""Engines, requests and crafted generators for the tests of rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from harness.interface import Floats, Request, Scaler
from harness.plugins import ROOT, load
from harness.policy import Policy, build
from harness.rollouts.compiled import CompiledEngine, compiled_engine
from harness.rollouts.engine import Engine, Terms
from harness.rollouts.gymnasium_engine import GymnasiumEngine, gymnasium_engine, space_of
from harness.rollouts.random import Words
from harness.streams import draw_seeds, stream

KERNELS = ROOT / ".kernels"
INCREMENT, MULTIPLIER = 1, 0x2360ED051FC65DA44385DF649FCCF645


def compiled(
    problem: str,
    structure: str = "linear",
    explores: bool = False,
    horizon: int = 500,
    clip: bool = True,
    options: Mapping[str, Any] = MappingProxyType({}),
    **settings: Any,
) -> CompiledEngine:
    """A compiled environment, with its defaults but for `options`, under a policy."""
    made: Any = load("environments", problem)(**options)
    policy = build(structure, settings, made.space, explores, seed=0)
    return compiled_engine(made, f"environments.{problem}", policy, Terms(horizon, clip), KERNELS)


def gym(
    name: str,
    structure: str = "linear",
    explores: bool = False,
    horizon: int = 500,
    clip: bool = True,
    fresh: bool = False,
    **settings: Any,
) -> GymnasiumEngine:
    """A Gymnasium environment under a policy."""
    policy = build(structure, settings, space_of(name, {}), explores, seed=0)
    return gymnasium_engine(name, {}, fresh, policy, Terms(horizon, clip), KERNELS)


def identity(engine: Engine) -> Scaler:
    """Observations as they are."""
    return Scaler(np.zeros(engine.space.observations), np.ones(engine.space.observations))


def request(engine: CompiledEngine | GymnasiumEngine, thetas: Floats, number: int = 0, **terms: Any) -> Request:
    """A request of these candidates [D, P] or of one [P], its seeds drawn from the stream `number`."""
    thetas = np.atleast_2d(thetas)
    return Request(thetas, draw_seeds(stream(number, "request"), len(thetas)), identity(engine), **terms)


def some_theta(policy: Policy, number: int = 0, scale: float = 0.3) -> Floats:
    """Normal parameters [P]; the head's log std are -0.5."""
    theta = scale * stream(number, "theta").standard_normal(policy.dim)
    theta[policy.structure.dim :] = -0.5
    return theta


def generator_before(word: int) -> Words:
    """A generator whose next word is this one: a state of PCG-XSL-RR that shows it unrotated, one step undone."""
    before = (word - INCREMENT) * pow(MULTIPLIER, -1, 2**128) % 2**128
    return np.array([before >> 64, before % 2**64, 0, INCREMENT], np.uint64)


def generator_with(uniform: float) -> Words:
    """A generator whose next uniform is this multiple of 2**-53."""
    return generator_before(int(uniform * 2**53) << 11)
