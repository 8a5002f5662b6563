"""Two sides of one environment, each the best of its cells: who scores higher, who needs fewer steps, and by how much.

The best cell of a side is chosen on other runs than those that judge it: by `harness/statistics/contests.py` for the
tests, by `duels.py` for the sizes of the effects. All cells are held against one step τ, the smallest of their budgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harness.interface import Floats
from harness.statistics.bootstrap import Estimate
from harness.statistics.comparisons import holm_known
from harness.statistics.contests import contest
from harness.statistics.duels import duel
from harness.statistics.scores import iqm, normalised
from harness.statistics.survival import pairs, spared
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED, is_paired
from harness.tables.curves import values_on

DIFFERENCE = ("difference", "difference_low", "difference_high")
SAVED = ("saved", "saved_low", "saved_high")
IQM = partial(iqm, axis=1)
SIGNIFICANT = 0.05
RESOLUTION = 3  # decimals of a normalised score: what is nearer is a tie in a test, not a win by a millionth


class Contrast(NamedTuple):
    """The first side against the second, not yet adjusted."""

    horizon: int  # τ
    difference: tuple[float, float, float]  # of the normalised scores at τ, first - second, with its interval
    probability: float  # that a run of the first side scores higher, ties counted half
    p: float
    steps: tuple[float, float]  # until solved, at most τ, of either side
    saved: tuple[float, float, float]  # second - first, with its interval
    steps_probability: float  # that a run of the first side needs fewer
    steps_p: float


def columns(names: tuple[str, str]) -> tuple[str, ...]:
    """The columns of a contrast between two sides with these names."""
    score = ("horizon", *DIFFERENCE, "probability", "p", "p_holm", "ahead")
    steps = (*(f"{name}_steps" for name in names), *SAVED, "steps_probability", "steps_p", "steps_p_holm", "faster")
    return (*score, *steps)


def contrast(
    first: Sequence[CellRuns], second: Sequence[CellRuns], rng: Callable[[str], np.random.Generator], resamples: int
) -> Contrast:
    """The sides of one environment: score at the smallest budget of their cells, and steps until solved up to it.

    Args:
        first: the cells of one side, each with runs.
        second: those of the other.
        rng: a generator for each purpose: `score`, `steps`, `duel`.
        resamples: of the bootstrap.
    """
    horizon = min(cell.record.budget for cell in (*first, *second))
    one, other = ([watched(cell, horizon) for cell in cells] for cells in (first, second))
    paired = same_seeds(first, second)
    heights, steps = ([[values[:, place] for values in side] for side in (one, other)] for place in (0, 1))
    rough = [[np.round(values, RESOLUTION) for values in side] for side in heights]
    score = contest(rng("score"), rough[0], rough[1], IQM, paired=paired)
    speed = contest(rng("steps"), steps[0], steps[1], mean, paired=paired)
    found = duel(rng("duel"), one, other, summary, resamples)
    favourites = [cells[int(places[1])] for cells, places in zip((first, second), found.favourites, strict=True)]
    fewer, more = (horizon * (1 - spared(times(cell), horizon)) for cell in favourites)
    means = abs(float(found.first[1])), abs(float(found.second[1]))
    saved, low, high = _at(found.difference, 1)
    return Contrast(
        horizon, _at(found.difference, 0), *score, means, (saved, float(low - more), float(high + fewer)), *speed
    )


def _at(estimate: Estimate, place: int) -> tuple[float, float, float]:
    value, low, high = (float(end[place]) for end in estimate)
    return value, low, high


def same_seeds(first: Sequence[CellRuns], second: Sequence[CellRuns]) -> bool:
    """True if the runs of all cells have the same seeds."""
    return all(is_paired(first[0], cell) for cell in (*first, *second))


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


def settled(
    rows: Iterable[Mapping[str, Any]],
    found: Sequence[Contrast | None],
    names: tuple[str, str],
    verdicts: tuple[str, str],
) -> Iterator[dict[str, Any]]:
    """The rows with the columns of their contrasts, p adjusted over all of them; what has none is undetermined.

    Args:
        rows: what else stands in them.
        found: a contrast for each.
        names: of the sides, in the names of columns.
        verdicts: the words for "the first side" and "the second side".
    """
    adjusted = (
        holm_known(np.array([one.p if one else np.nan for one in found])),
        holm_known(np.array([one.steps_p if one else np.nan for one in found])),
    )
    for row, one, p, steps_p in zip(rows, found, *adjusted, strict=True):
        numbers = _numbers(one, names) if one else {}
        ahead = judge(numbers.get("probability"), p, verdicts)
        faster = judge(numbers.get("steps_probability"), steps_p, verdicts)
        yield {**row, **numbers, "p_holm": p, "ahead": ahead, "steps_p_holm": steps_p, "faster": faster}


def _numbers(found: Contrast, names: tuple[str, str]) -> dict[str, float]:
    return {
        "horizon": found.horizon,
        **dict(zip(DIFFERENCE, found.difference, strict=True)),
        **{"probability": found.probability, "p": found.p},
        **dict(zip((f"{name}_steps" for name in names), found.steps, strict=True)),
        **dict(zip(SAVED, found.saved, strict=True)),
        **{"steps_probability": found.steps_probability, "steps_p": found.steps_p},
    }


def judge(probability: float | None, p: float, names: tuple[str, str]) -> str:
    """The side that is better, where the adjusted test says so."""
    if probability is None or not p <= SIGNIFICANT:
        return UNDETERMINED
    return names[0] if probability > 0.5 else names[1]
