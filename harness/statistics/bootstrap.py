"""Stratified bootstrap over whole runs.

A run is one row of a table and stays together: whatever stands in its row (a score, a curve, crossings of targets) is
drawn with it, so areas, bands and times to a target are those of runs that could have happened. Strata keep their
sizes, which may differ. The generator is passed in; rows come in an order of their own (by seed), not of arrival.

Sources: B. Efron & R. Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13 (percentile interval).
T. Hesterberg, "What Teachers Should Know About the Bootstrap" (The American Statistician 69, 2015): percentiles are too
narrow by sqrt((n-1)/n) and by a normal in the place of a t; the expanded percentile interval undoes both. Below five
runs no bootstrap interval covers what it says: it cannot leave the range of the data.
Deviation: with several strata n/(n-1) is the ratio of the pooled sizes and t has sum(n_k - 1) degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.interface import Floats, Integers

LEVEL = 0.95
BLOCK = 2**22  # numbers that are resampled at once

Statistic = Callable[[Floats], Floats]  # [R, N, ...] -> [R, ...]


class Estimate(NamedTuple):
    """A statistic and its interval; each [...], `low` and `high` NaN where one run cannot say."""

    value: Floats
    low: Floats
    high: Floats


def draw(rng: np.random.Generator, sizes: Sequence[int], resamples: int) -> Integers:
    """Rows [R, N] with replacement, each stratum from itself; strata stand one after the other, N = sum(sizes)."""
    drawn, start = np.empty((resamples, sum(sizes)), np.int64), 0
    for size in sizes:
        places = rng.integers(size, size=(resamples, size), dtype=np.uint32)  # the bits of int64 in half the time
        np.add(places, start, out=drawn[:, start : start + size])
        start += size
    return drawn


def tail(sizes: Sequence[int], level: float = LEVEL) -> float:
    """Probability left out at each end of the bootstrap distribution; NaN without a degree of freedom."""
    return _tail(sum(sizes), sum(sizes) - len(sizes), level)


@cache
def _tail(runs: int, freedom: int, level: float) -> float:
    if freedom == 0:
        return float("nan")
    t = stats.t.ppf((1 + level) / 2, freedom)
    return float(stats.norm.sf(t * np.sqrt(runs / freedom)))


def interval(replicates: Floats, sizes: Sequence[int], level: float = LEVEL) -> tuple[Floats, Floats]:
    """Expanded percentile interval of replicates [R, ...]: the k-th smallest and k-th largest, k = ceil(R tail).

    Order statistics, never interpolated: an infinite replicate stays infinite and spoils no other.
    """
    outside = tail(sizes, level)
    if np.isnan(outside):
        nothing = np.full(replicates.shape[1:], np.nan)
        return nothing, nothing
    count = len(replicates)
    position = max(int(np.ceil(count * outside)), 1) - 1
    ordered = np.partition(replicates, (position, count - 1 - position), axis=0)
    return ordered[position], ordered[count - 1 - position]


def bootstrap(
    rng: np.random.Generator, table: Floats, sizes: Sequence[int], statistic: Statistic, resamples: int
) -> Estimate:
    """Estimate of a statistic of whole runs.

    Args:
        rng: consumed here.
        table: [N, ...] one row per run, the strata one after the other.
        sizes: runs of each stratum, N = sum(sizes).
        statistic: tables [R, N, ...] -> [R, ...].
        resamples: R.
    """
    replicates = replicate(rng, table, sizes, statistic, resamples)
    return Estimate(statistic(table[np.newaxis])[0], *interval(replicates, sizes))


def replicate(
    rng: np.random.Generator, table: Floats, sizes: Sequence[int], statistic: Statistic, resamples: int
) -> Floats:
    """Replicates [R, ...] of a statistic of whole runs, a block at a time; arguments as of `bootstrap`."""
    block = max(BLOCK // table.size, 1)
    counts = [min(block, resamples - start) for start in range(0, resamples, block)]
    return np.concatenate([statistic(table[draw(rng, sizes, count)]) for count in counts])
