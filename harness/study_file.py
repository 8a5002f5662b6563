"""A study as it is written in a file of `studies/`: which keys there are, and what may stand under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

from harness.cell import Evaluation
from harness.node import Node
from harness.schema import Rule, ascending, between, read, text_of
from harness.spec import Steps

Seeds = Annotated[int, between(1, 10_000)]
NONE_EMPTY = Rule("with at least one entry", bool)
Names = Annotated[tuple[Node, ...], NONE_EMPTY]
Title = Annotated[str, text_of(1, 120)]
Question = Annotated[str, text_of(1, 2000, lines=True)]
Notes = Annotated[str, text_of(0, 8000, lines=True)]
Positive = Annotated[float, Rule("above 0", lambda value: value > 0)]


@dataclass(frozen=True, eq=False)
class Tuning:
    """A study of tuning: how many settings are tried for every algorithm, its default among them."""

    settings: Annotated[int, between(2, 1000)]  # K


@dataclass(frozen=True, eq=False)
class GridEntry:
    """A grid as it is written."""

    environments: Names
    policies: Names
    algorithms: Names
    budget: Steps | None = None
    evaluation: Evaluation | None = None
    seeds: Seeds | None = None


@dataclass(frozen=True, eq=False)
class PathEntry:
    """The reference path as it is written: points of the run of an algorithm, or of a line where none is named."""

    points: Annotated[tuple[Annotated[float, between(0, 1)], ...], ascending(1)]
    algorithm: Node | None = None
    budget: Steps = 1
    seed: Annotated[int, between(0, 10**9)] = 0


@dataclass(frozen=True, eq=False)
class SurveyEntry:
    """A grid of the laboratory as it is written; an empty list of a sweep is what the environment's entry says."""

    environments: Names
    policies: Names
    algorithms: Names
    path: PathEntry
    updates: Annotated[int, between(2, 100_000)]
    horizons: tuple[Annotated[int, between(1, 1_000_000)], ...] = ()
    options: tuple[dict[str, Any], ...] = ()  # that replace those of the entry
    explorations: Annotated[tuple[Positive, ...], NONE_EMPTY] = (1.0,)  # deviations of a Gaussian head
    shifts: Annotated[tuple[float, ...], NONE_EMPTY] = (0.0,)  # between where old data were made and the point
    warmup: Annotated[int, between(0, 10_000)] = 1
    seeds: Seeds | None = None


@dataclass(frozen=True, eq=False)
class StudyFile:
    """A study as it is written."""

    title: Title
    question: Question
    seeds: Seeds  # how many
    evaluation: Evaluation
    grids: Names
    block: Seeds = 10
    first_seed: Annotated[int, between(0, 10**9)] = 0
    budget: Steps | None = None
    algorithms: dict[str, Node] = field(default_factory=dict)
    policies: dict[str, Node] = field(default_factory=dict)
    notes: Notes = ""
    tuning: Tuning | None = None
    tuned: Node | None = None
    laboratory: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class UnionFile:
    """A study that is made of others."""

    title: Title
    question: Question
    parts: Names
    notes: Notes = ""


@dataclass(frozen=True, eq=False)
class AlgorithmEntry:
    """An algorithm as it is written."""

    algorithm: str
    settings: Node | None = None


@dataclass(frozen=True, eq=False)
class PolicyEntry:
    """A policy as it is written."""

    structure: str
    settings: Node | None = None


def check_new(grids: Iterable[Node]) -> None:
    """Refuse a grid that stands there already, in whatever order its words are."""
    seen: list[tuple[dict[str, Any], Node]] = []
    for grid in grids:
        written = {
            key: frozenset(map(repr, value)) if isinstance(value, tuple) else value
            for key, value in grid.plain().items()
        }
        for earlier, first in seen:
            if written == earlier:
                raise grid.error(f"is the grid of {f'line {first.line}' if first.line else first.path} again")
        seen.append((written, grid))


def unused(file: StudyFile) -> tuple[str, ...]:
    """The labels that a study declares and that no grid of it names, which is most often a slip."""
    surveys = [read(place, SurveyEntry) for place in file.laboratory]
    entries: list[GridEntry | SurveyEntry] = [*(read(place, GridEntry) for place in file.grids), *surveys]
    paths = [survey.path.algorithm for survey in surveys if survey.path.algorithm is not None]
    algorithms = {read(node, str) for node in (*paths, *(node for entry in entries for node in entry.algorithms))}
    policies = {read(node, str) for entry in entries for node in entry.policies}
    return (
        *(label for label in file.algorithms if label not in algorithms),
        *(label for label in file.policies if label not in policies),
    )
