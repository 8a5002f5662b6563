"""What would change the conclusion: the headline asked again with other targets, normalisations and budgets.

Two questions: which family is ahead, and, within a family, whether a structure is ahead of the generic policy. Either
side is its best cell, chosen on other runs than those that judge it (`harness/statistics/duels.py`). All readings of an
environment rest on the same splits and resamples: where they differ, it is the reading that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.interface import Floats
from harness.statistics.duels import SURE, duel, verdict
from harness.statistics.scores import iqm, normalised
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED
from harness.tables.curves import values_on
from harness.tables.estimates import Address
from harness.tables.findings import FREE, GRADIENT
from harness.tables.rivals import by_environment, matches
from harness.tables.write import Row

READINGS = (  # measure, reading; the first of each measure is the declared one
    ("score", "declared"),
    ("score", "half of the budget"),
    ("score", "a quarter of the budget"),
    ("score", "median of raw scores"),
    ("score", "scaled to the best and worst seen"),
    ("steps", "declared"),
    ("steps", "target at 75 % of solved"),
    ("steps", "target at 50 % of solved"),
)
SHARES = (1.0, 0.75, 0.5)  # of the normalised height of `solved`, in the order of the readings
RAW = READINGS.index(("score", "median of raw scores"))
STEPS = [place for place, (measure, _) in enumerate(READINGS) if measure == "steps"]
BASE = [READINGS.index((measure, "declared")) for measure, _ in READINGS]  # the reading each is held against
QUESTION = ("environment", "question", "first", "second", "measure", "reading")
DIFFERENCE = ("difference", "difference_low", "difference_high")
SENSITIVITY = (*QUESTION, *DIFFERENCE, "probability", "ahead", "change")
EVERYWHERE = "all"  # environments, each counted once


Known: TypeAlias = dict[tuple[str, str, str], CellRuns]


class Question(NamedTuple):
    """Two sides of one environment, each with its cells."""

    environment: str
    name: str  # `family`, or `structure, FAMILY`
    names: tuple[str, str]
    sides: tuple[tuple[CellRuns, ...], tuple[CellRuns, ...]]


def questions(cells: Sequence[CellRuns]) -> Iterator[Question]:
    """Every question that an environment can be asked."""
    groups = by_environment(cells)
    for environment, group in groups.items():
        free, gradient = (tuple(cell for cell in group if cell.record.family == family) for family in (FREE, GRADIENT))
        if free and gradient:
            yield Question(environment, "family", (FREE, GRADIENT), (free, gradient))
    found: dict[tuple[str, str], tuple[Known, Known]] = {}
    for match in matches(groups):
        here = found.setdefault((match.environment, match.family), ({}, {}))
        for side, some in zip(here, zip(*match.pairs, strict=True), strict=True):
            side.update({cell.record.key: cell for cell in some})
    for (environment, family), (structured, generic) in found.items():
        policies = tuple(structured.values()), tuple(generic.values())
        yield Question(environment, f"structure, {family}", ("structure", "generic"), policies)


def readings(cells: Sequence[CellRuns]) -> dict[tuple[str, str, str], Floats]:
    """Values [n, 8] of each cell of an environment, larger is better, under every reading."""
    budget = min(cell.record.budget for cell in cells)
    grid = np.array([budget, budget // 2, budget // 4])
    raw = {cell.record.key: values_on(cell, grid) for cell in cells}  # [n, 3]
    worst = min(float(values[:, 0].min()) for values in raw.values())
    best = max(float(values[:, 0].max()) for values in raw.values())
    found = {}
    for cell in cells:
        record, values = cell.record, raw[cell.record.key]
        span = normalised(values[:, :1], worst, best) if best > worst else np.zeros_like(values[:, :1])
        heights = normalised(values, record.random, record.reference)
        saved = 1 - np.minimum(cell.crossings[:, rungs(cell)], budget) / budget  # [n, 3] share of the budget not needed
        found[record.key] = np.concatenate((heights, values[:, :1], span, saved), axis=1)
    return found


def rungs(cell: CellRuns) -> list[int]:
    """Places in the ladder: `solved`, and the targets nearest to three quarters and half of its height."""
    record = cell.record
    heights = normalised(record.ladder, record.random, record.reference)
    solved = heights[np.searchsorted(record.ladder, record.solved)]
    return [int(np.abs(heights - share * solved).argmin()) for share in SHARES]


def summary(tables: Floats) -> Floats:
    """Each reading's own statistic of tables [R, N, 8] -> [R, 8]."""
    result = iqm(tables, axis=1)
    result[:, RAW] = np.median(tables[..., RAW], axis=1)
    result[:, STEPS] = tables[..., STEPS].mean(axis=1)
    return result


def sensitivity_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """Eight rows per question, for each environment and for all of them together."""
    values: dict[tuple[str, str, str], Floats] = {}
    for group in by_environment(cells).values():
        values |= readings(group)
    asked = sorted(questions(cells), key=lambda question: (question.name, question.environment))
    replicates: dict[tuple[str, tuple[str, str]], list[Floats]] = {}
    for question in asked:
        rng = address("tables", "sensitivity", question.environment, question.name)
        first, second = ([values[cell.record.key] for cell in side] for side in question.sides)
        found = duel(rng, first, second, summary, resamples)
        replicates.setdefault((question.name, question.names), []).append(found.replicates)
        yield from rows(question.environment, question.name, question.names, found.replicates)
    for (name, names), several in replicates.items():
        if len(several) > 1:
            mean = np.mean(several, axis=0)
            mean[:, RAW] = np.nan  # raw scores of different environments have no common unit
            yield from rows(EVERYWHERE, name, names, mean)


def rows(environment: str, question: str, names: tuple[str, str], replicates: Floats) -> Iterator[Row]:
    """One row per reading, each held against the declared one of its measure."""
    difference, probability = verdict(replicates)
    ahead = [names[0] if chance >= SURE else names[1] if chance <= 1 - SURE else UNDETERMINED for chance in probability]
    for place, reading in enumerate(READINGS):
        yield {
            **dict(zip(QUESTION, (environment, question, *names, *reading), strict=True)),
            **dict(zip(DIFFERENCE, (float(end[place]) for end in difference), strict=True)),
            **{"probability": probability[place], "ahead": ahead[place]},
            "change": "" if BASE[place] == place else change(ahead[BASE[place]], ahead[place]),
        }


def change(before: str, after: str) -> str:
    """`same`, `opens` (no longer decided), `decides` (decided only so), `turns` (the other side is ahead)."""
    if before == after:
        return "same"
    if UNDETERMINED in (before, after):
        return "decides" if before == UNDETERMINED else "opens"
    return "turns"
