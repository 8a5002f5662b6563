"""The claims of `claims.yaml`: statements with a contrast, metric and margin that would support or contradict them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from harness import strict_yaml
from harness.claims.metrics import METRICS, Metric
from harness.declared import FILE, declared
from harness.errors import InputError, suggestion
from harness.files import is_there
from harness.names import check_name, find
from harness.node import Node
from harness.schema import Rule, mapping, read

TERMS = ("share", "dimension", "horizon", "actions", "exploration", "shift")  # columns of laboratory.csv
ABOVE, BELOW, WITHIN = "above", "below", "within"
Names = Annotated[tuple[str, ...], Rule("with at least one entry", bool)]
Numbers = Annotated[tuple[float, ...], Rule("with at least one entry", bool)]
Date = Annotated[str, Rule("such as 2026-11-22", lambda text: len(text) == 10 and text[4] + text[7] == "--")]
Text = Annotated[str, Rule("that is not empty", bool)]


@dataclass(frozen=True)
class Side:
    """Cells of a study; what is not named is not asked for."""

    family: Literal["gradient-free", "policy-gradient", "probe"] | None = None
    algorithms: Names | None = None  # labels of the study
    policies: Names | None = None  # labels of the study; of an exponent, kinds of policies
    environments: Names | None = None  # where they are not those of the claim
    where: dict[str, Numbers] | None = None  # columns that say how it was measured, and what they must be

    def __post_init__(self) -> None:
        if self.family is None and self.algorithms is None:
            raise ValueError("name a family or algorithms")
        odd = next((word for word in self.where or () if word not in TERMS), None)
        if odd is not None:
            raise ValueError(f"unknown column {odd!r}; allowed: {', '.join(TERMS)}{suggestion(odd, TERMS)}")

    def names(self, cell: Mapping[str, str]) -> bool:
        """Whether a cell has the labels of this side, its environment apart."""
        wanted = {"algorithm": self.algorithms, "policy": self.policies}
        named = all(names is None or cell[column] in names for column, names in wanted.items())
        return named and self.family in (None, cell["family"])

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether a row of a table about cells is on this side, its environment apart."""
        terms = all(float(row[column] or "nan") in numbers for column, numbers in (self.where or {}).items())
        return terms and self.names(row)

    @property
    def in_words(self) -> str:
        """`gradient-free: ars-v1, cem with subspace-8`."""
        names = " with ".join(", ".join(words) for words in (self.algorithms, self.policies) if words)
        where = f" in {', '.join(self.environments)}" if self.environments else ""
        for column, numbers in (self.where or {}).items():
            where += f" at {column} {', '.join(f'{number:g}' for number in numbers)}"
        return ": ".join(word for word in (self.family, names) if word) + where


@dataclass(frozen=True)
class Contrast:
    """The effect is first - second, or their ratio, less the same of another pair: an interaction."""

    first: Side
    second: Side | None = None  # none: the first is held against the margin alone
    less_first: Side | None = None
    less_second: Side | None = None

    def __post_init__(self) -> None:
        pair = {self.less_first is None, self.less_second is None}
        if len(pair) == 2 or (self.less_first and not self.second):
            raise ValueError("less_first and less_second come together, after first and second")

    @property
    def sides(self) -> tuple[tuple[int, Side], ...]:
        """Each side with its sign."""
        signed = ((1, self.first), (-1, self.second), (-1, self.less_first), (1, self.less_second))
        return tuple((sign, side) for sign, side in signed if side is not None)

    @property
    def in_words(self) -> str:
        """`program against network`, and what that is less."""
        return self.told([side.in_words for _, side in self.sides])

    @staticmethod
    def told(words: Sequence[str]) -> str:
        """A word for each side, as the contrast holds them against each other."""
        pairs = [" against ".join(words[place : place + 2]) for place in range(0, len(words), 2)]
        return ", less ".join(pairs)


@dataclass(frozen=True, eq=False)
class Entry:
    """A claim as it is written."""

    statement: Text
    source: Text
    study: str
    environments: Names
    contrast: Contrast
    metric: str
    direction: Literal["above", "below", "within"]
    margin: float  # in units of the effect
    reason: Text  # why this margin is what matters
    declared: Date
    notes: str = ""


@dataclass(frozen=True, eq=False)
class File:
    """`claims.yaml` as it is written."""

    studies: Annotated[tuple[Node, ...], Rule("with at least one entry", bool)]  # that may be named, written or not
    claims: dict[str, Node]


@dataclass(frozen=True, eq=False)
class Claim:
    """A claim, every word of it known."""

    name: str
    digest: str  # of its lines
    place: Node
    entry: Entry
    metric: Metric

    @property
    def everywhere(self) -> tuple[str, ...]:
        """All environments, in the order in which they are named."""
        return tuple(place for _, side in self.entry.contrast.sides for place in self.environments(side))

    def environments(self, side: Side) -> tuple[str, ...]:
        """Where a side is looked at."""
        return side.environments or self.entry.environments

    def rests_on(self, table: str, cell: Mapping[str, str]) -> bool:
        """Whether it is judged by a cell; `table` says what that is a cell of: `runs` or `laboratory`."""
        if (table == "laboratory") != (self.metric.table == "laboratory"):
            return False
        sides = [side for _, side in self.entry.contrast.sides]
        if self.metric.table == "scaling":  # policies are kinds there, and a line may be drawn through all
            sides = [replace(side, policies=None) for side in sides]
        return any(cell["environment"] in self.environments(side) and side.names(cell) for side in sides)


def load_claims(root: Path) -> tuple[Claim, ...]:
    """Every claim, in the order of the file; none if there is no file.

    Raises:
        InputError: for whatever is wrong with it.
    """
    path = root / FILE
    if not is_there(path):
        return ()
    node = strict_yaml.load(path, FILE)
    file, digests = read(node, File), declared(path)
    odd = next((place for name, place in file.claims.items() if name not in digests), None)
    if odd is not None:
        raise odd.error("the name of a claim stands after exactly two spaces")
    for place in file.studies:
        check_name(place, read(place, str))
    studies = [read(place, str) for place in file.studies]
    return tuple(_claim(name, digests[name], place, studies) for name, place in file.claims.items())


def _claim(name: str, digest: str, place: Node, studies: Sequence[str]) -> Claim:
    check_name(place, name)
    entry, keys = read(place, Entry), mapping(place)
    find(keys["study"], entry.study, studies, "study")
    metric = METRICS[find(keys["metric"], entry.metric, METRICS, "metric")]
    if metric.scale == "ratio" and entry.margin <= 0:
        raise keys["margin"].error(f"a margin of {entry.metric} is a ratio, above 0")
    if entry.direction == WITHIN and not entry.margin > (1 if metric.scale == "ratio" else 0):
        raise keys["margin"].error("the margin of `within` is the larger end: above 1 for a ratio, else above 0")
    if metric.table != "laboratory" and any(side.where for _, side in entry.contrast.sides):
        raise keys["contrast"].error("`where` is for what the laboratory measures")
    if entry.contrast.second is None and metric.scale == "ratio":
        raise keys["contrast"].error(f"{entry.metric} is a ratio: it needs a second side")
    return Claim(name, digest, place, entry, metric)


def check_labels(claims: Iterable[Claim], study: str, labels: Mapping[str, Sequence[tuple[str, str, str]]]) -> None:
    """Refuse claims on a study's runs or measurements that name what the study does not have.

    Args:
        claims: all of them.
        study: its name.
        labels: environment, policy and algorithm of each cell of the study, by the table that it stands in.

    Raises:
        InputError: naming the nearest label.
    """
    known = {"environments": 0, "policies": 1, "algorithms": 2}
    for claim in claims:
        if claim.entry.study == study and claim.metric.table in labels:
            for key, word in _words(claim):
                allowed = dict.fromkeys(label[known[key]] for label in labels[claim.metric.table])
                if word not in allowed:
                    raise _unknown(claim, study, key, word, allowed)


def _words(claim: Claim) -> Iterable[tuple[str, str]]:
    """Every label that a claim names, and what kind of label it is."""
    yield from (("environments", word) for word in claim.entry.environments)
    for _, side in claim.entry.contrast.sides:
        for key in ("environments", "policies", "algorithms"):
            yield from ((key, word) for word in getattr(side, key) or ())


def _unknown(claim: Claim, study: str, key: str, word: str, allowed: Iterable[str]) -> InputError:
    return claim.place.error(f"the study {study} has no {word!r} among its {key}", word, allowed)
