"""What the report's sentences say of each environment: one family against the other, each by its best cell.

The best cells are named, and described, on the runs that made them the best. Who is ahead and who needs fewer steps is
judged apart: there the best is chosen on other runs than those that judge it (`harness/statistics/contests.py` for the
tests, `duels.py` for the sizes of the effects), and p is adjusted for the number of environments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from harness.interface import Floats
from harness.statistics.comparisons import holm_known
from harness.statistics.contests import contest
from harness.statistics.duels import duel
from harness.statistics.scores import iqm, normalised
from harness.statistics.survival import pairs, spared
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED, is_paired
from harness.tables.curves import values_on
from harness.tables.estimates import Address, CellEstimates
from harness.tables.write import Row

Key = tuple[str, str, str]
FREE, GRADIENT = "gradient-free", "policy-gradient"
FAMILIES = {"free": FREE, "gradient": GRADIENT}
BEST = ("policy", "algorithm", "parameters", "n", "iqm", "low", "high", "ert", "ert_low", "ert_high")
SIDES = tuple(f"{side}_{name}" for side in FAMILIES for name in BEST)
DIFFERENCE = ("difference", "difference_low", "difference_high")
SAVED = ("free_steps", "gradient_steps", "saved", "saved_low", "saved_high")
SCORE = (*DIFFERENCE, "probability", "p", "p_holm", "ahead")
STEPS = (*SAVED, "steps_probability", "steps_p", "steps_p_holm", "faster")
FINDINGS = ("environment", *SIDES, "horizon", *SCORE, *STEPS)
IQM = partial(iqm, axis=1)
SIGNIFICANT = 0.05
ENOUGH = 5  # runs from which on an interval covers about what it says


def finding_rows(
    cells: Sequence[CellRuns], estimates: Mapping[Key, CellEstimates], address: Address, resamples: int
) -> Iterator[Row]:
    """One row per environment; p is adjusted over all of them."""
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        groups[cell.record.environment].append(cell)
    rows: list[dict[str, Any]] = []
    for environment, group in sorted(groups.items()):
        row: dict[str, Any] = {**dict.fromkeys(FINDINGS), "environment": environment}
        row |= dict.fromkeys(("p", "steps_p"), np.nan)
        for side, family in FAMILIES.items():
            choice = best(group, family, estimates)
            row |= describe(side, choice, estimates[choice.record.key]) if choice else {}
        free, gradient = (
            [cell for cell in group if cell.runs and cell.record.family == name] for name in (FREE, GRADIENT)
        )
        rows.append(row | (contrast(free, gradient, address, resamples) if free and gradient else {}))
    for p, chance, verdict in (("p", "probability", "ahead"), ("steps_p", "steps_probability", "faster")):
        adjusted = holm_known(np.array([row[p] for row in rows], dtype=np.float64))
        for row, value in zip(rows, adjusted, strict=True):
            row |= {f"{p}_holm": value, verdict: judge(row[chance], value)}
    yield from rows


def best(cells: Sequence[CellRuns], family: str, estimates: Mapping[Key, CellEstimates]) -> CellRuns | None:
    """Highest normalised IQM, then lowest ERT, fewest parameters, name; None if the family has no run."""

    def rank(cell: CellRuns) -> tuple[float, float, int, Key]:
        record, known = cell.record, estimates[cell.record.key]
        _, time = known.solved(cell)
        return -float(known.normalised.value), float(time.value), record.parameters, record.key

    return min((cell for cell in cells if cell.runs and cell.record.family == family), key=rank, default=None)


def describe(side: str, cell: CellRuns, estimates: CellEstimates) -> dict[str, str | float | None]:
    """The columns of one side."""
    record = cell.record
    numbers = (record.policy, record.algorithm, record.parameters, len(cell.runs))
    scores, times = map(float, estimates.score), map(float, estimates.solved(cell)[1])
    return dict(zip((f"{side}_{name}" for name in BEST), (*numbers, *scores, *times), strict=True))


def contrast(
    free: Sequence[CellRuns], gradient: Sequence[CellRuns], address: Address, resamples: int
) -> dict[str, float]:
    """The families of one environment: score at the smallest budget of their cells, and steps until solved up to it."""
    horizon = min(cell.record.budget for cell in (*free, *gradient))
    rng = partial(address, "tables", "finding", free[0].record.environment)
    first, second = ([watched(cell, horizon) for cell in cells] for cells in (free, gradient))
    paired = all(is_paired(free[0], cell) for cell in (*free, *gradient))
    heights, steps = ([[one[:, place] for one in side] for side in (first, second)] for place in (0, 1))
    score = contest(rng("score"), heights[0], heights[1], IQM, paired=paired)
    speed = contest(rng("steps"), steps[0], steps[1], mean, paired=paired)
    found = duel(rng("duel"), first, second, summary, resamples)
    means, ends = np.abs((found.first[1], found.second[1])), [float(end[1]) for end in found.difference]
    favourites = [cells[int(places[1])] for cells, places in zip((free, gradient), found.favourites, strict=True)]
    fewer, more = (horizon * (1 - spared(times(cell), horizon)) for cell in favourites)
    saved = (ends[0], ends[1] - more, ends[2] + fewer)
    return {
        "horizon": horizon,
        **dict(zip(DIFFERENCE, (float(end[0]) for end in found.difference), strict=True)),
        **{"probability": score.probability, "p": score.p},
        **dict(zip(SAVED, map(float, (*means, *saved)), strict=True)),
        **{"steps_probability": speed.probability, "steps_p": speed.p},
    }


def times(cell: CellRuns) -> Floats:
    """(crossing of `solved`, budget) of the runs [n, 2]."""
    return pairs(cell.solved, float(cell.record.budget))


def watched(cell: CellRuns, horizon: int) -> Floats:
    """Normalised score at a number of steps, and −steps until solved, at most that number, of the runs [n, 2]."""
    scores = values_on(cell, np.array([horizon]))[:, 0]
    heights = normalised(scores, cell.record.random, cell.record.reference)
    return np.stack((heights, -np.minimum(cell.solved, horizon)), axis=1)


def mean(tables: Floats) -> Floats:
    """Mean over the runs, [R, N] -> [R]."""
    return np.asarray(tables.mean(axis=1))


def summary(tables: Floats) -> Floats:
    """IQM of the scores and mean of −steps, the restricted mean, of tables [R, N, 2] -> [R, 2]."""
    return np.stack((IQM(tables[..., 0]), mean(tables[..., 1])), axis=1)


def judge(probability: float | None, p: float) -> str:
    """Who is better, where the adjusted test says so."""
    if probability is None or not p <= SIGNIFICANT:
        return UNDETERMINED
    return FREE if probability > 0.5 else GRADIENT
