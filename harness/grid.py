"""From a study to its cells and jobs: what there is to run, in the order in which it is written, and where it will lie.

A job runs one cell for a block of seeds. Blocks are aligned to multiples of their size, so that more seeds add blocks
and leave the full ones as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.cell import SHORT, Cell, Part, World
from harness.errors import InputError
from harness.names import find
from harness.node import Node
from harness.schema import mapping, read
from harness.settings import complete
from harness.spec import FILE, Environment
from harness.study import PROGRAM, Choice, Grid, Study
from harness.tuned import SUFFIX, Tuned


@dataclass(frozen=True, eq=False)
class Planned:
    """A cell, how many seeds a study wants of it, and the grid that asks for it."""

    cell: Cell
    seeds: range
    place: Node
    policy: Node  # where its settings were given
    algorithm: Node  # likewise


@dataclass(frozen=True)
class Job:
    """One cell for the seeds first .. last."""

    cell: Cell
    first: int
    last: int

    @property
    def folder(self) -> Path:
        """Where its records lie, relative to the project."""
        return self.cell.folder / f"seeds-{self.first:04d}-{self.last:04d}"

    @property
    def log(self) -> Path:
        """What it says while it runs, relative to the project; the Snakefile has it so."""
        name = f"{self.cell.digest[:SHORT]}-{self.first:04d}-{self.last:04d}.log"
        return Path("results", "logs", *self.cell.labels, name)

    @property
    def manifest(self) -> Path:
        """The file that is written last and vouches for the others."""
        return self.folder / "manifest.json"


def cells(study: Study, environments: Mapping[str, Environment]) -> tuple[Cell, ...]:
    """The cells of a study; raises as `plan`."""
    return tuple(planned.cell for planned in plan(study, environments))


def jobs(study: Study, environments: Mapping[str, Environment]) -> tuple[Job, ...]:
    """The jobs of a study; raises as `plan`."""
    return tuple(
        Job(planned.cell, first, last)
        for planned in plan(study, environments)
        for first, last in blocks(planned.seeds, study.block)
    )


def plan(study: Study, environments: Mapping[str, Environment]) -> tuple[Planned, ...]:
    """The union of the grids, without repetitions.

    Raises:
        InputError: for an unknown environment, an environment without the program asked for, a budget that `every` does
            not divide, two grids that want different things under the same three labels, or two labels for one thing,
            whose runs would count twice.
    """
    union: dict[tuple[str, str, str], Planned] = {}
    digests: dict[str, Planned] = {}
    for grid in study.grids:
        for planned in _product(grid, environments):
            first = union.setdefault(planned.cell.labels, planned)
            if (first.cell, first.seeds) != (planned.cell, planned.seeds):
                labels = " × ".join(planned.cell.labels)
                raise grid.place.error(f"{labels} stands in line {first.place.line} too, with other terms")
            other = digests.setdefault(planned.cell.digest, planned)
            if other.cell.labels != planned.cell.labels:
                labels, same = (" × ".join(one.cell.labels) for one in (planned, other))
                raise grid.place.error(f"{labels} is the same as {same} (line {other.place.line}) under another label")
    return tuple(union.values())


def blocks(seeds: range, block: int) -> tuple[tuple[int, int], ...]:
    """First and last seed of each job: `blocks(range(5, 25), 10)` is ((5, 9), (10, 19), (20, 24))."""
    starts = range(seeds.start // block * block, seeds.stop, block)
    return tuple((max(start, seeds.start), min(start + block, seeds.stop) - 1) for start in starts)


def find_cell(cells: Iterable[Cell], environment: str, policy: str, algorithm: str, digest: str) -> Cell:
    """The cell that a path names; `digest` may be shortened.

    Raises:
        InputError: if the study has no such cell (any more).
    """
    for cell in cells:
        if cell.labels == (environment, policy, algorithm) and cell.digest.startswith(digest) and len(digest) >= SHORT:
            return cell
    labels = "/".join((environment, policy, algorithm, digest))
    raise InputError(labels, "no cell of this study: the study, a default or an environment has changed")


def _product(grid: Grid, environments: Mapping[str, Environment]) -> Iterable[Planned]:
    for node in grid.environments:
        name = find(node, read(node, str), environments, "environment")
        environment = environments[name]
        world = world_of(name, environment)
        budget = grid.budget or environment.budget
        if budget % grid.evaluation.every:
            raise grid.place.error(f"every {grid.evaluation.every} does not divide the budget {budget} of {name}")
        seeds = range(grid.first_seed, grid.first_seed + grid.seeds)
        for choice in grid.policies:
            policy = policy_in(choice, name, environment, grid.place)
            for algorithm in grid.algorithms:
                for part in _algorithms(algorithm, name, policy.label, grid.tuned):
                    cell = Cell(world, policy, part, budget, grid.evaluation)
                    yield Planned(cell, seeds, grid.place, choice.given, algorithm.given)


def world_of(name: str, environment: Environment) -> World:
    """What of an entry decides a run; the options of our own problems with their defaults."""
    options = environment.options
    if environment.engine == "compiled":
        given = Node.of(options, FILE, f"{name}.options")
        options = complete("environments", str(environment.problem), given)
    return World(
        name,
        environment.engine,
        environment.problem,
        environment.gymnasium,
        options,
        environment.horizon,
        environment.clip,
        environment.fresh,
    )


def _algorithms(choice: Choice, environment: str, policy: str, tuned: Tuned | None) -> Iterable[Part]:
    """An algorithm with its own settings, or, tuned, with those of each reading under the label of the reading.

    Where the best setting of an environment is the one for all, it stands there once.
    """
    if tuned is None:
        return [Part(choice.label, choice.file, choice.settings)]
    parts: list[Part] = []
    for reading in tuned.readings:
        won = tuned.winner(reading, environment, policy, choice.label)
        settings = tuned.settings(won, choice.file, choice.settings, mapping(choice.given))
        if all(part.settings != settings for part in parts):
            parts.append(Part(choice.label + SUFFIX[reading], choice.file, settings))
    return parts


def policy_in(choice: Choice, name: str, environment: Environment, place: Node) -> Part:
    """A policy in an environment: the word `program` becomes the program that the environment names."""
    if choice.file != PROGRAM:
        return Part(choice.label, choice.file, choice.settings)
    if environment.program is None:
        raise place.error(f"the environment {name} has no program")
    file = f"programs.{environment.program}"
    return Part(choice.label, file, complete("policies", file, choice.given))
