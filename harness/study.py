"""A study: one file of `studies/`, one question, a union of grids of environments x policies x algorithms.

An entry of `algorithms` or `policies` gives settings to a plug-in under a label; the plug-in's own name is a label for
its defaults and needs no entry. The policy `program` is the program that each environment names.

A study that has `parts` instead of grids is the union of other studies: their cells, runs and claims, asked together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from harness import plugins, strict_yaml
from harness.amount import check_jobs, count_jobs
from harness.cell import Evaluation
from harness.names import check_distinct, check_name, check_once, check_study, find
from harness.node import Node
from harness.schema import mapping, read
from harness.search import draw_label, draws
from harness.settings import complete, make
from harness.study_file import (
    AlgorithmEntry,
    GridEntry,
    PolicyEntry,
    StudyFile,
    SurveyEntry,
    Tuning,
    UnionFile,
    check_new,
    unused,
)
from harness.tuned import Tuned, load_tuned, tuned_twice

PROGRAM = "program"
Room = Literal["algorithms", "policies"]


@dataclass(frozen=True, eq=False)
class Choice:
    """A label and what it stands for; `settings` are complete, but those of a program differ by environment."""

    label: str
    file: str
    given: Node
    settings: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Grid:
    """A product of environments, policies and algorithms under one budget; None: that of the environment."""

    place: Node
    environments: tuple[Node, ...]
    policies: tuple[Choice, ...]
    algorithms: tuple[Choice, ...]
    budget: int | None
    evaluation: Evaluation
    first_seed: int
    seeds: int
    tuned: Tuned | None = None  # every algorithm runs with settings from there


@dataclass(frozen=True, eq=False)
class Survey:
    """A product that the laboratory measures: environments, policies, algorithms and what is swept, at one path."""

    place: Node
    environments: tuple[Node, ...]
    policies: tuple[Choice, ...]
    algorithms: tuple[Choice, ...]
    terms: SurveyEntry
    route: Choice | None  # the algorithm whose run is the path; None: a straight line
    first_seed: int
    seeds: int


@dataclass(frozen=True, eq=False)
class Study:
    """A file of `studies/`, every word of it known."""

    name: str
    title: str
    question: str
    notes: str  # what a reader must know of its settings
    block: int  # seeds of a job
    grids: tuple[Grid, ...]
    tuning: Tuning | None = None  # every algorithm of the grids stands there as its draws
    tuned: tuple[Tuned, ...] = ()  # where settings of grids come from
    surveys: tuple[Survey, ...] = ()
    parts: tuple[str, ...] = ()  # the studies that it is the union of
    unused: tuple[str, ...] = ()  # labels that it declares and no grid names
    asked: int = 0  # jobs, at most


def studies(root: Path) -> tuple[str, ...]:
    """The names of all studies."""
    return tuple(sorted(path.stem for path in (root / "studies").glob("*.yaml")))


def load_study(root: Path, name: str) -> Study:
    """A study by name, its labels and settings resolved; the plug-ins that it names are imported.

    Raises:
        InputError: for whatever is wrong with the name, the file or a plug-in.
    """
    find(Node(None, "studies/"), name, studies(root), "study")
    node = strict_yaml.load(root / "studies" / f"{name}.yaml", f"studies/{name}.yaml")
    check_study(node, name)
    if "parts" in mapping(node):
        return _united(root, name, read(node, UnionFile))
    file = read(node, StudyFile)
    return resolved(name, file, load_tuned(root, file.tuned) if file.tuned else None)


def _united(root: Path, name: str, file: UnionFile) -> Study:
    """The union of the studies that a file names; they must be able to share their jobs and their tuned settings."""
    check_once(file.parts)
    parts: list[Study] = []
    for place in file.parts:
        label = find(place, read(place, str), studies(root), "study")
        if "parts" in mapping(strict_yaml.load(root / "studies" / f"{label}.yaml", f"studies/{label}.yaml")):
            raise place.error(f"{label} has parts itself: name those")
        parts.append(load_study(root, label))
        if parts[-1].tuning:
            raise place.error(f"{label} is a study of tuning, whose runs are no results")
        if parts[-1].block != parts[0].block:
            raise place.error(f"{label} has blocks of {parts[-1].block} seeds, {parts[0].name} of {parts[0].block}")
        check_jobs(place, sum(part.asked for part in parts))
    tuned = {one.file.study: one for part in parts for one in part.tuned}
    if twice := tuned_twice(tuned.values()):
        raise file.parts[0].error(twice)
    return Study(
        name,
        file.title,
        file.question,
        file.notes,
        parts[0].block,
        grids=tuple(grid for part in parts for grid in part.grids),
        tuned=tuple(tuned.values()),
        surveys=tuple(survey for part in parts for survey in part.surveys),
        parts=tuple(part.name for part in parts),
        asked=sum(part.asked for part in parts),
    )


def resolved(name: str, file: StudyFile, tuned: Tuned | None = None) -> Study:
    """What is written, with every label looked up, every default filled in and every draw drawn."""
    if file.tuning and tuned:
        raise tuned.place.error("a study of tuning cannot use tuned settings itself")
    asked = count_jobs(file, len(tuned.readings) if tuned else 1)
    algorithms = _declared("algorithms", file.algorithms)
    policies = _declared("policies", file.policies)
    grids = []
    for place in file.grids:
        entry = read(place, GridEntry)
        for words in (entry.environments, entry.policies, entry.algorithms):
            check_once(words)
        grids.append(
            Grid(
                place,
                entry.environments,
                tuple(_chosen("policies", policies, node) for node in entry.policies),
                tuple(
                    one
                    for node in entry.algorithms
                    for one in _tried(_chosen("algorithms", algorithms, node), file.tuning)
                ),
                entry.budget or file.budget,
                entry.evaluation or file.evaluation,
                file.first_seed,
                entry.seeds or file.seeds,
            )
        )
    if tuned:
        _check_fresh(grids, tuned)
        grids = [replace(grid, tuned=tuned) for grid in grids]
    surveys = tuple(_survey(place, file, policies, algorithms) for place in file.laboratory)
    check_new(file.grids)
    check_new(file.laboratory)
    return Study(
        name,
        file.title,
        file.question,
        file.notes,
        file.block,
        tuple(grids),
        file.tuning,
        (tuned,) if tuned else (),
        surveys,
        unused=unused(file),
        asked=asked,
    )


def _check_fresh(grids: Iterable[Grid], tuned: Tuned) -> None:
    """Refuse seeds that the settings were chosen on."""
    for grid in grids:
        common = range(max(grid.first_seed, tuned.seeds.start), min(grid.first_seed + grid.seeds, tuned.seeds.stop))
        if common:
            raise grid.place.error(f"seed {common.start} was used for tuning: winners run on fresh seeds")


def _tried(choice: Choice, tuning: Tuning | None) -> tuple[Choice, ...]:
    """The choice itself, or in a study of tuning all its draws; what the study gives is fixed."""
    if tuning is None:
        return (choice,)
    tried = draws(choice.file, choice.label, mapping(choice.given), tuning.settings)
    if not any(tried):
        raise choice.given.error(f"nothing of {choice.label} can be searched: {choice.file} has no free search space")
    return tuple(
        _with(choice, draw_label(choice.label, index), {**choice.settings, **drawn})
        for index, drawn in enumerate(tried)
    )


def _with(choice: Choice, label: str, settings: dict[str, Any]) -> Choice:
    """The choice under another label with other settings, if the plug-in accepts them."""
    check_name(choice.given, label)
    make("algorithms", choice.file, choice.given, {"policy": None}, settings)
    return Choice(label, choice.file, choice.given, settings)


def _survey(place: Node, file: StudyFile, policies: dict[str, Choice], algorithms: dict[str, Choice]) -> Survey:
    """A grid of the laboratory, its labels looked up among those of the study."""
    entry = read(place, SurveyEntry)
    for words in (entry.environments, entry.policies, entry.algorithms):
        check_once(words)
    return Survey(
        place,
        entry.environments,
        tuple(_chosen("policies", policies, node) for node in entry.policies),
        tuple(_chosen("algorithms", algorithms, node) for node in entry.algorithms),
        entry,
        None if entry.path.algorithm is None else _chosen("algorithms", algorithms, entry.path.algorithm),
        file.first_seed,
        entry.seeds or file.seeds,
    )


def _declared(room: Room, entries: dict[str, Node]) -> dict[str, Choice]:
    """The labels that a study declares."""
    check_distinct([*((name, Node(None, "")) for name in _files(room)), *entries.items()])
    choices: dict[str, Choice] = {}
    for label, node in entries.items():
        check_name(node, label)
        file, given = _entry(room, node)
        if label in _files(room) and label != file:
            raise node.error(f"the label {label} is the name of another plug-in than {file}")
        choices[label] = _choice(room, label, file, given)
    return choices


def _entry(room: Room, node: Node) -> tuple[str, Node]:
    """The plug-in and the settings of an entry."""
    given: Node | None
    if room == "algorithms":
        algorithm = read(node, AlgorithmEntry)
        file, given, key = algorithm.algorithm, algorithm.settings, "algorithm"
    else:
        policy = read(node, PolicyEntry)
        file, given, key = policy.structure, policy.settings, "structure"
    find(mapping(node)[key], file, _files(room), key)
    return file, given or Node(None, node.file, node.line, node.path)


def _chosen(room: Room, declared: dict[str, Choice], node: Node) -> Choice:
    """The choice that a word in a grid stands for; a plug-in named for the first time joins the declared ones."""
    label = read(node, str)
    find(node, label, dict.fromkeys([*declared, *_files(room)]), "algorithm" if room == "algorithms" else "policy")
    if label not in declared:
        declared[label] = _choice(room, label, label, Node(None, node.file, node.line, node.path))
    return declared[label]


def _choice(room: Room, label: str, file: str, given: Node) -> Choice:
    if file == PROGRAM:
        return Choice(label, file, given, {})
    settings = complete(room, file, given)
    if room == "algorithms":  # a policy is tried where the space is known
        make(room, file, given, {"policy": None}, settings)
    return Choice(label, file, given, settings)


def _files(room: Room) -> Iterable[str]:
    """What may stand after `algorithm:` or `structure:`; `program` is that of the environment, `programs.x` is x."""
    if room == "algorithms":
        return plugins.names(room)
    return *plugins.names(room), PROGRAM, *(f"programs.{name}" for name in plugins.names("policies.programs"))
