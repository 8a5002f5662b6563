"""A study as it is written in a file of `studies/`: which keys there are, and what may stand under them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from harness.cell import Evaluation
from harness.node import Node
from harness.schema import Rule, between
from harness.spec import Steps

Seeds = Annotated[int, between(1, 10_000)]
NONE_EMPTY = Rule("with at least one entry", bool)
ASCENDING = Rule("ascending, at least one", lambda points: bool(points) and list(points) == sorted(set(points)))
Names = Annotated[tuple[Node, ...], NONE_EMPTY]
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

    points: Annotated[tuple[Annotated[float, between(0, 1)], ...], ASCENDING]
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

    title: str
    question: str
    seeds: Seeds  # how many
    evaluation: Evaluation
    grids: Names
    block: Seeds = 10
    first_seed: Annotated[int, between(0, 10**9)] = 0
    budget: Steps | None = None
    algorithms: dict[str, Node] = field(default_factory=dict)
    policies: dict[str, Node] = field(default_factory=dict)
    notes: str = ""
    tuning: Tuning | None = None
    tuned: Node | None = None
    laboratory: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class UnionFile:
    """A study that is made of others."""

    title: str
    question: str
    parts: Names
    notes: str = ""


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
