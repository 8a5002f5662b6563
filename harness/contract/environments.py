"""Laws of an environment: outcomes depend on the request alone, and every number is finite and in its place."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np

from harness import plugins
from harness.assembly import make_engine, space
from harness.cell import World
from harness.contract.verdict import Verdict, judge, require, same_bits
from harness.grid import world_of
from harness.interface import Request, Scaler
from harness.policy import build
from harness.rollouts.engine import Engine
from harness.spec import load_environments
from harness.streams import draw_seeds, stream

EPISODES = 3


def check(name: str) -> list[Verdict]:
    """Judge every law on an entry of envs.yaml; where it cannot be made, that alone is said."""
    first, *others = LAWS
    made = judge([first], name)
    return made + judge(others, name) if made[0].holds else made


def the_space_can_be_used(name: str) -> None:
    """A linear policy fits."""
    room = space(_world(name))
    require(room.observations >= 1 and room.actions >= 1, f"{room}")


def its_program_fits(name: str) -> None:
    """The program that the entry names, if any, can act there."""
    program = load_environments(plugins.ROOT)[name].program
    if program is not None:
        build(f"programs.{program}", {}, space(_world(name)), explores=False, seed=0)


def equal_requests_have_equal_outcomes(name: str) -> None:
    """The same request twice, on an engine that has seen other episodes: the same bits."""
    engine = _engine(name)
    request = _request(engine, 0)
    first = engine(request).trajectory
    engine(_request(engine, 1))
    again = engine(request).trajectory
    advice = "set `fresh: true`, or fix reset(seed)"
    require(same_bits(first, again), f"an episode depends on the episodes before it: {advice}")


def seeds_matter(name: str) -> None:
    """Another seed gives another episode."""
    engine = _engine(name)
    one, other = (engine(_request(engine, number)).trajectory for number in (0, 1))
    require(not same_bits(one, other), "two seeds give equal episodes: does reset use its seed?")


def everything_is_finite(name: str) -> None:
    """Observations and rewards of random actions are finite numbers."""
    trajectory = _engine(name)(_request(_engine(name), 2)).trajectory
    require(trajectory is not None, "nothing was recorded")
    for field in ("observations", "rewards", "final_observations"):
        require(bool(np.isfinite(getattr(trajectory, field)).all()), f"{field} are not all finite")


def the_horizon_is_kept(name: str) -> None:
    """No episode is longer than the horizon, and one that is shorter was terminated."""
    engine, world = _engine(name), _world(name)
    trajectory: Any = engine(_request(engine, 3)).trajectory
    require(bool((trajectory.lengths <= world.horizon).all()), f"lengths {trajectory.lengths} exceed {world.horizon}")
    cut = trajectory.lengths < world.horizon
    require(bool(trajectory.terminated[cut].all()), "an episode ended early without being terminated")


def rows_do_not_depend_on_each_other(name: str) -> None:
    """A population and its rows one by one: the same returns."""
    engine = _engine(name)
    thetas = np.repeat(_request(engine, 0).thetas, 2, axis=0)  # [2, P]
    request = Request(thetas, draw_seeds(stream(5, "rows"), 2), _identity(engine))
    whole = engine(request).returns
    alone = [
        engine(dataclasses.replace(request, thetas=thetas[d : d + 1], seeds=request.seeds[d : d + 1])).returns
        for d in (1, 0)
    ]
    require(whole.tobytes() == np.concatenate(alone[::-1]).tobytes(), "the returns of a row change with the batch")


LAWS = (
    the_space_can_be_used,
    its_program_fits,
    equal_requests_have_equal_outcomes,
    seeds_matter,
    everything_is_finite,
    the_horizon_is_kept,
    rows_do_not_depend_on_each_other,
)


@cache
def _world(name: str) -> World:
    return world_of(name, load_environments(plugins.ROOT)[name])


@cache
def _engine(name: str) -> Engine:
    """The environment under a linear policy that explores."""
    world = _world(name)
    policy = build("linear", {}, space(world), explores=True, seed=0)
    return make_engine(world, policy)


def _identity(engine: Engine) -> Scaler:
    return Scaler(np.zeros(engine.space.observations), np.ones(engine.space.observations))


def _request(engine: Engine, number: int) -> Request:
    """Recorded episodes of random actions."""
    space = engine.space
    tail = 0 if space.discrete else space.actions
    theta = np.zeros((1, space.observations * space.actions + tail))  # [1, P]
    seeds = draw_seeds(stream(number, "contract"), 1)
    return Request(theta, seeds, _identity(engine), episodes=EPISODES, explore=1, record=True)
