"""The frontier: for each environment, parameter dimension and amount of data, which family is ahead, and how surely.

A family is its best algorithm with that policy at that step, chosen on other runs than those that judge it
(`harness/statistics/duels.py`): chosen and judged on the same runs, the family with more algorithms would be ahead of
an equal one in a third of all places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from harness.interface import Floats, Integers
from harness.statistics.duels import RESOLUTION, SURE, Duel, duel
from harness.statistics.scores import iqm, normalised
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED
from harness.tables.curves import values_on
from harness.tables.estimates import Address
from harness.tables.findings import FREE, GRADIENT
from harness.tables.rivals import by_environment, sizes
from harness.tables.write import Row

PLACE = ("environment", "policy", "parameters", "steps")
SIDES = ("free_algorithm", "free_score", "free_cells", "gradient_algorithm", "gradient_score", "gradient_cells")
DIFFERENCE = ("difference", "difference_low", "difference_high")
FRONTIER = (*PLACE, *SIDES, *DIFFERENCE, "probability", "ahead", "n")
POINTS = 12  # amounts of data, each the same multiple of the one before
IQM = partial(iqm, axis=1)


def frontier_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """Every policy on which both families ran."""
    for environment, group in by_environment(cells).items():
        grid = amounts(group)
        for policy in sizes(group):
            free, gradient = (
                [cell for cell in group if (cell.record.policy, cell.record.family) == (policy, family)]
                for family in (FREE, GRADIENT)
            )
            if free and gradient:
                rng = address("tables", "frontier", environment, policy)
                yield from map_rows(free, gradient, grid, rng, resamples)


def amounts(cells: Sequence[CellRuns]) -> Integers:
    """Steps [12] from the first evaluation after the start to the smallest budget of the environment's cells."""
    budget = min(cell.record.budget for cell in cells)
    first = min(run.evaluated[run.evaluated > 0].min(initial=budget) for cell in cells for run in cell.runs)
    return np.unique(np.geomspace(min(first, budget), budget, POINTS).round().astype(np.int64))


def map_rows(
    free: Sequence[CellRuns], gradient: Sequence[CellRuns], grid: Integers, rng: np.random.Generator, resamples: int
) -> Iterator[Row]:
    """One policy: a row per amount of data."""
    record = free[0].record
    found = duel(rng, heights(free, grid), heights(gradient, grid), IQM, resamples, RESOLUTION)
    n = min(len(cell.runs) for cell in (*free, *gradient))
    for place, steps in enumerate(grid):
        names = [
            side[int(favourite[place])].record.algorithm
            for side, favourite in zip((free, gradient), found.favourites, strict=True)
        ]
        numbers = (names[0], found.first[place], len(free), names[1], found.second[place], len(gradient))
        yield {
            **dict(zip(PLACE, (record.environment, record.policy, record.parameters, int(steps)), strict=True)),
            **dict(zip(SIDES, numbers, strict=True)),
            **dict(zip(DIFFERENCE, (float(end[place]) for end in found.difference), strict=True)),
            **{"probability": found.probability[place], "ahead": ahead(found, place), "n": n},
        }


def heights(cells: Sequence[CellRuns], grid: Integers) -> list[Floats]:
    """Normalised scores of each cell [n, G]."""
    return [normalised(values_on(cell, grid), cell.record.random, cell.record.reference) for cell in cells]


def ahead(found: Duel, place: int, names: tuple[str, str] = (FREE, GRADIENT)) -> str:
    """The side that is ahead with a probability of at least SURE."""
    chance = found.probability[place]
    return names[0] if chance >= SURE else names[1] if chance <= 1 - SURE else UNDETERMINED
