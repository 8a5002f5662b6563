"""Two runs of one cell and seed held against each other: equal, or what differs first, in the order of time."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from harness.interface import Candidate, Floats
from harness.record import SUMMARY
from harness.run import Rows, Snapshot

Recorded: TypeAlias = tuple[Snapshot, Candidate | None]  # None: the last solution was not kept


class Difference(NamedTuple):
    """The first place where two runs part."""

    file: str
    place: str  # row or element
    column: str
    recorded: str
    found: str

    def __str__(self) -> str:
        """As a sentence."""
        return f"{self.file}, {self.place}, {self.column}: recorded {self.recorded}, found {self.found}"


def first_difference(recorded: Recorded, found: Recorded) -> Difference | None:
    """What differs first: training before the evaluation of the same turn, then the candidate, then the summary."""
    (before, one), (after, other) = recorded, found
    parted = [
        _in_rows("training.parquet", before.training, after.training),
        _in_rows("evaluations.parquet", before.evaluations, after.evaluations),
    ]
    times = [pair for pair in parted if pair is not None]
    if times:
        return min(times, key=lambda pair: pair[0])[1]
    in_candidate = _in_candidate(one, other) if one and other else None
    return in_candidate or _in_summary(before, after)


def _in_rows(file: str, recorded: Rows, found: Rows) -> tuple[float, Difference] | None:
    """The turn and place of the first difference between two tables; a table that ends early differs there."""
    for number, (one, other) in enumerate(zip(recorded, found, strict=False)):
        for column in dict.fromkeys([*one, *other]):
            if not _equal(one.get(column), other.get(column)):
                place = f"row {number} (turn {one['turn']}, {one['steps']} steps)"
                return one["turn"], Difference(file, place, column, _shown(one, column), _shown(other, column))
    if len(recorded) == len(found):
        return None
    number = min(len(recorded), len(found))
    turn = [*recorded, *found][number]["turn"] if recorded else 0
    return turn, Difference(file, f"row {number}", "rows", str(len(recorded)), str(len(found)))


def _equal(one: float | None, other: float | None) -> bool:
    """Equal numbers; NaN equals itself, and absence only absence."""
    return one == other or (one is not None and other is not None and one != one and other != other)


def _shown(row: dict[str, float], column: str) -> str:
    return repr(row[column]) if column in row else "nothing"


def _in_candidate(recorded: Candidate, found: Candidate) -> Difference | None:
    """The first element of the last solution that differs by a bit."""
    pairs: dict[str, tuple[Floats, Floats]] = {
        "theta": (recorded.theta, found.theta),
        "mean": (recorded.scaler.mean, found.scaler.mean),
        "std": (recorded.scaler.std, found.scaler.std),
    }
    for name, (one, other) in pairs.items():
        if one.shape != other.shape:
            return Difference("candidates.npz", "array", name, str(one.shape), str(other.shape))
        unequal = np.flatnonzero(one.view(np.uint64) != other.view(np.uint64))
        if len(unequal):
            first = int(unequal[0])
            values = repr(float(one[first])), repr(float(other[first]))
            return Difference("candidates.npz", f"element {first}", name, *values)
    return None


def _in_summary(recorded: Snapshot, found: Snapshot) -> Difference | None:
    for name in SUMMARY:
        one, other = getattr(recorded, name), getattr(found, name)
        if one != other:
            return Difference("manifest.json", "its runs", name, repr(one), repr(other))
    return None
