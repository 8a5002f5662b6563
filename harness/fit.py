"""Does everything that a study asks for fit together? Found out before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness import plugins
from harness.assembly import make_problem, space
from harness.cell import Cell, World
from harness.grid import Planned
from harness.interface import Algorithm, Candidate, Space, Turn
from harness.node import Node
from harness.policy import Policy, build
from harness.rollouts.known import policy_gradient
from harness.settings import make
from harness.spec import FILE
from harness.streams import address, stream


def check_fits(planned: Iterable[Planned]) -> None:
    """Check each combination of environment, policy and algorithm once; raises as `check_fit`."""
    seen: set[str] = set()
    for one in planned:
        if one.cell.digest not in seen:
            check_fit(one.cell, one.place)
            seen.add(one.cell.digest)


def check_fit(cell: Cell, place: Node) -> None:
    """Build structure, policy and algorithm of a cell for its environment, and throw them away.

    Raises:
        InputError: if the environment cannot be made, or the structure or the algorithm refuses it.
    """
    room = space_of(cell.environment)
    asked = Node(place.value, place.file, place.line, f"{place.path}: {' × '.join(cell.labels)}")
    needed = {"inputs": room.observations, "outputs": room.actions, "seed": 0}
    make("policies", cell.policy.file, asked, needed, dict(cell.policy.settings))
    kind: Any = plugins.load("algorithms", cell.algorithm.file)
    policy = build(cell.policy.file, dict(cell.policy.settings), room, kind.explores, 0)
    algorithm = make("algorithms", cell.algorithm.file, asked, {"policy": policy}, dict(cell.algorithm.settings))
    if kind.family == "probe":
        _check_truth(cell.environment, policy, algorithm, asked)


def _check_truth(world: World, policy: Policy, algorithm: Algorithm[Any], asked: Node) -> None:
    """Refuse an algorithm whose first requests ask for a gradient that the environment does not know."""
    requests = algorithm.ask(algorithm.init(stream(0, "init")), Turn(0, 0, address(0)))
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
        return space(world)
    except Exception as fault:
        raise place.error(f"Gymnasium cannot make {world.gymnasium}: {fault}") from fault
