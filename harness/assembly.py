"""From a cell and a seed to the things that run: space, policy, algorithm, engine, known values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness import plugins
from harness.cell import Cell, World
from harness.interface import Algorithm, Space
from harness.policy import Policy, build
from harness.rollouts.engine import Engine, Terms
from harness.rollouts.known import ExactValue, known_value

KERNELS = Path(".kernels")  # relative to the project


@dataclass(frozen=True)
class Assembly:
    """All that `harness.run.run` needs for one run."""

    policy: Policy
    algorithm: Algorithm[Any]
    engine: Engine
    exact_value: ExactValue


def assemble(cell: Cell, seed: int) -> Assembly:
    """Build one run of a cell. Kernels are compiled here unless they were before."""
    kind = plugins.load("algorithms", cell.algorithm.file)
    world = cell.environment
    policy = build(cell.policy.file, dict(cell.policy.settings), space(world), bool(vars(kind)["explores"]), seed)
    algorithm: Algorithm[Any] = kind(policy=policy, **cell.algorithm.settings)
    engine = make_engine(world, policy)
    if world.engine == "gymnasium":
        return Assembly(policy, algorithm, engine, lambda candidate: None)
    exact_value = known_value(make_problem(world), policy, world.horizon, plugins.ROOT / KERNELS)
    return Assembly(policy, algorithm, engine, exact_value)


def make_engine(world: World, policy: Policy) -> Engine:
    """The engine that an environment's entry asks for, under a policy."""
    terms, folder = Terms(world.horizon, world.clip), plugins.ROOT / KERNELS
    if world.engine == "gymnasium":
        from harness.rollouts.gymnasium_engine import gymnasium_engine
        from harness.rollouts.walker_engine import walker_engine

        options = dict(world.options)
        return walker_engine(
            gymnasium_engine(str(world.gymnasium), options, world.fresh, policy, terms, folder), folder
        )
    from harness.rollouts.compiled import compiled_engine

    return compiled_engine(make_problem(world), f"environments.{world.problem}", policy, terms, folder)


def make_problem(world: World) -> Any:
    """The compiled problem of an environment with its options."""
    return plugins.load("environments", str(world.problem))(**world.options)


def space(world: World) -> Space:
    """What a policy for this environment must fit."""
    if world.engine == "compiled":
        return make_problem(world).space  # type: ignore[no-any-return]
    return _gymnasium_space(str(world.gymnasium), tuple(sorted(world.options.items())))


@cache
def _gymnasium_space(name: str, options: tuple[tuple[str, Any], ...]) -> Space:
    from harness.rollouts.gymnasium_engine import space_of

    return space_of(name, dict(options))
