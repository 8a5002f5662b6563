"""Tuned settings: `tuned/{study}.yaml`, made by the rule `tune` from a study of tuning, read by studies that use it.

Beside it lies `tuned/{study}.csv`, a row for every setting that was tried, with the digests of its runs; the YAML file
holds the sum of that one. A study that says `tuned: {study: NAME}` runs each label with the best setting of its
environment and policy ("each"), under the name `{label}.one` with the best setting over all environments ("one"), or
both.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from harness import plugins, strict_yaml
from harness.errors import InputError, decoded
from harness.files import checksum
from harness.names import check_name
from harness.node import Node
from harness.schema import Rule, between, mapping, read
from harness.search import search_space
from harness.settings import complete, make

Reading = Literal["each", "one"]
IN_ORDER = Rule("each, one or both in this order", lambda read: read in (("each",), ("one",), ("each", "one")))
Readings = Annotated[tuple[Reading, ...], IN_ORDER]
Names = Annotated[tuple[str, ...], Rule("with at least one entry", bool)]
SUFFIX: Mapping[str, str] = {"each": "", "one": ".one"}


@dataclass(frozen=True, eq=False)
class Winner:
    """The best setting of an algorithm with a policy, in one environment or over several."""

    environments: Names
    policy: str
    algorithm: str  # label
    plugin: str
    draw: int  # 0: the default
    score: float  # on the tuning seeds, the best of all: too good
    steps: int  # charged to all draws, on all seeds, in these environments
    settings: Node  # all of them


@dataclass(frozen=True, eq=False)
class TunedFile:
    """The file as it is written."""

    study: str
    tried: Annotated[int, between(1, 1000)]  # settings of each algorithm, K
    first_seed: Annotated[int, between(0, 10**9)]
    seeds: Annotated[int, between(1, 10_000)]  # S
    score: str  # in words
    draws: str  # sha256 of the file with every draw
    provenance: tuple[Any, ...]  # of the runs, each kind once
    each: tuple[Winner, ...]
    one: tuple[Winner, ...]


@dataclass(frozen=True, eq=False)
class TunedEntry:
    """`tuned:` in a study."""

    study: str
    readings: Readings = ("each",)


class Draw(NamedTuple):
    """One setting that was tried in one cell."""

    environment: str
    policy: str
    algorithm: str  # label
    family: str
    draw: int
    settings: Mapping[str, Any]  # the searched ones
    budget: int
    n: int  # runs
    diverged: int
    turns: int  # the most of any run
    score: float  # mean over tuning seeds
    std: float  # over tuning seeds
    steps: int  # charged
    digests: str  # of the runs, in the order of seeds


@dataclass(frozen=True, eq=False)
class Tuned:
    """A file of tuned settings, and how a study wants it read."""

    place: Node
    file: TunedFile
    readings: tuple[Reading, ...]

    @property
    def seeds(self) -> range:
        """The seeds that the settings were chosen on."""
        return range(self.file.first_seed, self.file.first_seed + self.file.seeds)

    @property
    def labels(self) -> Collection[tuple[str, str, str]]:
        """Environment, policy and label of all that was tuned."""
        return self._each.keys()

    @cached_property
    def _each(self) -> dict[tuple[str, str, str], Winner]:
        return {(won.environments[0], won.policy, won.algorithm): won for won in self.file.each}

    @cached_property
    def _one(self) -> dict[tuple[str, str], Winner]:
        return {(won.policy, won.algorithm): won for won in self.file.one}

    def winner(self, reading: Reading, environment: str, policy: str, algorithm: str) -> Winner:
        """The best setting of a label.

        Raises:
            InputError: it was not tuned.
        """
        each = reading == "each"
        found = self._each.get((environment, policy, algorithm)) if each else self._one.get((policy, algorithm))
        if found is None or environment not in found.environments:
            what = f"{algorithm} with {policy} in {environment}"
            raise self.place.error(f"{what} was not tuned: {shown(self.file.study)} does not have it")
        return found

    def settings(self, won: Winner, file: str, own: Mapping[str, Any], fixed: Collection[str]) -> dict[str, Any]:
        """The settings that a label runs with.

        Args:
            won: its best setting.
            file: the plug-in behind it in this study.
            own: its settings in this study.
            fixed: those of them that this study gives.

        Raises:
            InputError: the label was something else when it was tuned, or its plug-in refuses the settings.
        """
        if won.plugin != file:
            raise self._other(won, f"was {won.plugin}")
        settings = complete("algorithms", won.plugin, won.settings)
        free = search_space(plugins.load("algorithms", won.plugin)).keys() - set(fixed)
        differ = [name for name, value in settings.items() if name not in free and value != own.get(name)]
        if differ:
            raise self._other(won, f"differed in {', '.join(differ)}")
        make("algorithms", file, won.settings, {"policy": None}, settings)
        return settings

    def _other(self, won: Winner, difference: str) -> InputError:
        return self.place.error(f"{won.algorithm} is not what {shown(self.file.study)} has tuned: that {difference}")


def shown(study: str) -> str:
    """Where the tuned settings of a study lie."""
    return f"tuned/{study}.yaml"


def load_tuned(root: Path, node: Node) -> Tuned:
    """What `tuned:` in a study asks for.

    Raises:
        InputError: there is no such file, or something is wrong with it or with that of the draws.
    """
    entry = read(node, TunedEntry)
    check_name(mapping(node)["study"], entry.study)
    path = root / "tuned" / f"{entry.study}.yaml"
    if not path.is_file():
        command = f"snakemake --cores 8 tune --config study={entry.study}"
        raise node.error(f"there is no {shown(entry.study)} yet: make it with `{command}`")
    written = strict_yaml.load(path, shown(entry.study))
    file = read(written, TunedFile)
    if file.study != entry.study:
        raise mapping(written)["study"].error(f"this is the file of {entry.study}, not of {ascii(file.study)[:80]}")
    _whole(root, file)  # the tables need it: better refused before the runs than after them
    return Tuned(node, file, entry.readings)


def tuned_twice(files: Iterable[Tuned]) -> str | None:
    """What two files of tuned settings both claim to know best, or None: a label has one tuning."""
    known: dict[tuple[str, str, str], str] = {}
    for one in files:
        for key in one.labels:
            other = known.setdefault(key, one.file.study)
            if other != one.file.study:
                return f"{' · '.join(key)} is tuned by two studies, {other} and {one.file.study}"
    return None


def load_draws(root: Path, file: TunedFile) -> tuple[Draw, ...]:
    """Every setting that was tried.

    Raises:
        InputError: the file is lost, or not the one that the settings were chosen from.
    """
    return tuple(map(_draw, csv.DictReader(io.StringIO(_whole(root, file)))))


def _whole(root: Path, file: TunedFile) -> str:
    """The text of the file with every draw; raises as `load_draws`."""
    name = f"tuned/{file.study}.csv"
    if not (root / name).is_file() or checksum(root / name) != file.draws:
        raise InputError(name, f"is lost or not what {shown(file.study)} was made from")
    return decoded((root / name).read_bytes(), name)


def _draw(row: Mapping[str, str]) -> Draw:
    return Draw(
        row["environment"],
        row["policy"],
        row["algorithm"],
        row["family"],
        int(row["draw"]),
        json.loads(row["settings"]),
        int(row["budget"]),
        int(row["n"]),
        int(row["diverged"]),
        int(row["turns"]),
        float(row["score"]),
        float(row["std"] or "nan"),
        int(row["steps"]),
        row["digests"],
    )


def yaml_text(file: Mapping[str, Any], entries: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The text of a file: plain values first, then lists of entries; every value is JSON, which YAML contains."""
    lines = [f"{key}: {_json(value)}" for key, value in file.items()]
    for name, items in entries.items():
        lines.append(f"\n{name}:" if items else f"\n{name}: []")
        for item in items:
            pairs = [f"{key}: {_json(value)}" for key, value in item.items()]
            lines += [f"  - {pairs[0]}", *(f"    {pair}" for pair in pairs[1:])]
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
