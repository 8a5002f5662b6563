"""Does everything that a study asks for fit together? Found out before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from harness import plugins
from harness.assembly import make_problem, space
from harness.cell import World
from harness.errors import InputError
from harness.grid import Planned
from harness.interface import Algorithm, Candidate, Request, Space, Turn
from harness.node import Node
from harness.parts.ranges import MOST_NUMBERS
from harness.policy import Policy, build
from harness.rollouts.known import policy_gradient
from harness.settings import make
from harness.spec import FILE
from harness.streams import address, stream

MOST_PARAMETERS = 10_000_000  # P: 80 MB a vector in float64, of which the simplest search makes a dozen in a turn


def check_fits(planned: Iterable[Planned]) -> None:
    """Check each combination of environment, policy and algorithm once; raises as `check_fit`."""
    seen: set[str] = set()
    for one in planned:
        if one.cell.digest not in seen:
            check_fit(one)
            seen.add(one.cell.digest)


def check_fit(planned: Planned) -> None:
    """Build structure, policy and algorithm of a cell for its environment, and throw them away.

    Raises:
        InputError: if the environment cannot be made, the structure or the algorithm refuses it, or it would not fit
            into memory.
    """
    cell, place = planned.cell, planned.place
    room = space_of(cell.environment)
    asked = Node(place.value, place.file, place.line, f"{place.path}: {' × '.join(cell.labels)}")
    needed = {"inputs": room.observations, "outputs": room.actions, "seed": 0}
    make("policies", cell.policy.file, asked, needed, dict(cell.policy.settings), planned.policy)
    kind: Any = plugins.load("algorithms", cell.algorithm.file)
    policy = build(cell.policy.file, dict(cell.policy.settings), room, kind.explores, 0)
    _check_start(policy, cell.policy.file, asked)
    settings = dict(cell.algorithm.settings)
    algorithm = make("algorithms", cell.algorithm.file, asked, {"policy": policy}, settings, planned.algorithm)
    if kind.family != "gradient-free":
        requests = _first_requests(algorithm, cell.algorithm.file)
        _check_memory(cell.environment, policy, requests, asked)
        _check_truth(cell.environment, policy, requests, asked)


def _check_start(policy: Policy, file: str, asked: Node) -> None:
    """Refuse a policy that is too large, or whose start is not what it says."""
    if policy.dim > MOST_PARAMETERS:
        raise asked.error(f"{file} has {policy.dim} parameters here, more than {MOST_PARAMETERS}")
    source = plugins.source("policies", file)
    try:
        with plugins.contained():
            start = policy.init(stream(0, "init"))
    except Exception as fault:
        raise plugins.raised(source, fault, "when it begins") from fault
    if start.shape != (policy.dim,) or start.dtype != np.float64:
        raise InputError(
            plugins.shown(source), f"init gives {start.dtype} {start.shape}, not float64 ({policy.dim},), which is dim"
        )


def _check_memory(world: World, policy: Policy, requests: tuple[Request, ...], asked: Node) -> None:
    """Refuse a turn whose recorded steps would not fit into memory."""
    steps = sum(request.steps or request.episodes * world.horizon for request in requests if request.record)
    width = policy.space.observations + policy.space.actions + 2
    if steps * width > MOST_NUMBERS:
        raise asked.error(
            f"a turn records {steps} steps of {width} numbers, more than {MOST_NUMBERS} numbers at a time"
        )


def _first_requests(algorithm: Algorithm[Any], file: str) -> tuple[Request, ...]:
    """What an algorithm asks for in its first turn."""
    try:
        with plugins.contained():
            return algorithm.ask(algorithm.init(stream(0, "init")), Turn(0, 0, address(0)))
    except Exception as fault:
        raise plugins.raised(plugins.source("algorithms", file), fault, "in its first turn") from fault


def _check_truth(world: World, policy: Policy, requests: tuple[Request, ...], asked: Node) -> None:
    """Refuse an algorithm whose first requests ask for a gradient that the environment does not know."""
    problem = make_problem(world) if world.engine == "compiled" else None
    for request in requests:
        if request.gradient:
            try:
                policy_gradient(problem, policy, Candidate(request.thetas[0], request.scaler), world.horizon)
            except ValueError as fault:
                raise asked.error(str(fault)) from fault


def space_of(world: World) -> Space:
    """What a policy must fit.

    Raises:
        InputError: if the options of a problem are out of range, or Gymnasium cannot make the environment.
    """
    place = Node(None, FILE, 0, world.name)
    if world.engine == "compiled":
        problem = make("environments", str(world.problem), place, {}, dict(world.options))
        return problem.space  # type: ignore[no-any-return]
    try:
        with plugins.contained():
            return space(world)
    except Exception as fault:
        raise place.error(f"Gymnasium cannot make {world.gymnasium}: {fault}") from fault
