"""How steps to a target grow: log T = a + b log d + c log H + ..., the target not always reached.

Normal errors on the logarithm and right-censoring at the budget: a log-normal accelerated-failure-time (Tobit)
regression by maximum likelihood. Least squares on the runs that crossed would say that hard problems are easy.

Source: A. Vemula, W. Sun & J. A. Bagnell (AISTATS 2019): the cost grows with d in parameter space (b ≈ 1), with the
horizon and the action dimension in action space (c > 0). The fit is that of `tobit`.

Each family has its own fit and its own σ, since a common σ would bend the slopes of both under censoring; the
interaction family × log d is the difference of their exponents, and the crossover where their lines meet.

Coverage (docs/coverage.md): 95 % ± 2 points with ten runs in each of six cells, up to 60 % censored; 92 to 95 % with
five.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.interface import Booleans, Floats
from harness.statistics.bootstrap import Estimate, interval
from harness.statistics.counts import drawn_counts
from harness.statistics.tobit import fit


class Line(NamedTuple):
    """A fit: β and log σ [K + 1] and their replicates [R, K + 1]; NaN where the data do not determine them."""

    value: Floats
    replicates: Floats
    sizes: tuple[int, ...]


class Crossover(NamedTuple):
    """Where the first method stops being ahead: x in the range, or NaN ("none in range").

    `low` and `high` bound the part of the range in which it is not known who is ahead: -inf and inf where that part
    reaches the end of the range, NaN where it is known everywhere. `ahead` [G] is -1 where the first is faster, 1 where
    the second is, 0 where it is not known.
    """

    value: float
    low: float
    high: float
    ahead: Floats


def design(*columns: Floats) -> Floats:
    """Rows [N, K] with the intercept first: `design(log_d, log_H)`."""
    return np.column_stack((np.ones(len(columns[0])), *columns))


def line(
    rng: np.random.Generator, rows: Floats, times: Floats, crossed: Booleans, sizes: Sequence[int], resamples: int
) -> Line:
    """Fit of one method with replicates by whole runs; runs of a cell (one d, one H) are a stratum of that size."""
    weights = drawn_counts(rng, sizes, resamples)  # [R, N]
    both = fit(rows, times, crossed, np.concatenate((np.ones((1, len(times))), weights)))
    return Line(both[0], both[1:], tuple(sizes))


def estimate(value: Floats, replicates: Floats, sizes: Sequence[int]) -> Estimate:
    """A number [...] with the interval of its replicates [R, ...]; one that is not determined widens either end."""
    low, _ = interval(np.where(np.isnan(replicates), -np.inf, replicates), sizes)
    _, high = interval(np.where(np.isnan(replicates), np.inf, replicates), sizes)
    return Estimate(value, low, high)


def exponents(fitted: Line) -> Estimate:
    """Coefficients (intercept, exponents ...) and log σ [K + 1] with their intervals."""
    return estimate(*fitted)


def interaction(first: Line, second: Line) -> Estimate:
    """Coefficients of the first - those of the second [K + 1]: family × log d and its like; both resampled alone."""
    return estimate(first.value - second.value, first.replicates - second.replicates, (*first.sizes, *second.sizes))


def crossover(first: Line, second: Line, rows: Floats, along: Floats) -> Crossover:
    """Where the predictions of two fits cross along a range.

    Who is ahead is asked at each point: the interval of the difference of the lines there holds 0, or it does not. The
    points where it does are a confidence set of the crossing (E. C. Fieller, 1954), which no ratio of slopes spoils.

    Args:
        first: fit of one method.
        second: fit of the other, with the same columns and number of resamples.
        rows: [G, K] the range, e.g. log d rising at one log H.
        along: [G] the name of each row on the axis, e.g. d; ascending.
    """
    gap = estimate(
        rows @ (first.value - second.value)[:-1],
        (first.replicates - second.replicates)[:, :-1] @ rows.T,
        (*first.sizes, *second.sizes),
    )
    ahead = np.where(gap.high < 0, -1.0, np.where(gap.low > 0, 1.0, 0.0))  # [G]
    value = meeting(gap.value, along)
    open_points = np.flatnonzero(ahead == 0)
    if not len(open_points):
        return Crossover(value, np.nan, np.nan, ahead)
    low, high = open_points[0], open_points[-1]
    return Crossover(
        value,
        -np.inf if low == 0 else float(along[low]),
        np.inf if high == len(along) - 1 else float(along[high]),
        ahead,
    )


def meeting(gap: Floats, along: Floats) -> float:
    """Where the gap [G] changes its sign, between two points by a straight line in log `along`; NaN if nowhere."""
    changes = np.flatnonzero(np.sign(gap[1:]) != np.sign(gap[:-1]))
    if not len(changes):
        return float("nan")
    here = int(changes[0])
    part = gap[here] / (gap[here] - gap[here + 1])
    return float(along[here] * (along[here + 1] / along[here]) ** part)
