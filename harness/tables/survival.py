"""Steps to `solved` as survival times: the curve of each cell, its restricted mean, and ratios of restricted means.

All cells of an environment are held against one step τ, the smallest of their budgets: up to it every run was watched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from harness.statistics.bootstrap import Estimate
from harness.statistics.survival import median, ratio, resampled, restricted, solved
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED
from harness.tables.contrasts import times
from harness.tables.estimates import Address, columns
from harness.tables.findings import ENOUGH, RIVALS
from harness.tables.per_cell import IDENTITY
from harness.tables.write import Row

SURVIVAL = (*IDENTITY, "steps", "share", "low", "high", "n")
MEAN, MEDIAN = ("mean", "mean_low", "mean_high"), ("median", "median_low", "median_high")
RESTRICTED = (*IDENTITY, "episode_horizon", "actions", "horizon", "crossed", "n", *MEAN, *MEDIAN)
SIDE = ("policy", "algorithm", "family", "parameters", "n")
SIDES = tuple(f"{side}_{name}" for side in ("first", "second") for name in SIDE)
RATIO = ("ratio", "ratio_low", "ratio_high")
RATIOS = ("environment", "contrast", *SIDES, "horizon", *RATIO, "faster")


def common_budgets(cells: Sequence[CellRuns]) -> dict[str, float]:
    """τ of each environment: the smallest budget of its cells."""
    budgets: dict[str, float] = {}
    for cell in cells:
        name = cell.record.environment
        budgets[name] = min(budgets.get(name, np.inf), float(cell.record.budget))
    return budgets


def survival_rows(cell: CellRuns) -> Iterator[Row]:
    """The Kaplan-Meier curve; nothing for a cell without runs."""
    if not cell.runs:
        return
    for steps, share, low, high in zip(*solved(times(cell)), strict=True):
        numbers = (int(steps), share, low, high, len(cell.runs))
        yield {**cell.record.identity, **dict(zip(SURVIVAL[len(IDENTITY) :], numbers, strict=True))}


def restricted_row(cell: CellRuns, budgets: Mapping[str, float], address: Address, resamples: int) -> Row:
    """Mean steps to `solved` up to τ, and the median."""
    record = cell.record
    horizon = budgets[record.environment]
    mean, middle = None, None
    if cell.runs:
        mean = restricted(resampled(address("tables", *record.key, "restricted"), times(cell), horizon, resamples))
        middle = median(times(cell))
    return {
        **record.identity,
        "episode_horizon": record.horizon,
        "actions": record.actions,
        "horizon": horizon,
        "crossed": int((cell.solved <= horizon).sum()),
        "n": len(cell.runs),
        **columns(mean, *MEAN),
        **columns(middle, *MEDIAN),
    }


def ratio_rows(
    cells: Sequence[CellRuns], budgets: Mapping[str, float], address: Address, resamples: int
) -> Iterator[Row]:
    """Families: every two methods of different families on one policy; structures: one method on every two policies.

    A cell is resampled once, on its own, and stands with the same resamples in all of its pairs.
    """
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        if cell.runs and cell.record.family in RIVALS:
            groups[cell.record.environment].append(cell)
    for environment, group in sorted(groups.items()):
        means = {
            cell.record.key: resampled(
                address("tables", "ratio", *cell.record.key), times(cell), budgets[environment], resamples
            )
            for cell in group
        }
        for contrast, first, second in contrasts(group):
            estimate = ratio(means[first.record.key], means[second.record.key])
            yield {
                **{"environment": environment, "contrast": contrast, "horizon": budgets[environment]},
                **side("first", first),
                **side("second", second),
                **columns(estimate, *RATIO),
                "faster": faster(first, second, estimate),
            }


def contrasts(cells: Sequence[CellRuns]) -> list[tuple[str, CellRuns, CellRuns]]:
    """Pairs that differ in one thing: the gradient-free method first, the policy with fewer parameters first."""
    ordered = sorted(cells, key=lambda cell: (cell.record.parameters, cell.record.key))
    found = []
    for one, other in combinations(ordered, 2):
        if one.record.policy == other.record.policy and one.record.family != other.record.family:
            first, second = sorted((one, other), key=lambda cell: cell.record.family)
            found.append(("family", first, second))
        if one.record.algorithm == other.record.algorithm:
            found.append(("structure", one, other))
    return sorted(found, key=lambda pair: (pair[0], pair[1].record.key, pair[2].record.key))


def side(name: str, cell: CellRuns) -> dict[str, str | float | None]:
    """The columns of one side."""
    record = cell.record
    words = (record.policy, record.algorithm, record.family, record.parameters, len(cell.runs))
    return dict(zip((f"{name}_{word}" for word in SIDE), words, strict=True))


def faster(first: CellRuns, second: CellRuns, estimate: Estimate) -> str:
    """`first` or `second` where the interval does not hold 1 and both have enough runs."""
    enough = min(len(first.runs), len(second.runs)) >= ENOUGH
    if enough and estimate.high < 1:
        return "first"
    return "second" if enough and estimate.low > 1 else UNDETERMINED
