"""Learning curves of the cells on one grid of steps per environment, with a band for each point and one for the curve.

Both bands are made of the same resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.interface import Floats, Integers
from harness.statistics.bands import around
from harness.statistics.bootstrap import interval
from harness.statistics.counts import count_replicates, iqm_of, whole
from harness.statistics.curves import at
from harness.tables.cells import CellRuns, curve
from harness.tables.estimates import Address
from harness.tables.per_cell import IDENTITY
from harness.tables.write import Row

POINTS = 101
CURVES = (*IDENTITY, "steps", "iqm", "low", "high", "band_low", "band_high", "n")


def longest_budgets(cells: Sequence[CellRuns]) -> dict[str, int]:
    """The largest budget that a cell of each environment has."""
    budgets: dict[str, int] = {}
    for cell in cells:
        name = cell.record.environment
        budgets[name] = max(budgets.get(name, 0), cell.record.budget)
    return budgets


def curve_rows(cell: CellRuns, longest: Mapping[str, int], address: Address, resamples: int) -> Iterator[Row]:
    """IQM over the runs with its intervals and its simultaneous band from whole runs, up to the cell's own budget."""
    if not cell.runs:
        return
    record = cell.record
    grid = np.linspace(0, longest[record.environment], POINTS).astype(np.int64)
    grid = np.unique([*grid[grid < record.budget], record.budget])  # [G]
    middle, n = iqm_of(values_on(cell, grid)), (len(cell.runs),)
    value = whole(n, middle)  # [G]
    replicates = count_replicates(address("tables", *record.key, "curves"), n, middle, resamples)  # [R, G]
    band = around(value, replicates, np.full(len(grid), *n), 1)
    numbers = (grid.tolist(), value, *interval(replicates, n), band.low, band.high)
    for row in zip(*numbers, strict=True):
        yield {**record.identity, **dict(zip(CURVES[len(IDENTITY) :], (*row, *n), strict=True))}


def values_on(cell: CellRuns, grid: Integers) -> Floats:
    """Scores of the runs at each step of a grid: [n, G]."""
    return np.stack([at(*curve(run, cell.record), grid, cell.record.random) for run in cell.runs])
