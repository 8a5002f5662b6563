"""Learning curves of the cells on one grid of steps per environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.statistics.counts import count_bootstrap, iqm_of
from harness.statistics.curves import at
from harness.tables.cells import CellRuns, curve
from harness.tables.estimates import Address
from harness.tables.per_cell import IDENTITY
from harness.tables.write import Row

POINTS = 101
CURVES = (*IDENTITY, "steps", "iqm", "low", "high", "n")


def longest_budgets(cells: Sequence[CellRuns]) -> dict[str, int]:
    """The largest budget that a cell of each environment has."""
    budgets: dict[str, int] = {}
    for cell in cells:
        name = cell.record.environment
        budgets[name] = max(budgets.get(name, 0), cell.record.budget)
    return budgets


def curve_rows(cell: CellRuns, longest: Mapping[str, int], address: Address, resamples: int) -> Iterator[Row]:
    """IQM over the runs with a pointwise band from whole runs, up to the cell's own budget."""
    if not cell.runs:
        return
    record = cell.record
    grid = np.linspace(0, longest[record.environment], POINTS).astype(np.int64)
    grid = np.unique([*grid[grid < record.budget], record.budget])  # [G]
    values = np.stack([at(*curve(run, record), grid, record.random) for run in cell.runs])  # [n, G]
    rng = address("tables", *record.key, "curves")
    band = count_bootstrap(rng, (len(values),), iqm_of(values), resamples)
    for steps, value, low, high in zip(grid, *band, strict=True):
        yield {**record.identity, "steps": int(steps), "iqm": value, "low": low, "high": high, "n": len(values)}
