"""From the rows of a study's tables to the runs of each side of a claim; rows are texts, as they stand in the files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.claims.declaration import Claim, Side
from harness.claims.measures import agree
from harness.interface import Floats

Rows: TypeAlias = Sequence[Mapping[str, str]]
Tables: TypeAlias = Mapping[str, Rows]  # by name, without .csv


class Unmeasured(Exception):
    """The tables do not hold what a claim is about; says what is missing."""


class Sample(NamedTuple):
    """The n runs of one cell, in the order of their seeds, and what the cell weighs in the effect."""

    environment: str
    side: int  # place of its side in the contrast
    weight: float
    seeds: tuple[int, ...]
    values: Floats  # [n]


def samples(claim: Claim, tables: Tables) -> list[Sample]:
    """The cells of all sides; environments weigh the same within a side, and cells within an environment.

    Raises:
        Unmeasured: if a side has no runs in one of its environments, or runs that say nothing of the metric there.
    """
    metric, found = claim.metric, []
    for number, (sign, side) in enumerate(claim.entry.contrast.sides):
        places = claim.environments(side)
        for environment in places:
            cells = _cells(tables.get(metric.table, ()), side, environment, metric.column)
            if not cells:
                raise Unmeasured(f"no run of {side.in_words} in {environment}")
            weight = sign / (len(places) * len(cells))
            found += [(environment, number, weight, rows) for rows in cells]
    reach = {
        environment: _least_budget([rows for place, *_, rows in found if place == environment])
        for environment, *_ in found
    }
    measured = [
        Sample(environment, number, weight, tuple(sorted(rows)), _values(claim, rows, reach[environment]))
        for environment, number, weight, rows in found
    ]
    _require_informed(metric.kind, measured)
    return measured


def _require_informed(kind: str, cells: Sequence[Sample]) -> None:
    """Refuse ratios that are made by the budget, where nobody gets there, or by noise, where all runs are the same."""
    if kind == "steps":
        solved = {cell.environment for cell in cells if (cell.values >= 0).any()}
        blind = sorted({cell.environment for cell in cells} - solved)
        if blind:
            raise Unmeasured(
                f"no run of any side solved {' and '.join(blind)}: the ratio of steps would be that of budgets"
            )
    if kind == "spread":
        still = sorted({cell.environment for cell in cells if agree(cell.values[np.newaxis])[0]})
        if still:
            raise Unmeasured(
                f"runs of one cell all agree in {' and '.join(still)}: their spread would be that of rounding"
            )


def _cells(rows: Rows, side: Side, environment: str, column: str) -> list[dict[int, Rows]]:
    """The rows of each cell of a side in an environment, by seed; missing runs have none."""
    cells: dict[tuple[str, str], dict[int, list[Mapping[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        there = row.get("status") != "missing" and column in row
        if there and row["environment"] == environment and side.holds(row):
            cells[row["policy"], row["algorithm"]][int(row["seed"])].append(row)
    return [dict(cells[key]) for key in sorted(cells)]


def _least_budget(cells: Sequence[Mapping[int, Rows]]) -> float:
    """τ: the smallest budget of the runs of an environment; of a table without budgets none."""
    return min(float(row.get("budget", "inf")) for rows in cells for row in _all(rows))


def _all(rows: Mapping[int, Rows]) -> list[Mapping[str, str]]:
    return [row for group in rows.values() for row in group]


def _values(claim: Claim, rows: Mapping[int, Rows], budget: float) -> Floats:
    """What the metric reads of every run [n]."""
    metric = claim.metric
    lines = [rows[seed] for seed in sorted(rows)]
    if metric.column == "steps_to_solved":
        steps = np.array([float(line[0][metric.column] or "inf") for line in lines])
        crossed = steps <= budget
        return crossed.astype(np.float64) if metric.kind == "share" else np.where(crossed, steps, -budget)
    numbers = [[float(row[metric.column] or "nan") for row in line] for line in lines]
    if metric.kind == "logs":
        return np.array([np.mean([math.log(x) if x > 0 else math.nan for x in line]) for line in numbers])
    return np.array([np.mean(line) for line in numbers])
