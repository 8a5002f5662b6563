"""Bands that hold everywhere at once, and intervals that hold a share of the runs.

A pointwise band is left by the true curve somewhere far more often than one time in twenty; these bands are not.
Whole runs are resampled, so a band knows that a run that is ahead stays ahead.

Sources: J. Romano & M. Wolf, "Exact and approximate stepdown methods" (JASA 100, 2005) and O. Montiel Olea & M.
Plagborg-Møller, "Simultaneous confidence bands" (Journal of Applied Econometrics 34, 2019): max-t over the bootstrap.
P. Bickel & D. Freedman (Annals of Statistics 9, 1981): bootstrapped Kolmogorov-Smirnov band. S. S. Wilks,
"Determination of sample sizes for setting tolerance limits" (Annals of Mathematical Statistics 12, 1941). A. Patterson
et al., "Empirical Design in Reinforcement Learning" (JMLR 25, 2024): tolerance intervals of learning curves.
Deviation: the quantile of max-t is widened from normal to t and by sqrt(n / (n - 1)), as are the percentiles of
`bootstrap`.
Coverage (docs/coverage.md): the band of an IQM of 50 runs holds its 95 %, one of 5 to 20 runs 90 to 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np
from scipy import stats

from harness.interface import Floats, Integers
from harness.statistics.bootstrap import LEVEL, Estimate, Statistic, replicate
from harness.statistics.counts import Counted, count_replicates, whole


def inflation(runs: Integers | int, strata: int) -> Floats:
    """Factor sqrt(n / (n - 1)) by which the bootstrap's spread is too small; NaN without a degree of freedom."""
    freedom = np.asarray(runs - strata)
    ratio = np.divide(runs, freedom, out=np.full(freedom.shape, np.nan), where=freedom > 0)
    return np.asarray(np.sqrt(ratio))


def heavier(runs: Integers | int, strata: int, level: float = LEVEL) -> Floats:
    """Factor t / z by which a normal's quantile is too small for a spread that is estimated."""
    outside = (1 + level) / 2
    return np.asarray(stats.t.ppf(outside, runs - strata) / stats.norm.ppf(outside))


def simultaneous(
    rng: np.random.Generator,
    table: Floats,
    sizes: Sequence[int],
    statistic: Statistic,
    resamples: int,
    level: float = LEVEL,
) -> Estimate:
    """Band [G] that holds the whole curve of a statistic: value ± q standard errors, q the quantile of max |t|.

    Args:
        rng: consumed here.
        table: [N, G] one curve per run, NaN where it has ended (see `present`); some run is there at every point.
        sizes: runs of each stratum.
        statistic: tables [R, N, ...] -> [R, G].
        resamples: R.
        level: of the band as a whole. Where all runs agree (a common start, a ceiling) the band has no width; where one
            run is left it is NaN, and where few are left it is as wide as so few allow.
    """
    value = statistic(table[np.newaxis])[0]  # [G]
    replicates = replicate(rng, table, sizes, statistic, resamples)  # [R, G]
    return around(value, replicates, np.isfinite(table).sum(axis=0), len(sizes), level)


def around(value: Floats, replicates: Floats, present: Integers, strata: int, level: float = LEVEL) -> Estimate:
    """Band of `simultaneous` about a curve [G] whose replicates [R, G] are known; `present` [G] runs stand there."""
    error = np.nanstd(replicates, axis=0)  # [G]
    moving = error > 0
    if not moving.any():  # all runs agree everywhere
        return Estimate(value, value, value)
    away = np.nan_to_num(np.abs(replicates - value)[:, moving] / error[moving]).max(axis=1)  # [R]
    reach = np.quantile(away, level, method="inverted_cdf")
    reach = reach * heavier(present, strata, level) * inflation(present, strata) * error
    return Estimate(value, value - reach, value + reach)


def uniform(
    rng: np.random.Generator, sizes: Sequence[int], statistic: Counted, resamples: int, level: float = LEVEL
) -> Estimate:
    """Band [G] of one width for a share: value ± q, q the quantile of the largest distance.

    It is right where shares are 0 or 1, at which standard errors vanish and percentiles have no width. In one stratum q
    is exact, by Kolmogorov and Smirnov: ten runs are too few to resample so coarse a staircase.

    Args:
        rng: consumed here.
        sizes: runs of each stratum, the strata one after the other.
        statistic: how often each run was drawn [R, N] -> [R, G].
        resamples: R.
        level: of the band as a whole.
    """
    value = whole(sizes, statistic)  # [G]
    if len(sizes) == 1:
        exact = stats.kstwo.ppf(level, sizes[0])
        return Estimate(value, value - exact, value + exact)
    replicates = count_replicates(rng, sizes, statistic, resamples)  # [R, G]
    away = np.abs(replicates - value).max(axis=1)  # [R]
    reach = np.quantile(away, level, method="inverted_cdf") * inflation(sum(sizes), len(sizes))
    return Estimate(value, value - reach, value + reach)


def content(runs: int, level: float = LEVEL) -> float:
    """Largest share of all runs that [smallest, largest] of n runs holds, with confidence `level`; 0 for one run.

    The share between the extremes is Beta(n - 1, 2). At 95 %: n = 8, 14, 22, 46, 93 allow 50, 70, 80, 90, 95 %.
    """
    return float(stats.beta.ppf(1 - level, runs - 1, 2)) if runs > 1 else 0.0


def runs_for(share: float, level: float = LEVEL) -> int:
    """Fewest runs whose extremes hold that share of all runs with that confidence."""
    return next(runs for runs in count(2) if content(runs, level) >= share)


def tolerance(values: Floats, share: float, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Interval [...] that holds that share of all runs with confidence `level`, whatever the distribution.

    Order statistics r and n + 1 - r of values [N, ...]: between them is a share Beta(n + 1 - 2r, 2r); r is the largest
    that keeps the confidence. NaN where n runs do not allow the share (see `content`).
    """
    runs = len(values)
    ranks = np.arange(1, (runs + 1) // 2)  # r, so that r < n + 1 - r
    kept = stats.beta.sf(share, runs + 1 - 2 * ranks, 2 * ranks) >= level
    if not kept.any():
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    rank = int(ranks[kept].max())
    ordered = np.sort(values, axis=0)
    return ordered[rank - 1], ordered[runs - rank]
