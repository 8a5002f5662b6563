"""Steps to a target as survival times: Kaplan-Meier curve, median, restricted mean, and two methods compared by it.

A run is a pair (crossing, budget): the crossing is `inf` where the target was not reached within the budget, and the
run is then censored there. Budgets may differ from run to run; they are fixed before the run begins, so that censoring
says nothing about the run. A run that diverged is charged its budget: it never crosses. Missing runs have no row.

Sources: E. L. Kaplan & P. Meier (JASA 53, 1958). J. D. Kalbfleisch & R. L. Prentice, "The Statistical Analysis of
Failure Time Data" (2002), ch. 1 (log-log interval). R. Brookmeyer & J. Crowley (Biometrics 38, 1982): interval of
the median. P. Royston & M. Parmar, "Restricted mean survival time" (BMC Medical Research Methodology 13, 2013).
C. Clopper & E. Pearson (Biometrika 26, 1934). The curve and its interval are SciPy's (`scipy.stats.ecdf`).
Deviation: the crossing lies between two evaluations (interval censoring); it counts as the step of the later one.
Deviation: where all or none of the runs are unsolved the log-log interval does not exist; it is that of Clopper and
Pearson, whose open end is also the restricted mean's where no run of a method has crossed.
Coverage (docs/coverage.md): 95 % ± 2 points from about ten runs with seven crossings on; 89 to 94 % with five runs.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.interface import Floats
from harness.statistics.bootstrap import LEVEL, Estimate, interval, replicate
from harness.statistics.counts import count_replicates


class Solved(NamedTuple):
    """Share of runs that have solved it, as a step function: `share[k]` holds from `steps[k]` to the next; each [K].

    The first row stands at step 0, the last one at the largest step that was observed.
    """

    steps: Floats
    share: Floats
    low: Floats
    high: Floats


def pairs(crossings: Floats, budget: Floats | float) -> Floats:
    """Rows (crossing, budget) [N, 2] of crossings [N] and one budget or each run's own [N]."""
    return np.stack(np.broadcast_arrays(crossings, np.asarray(budget, dtype=np.float64)), axis=-1)


def solved(runs: Floats, level: float = LEVEL) -> Solved:
    """Kaplan-Meier curve of runs [N, 2] with its pointwise interval."""
    crossed = np.isfinite(runs[:, 0])
    if not crossed.any():
        return unsolved(runs, level)
    times = np.where(crossed, runs[:, 0], runs[:, 1])  # [N]
    curve = stats.ecdf(stats.CensoredData.right_censored(times, ~crossed)).cdf
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined", category=RuntimeWarning)
        low, high = curve.confidence_interval(level, method="log-log")
    at_risk = (times[:, np.newaxis] >= curve.quantiles).sum(axis=0)  # [K]
    nothing, everything = curve.probabilities == 0, curve.probabilities == 1
    empty, full = open_end(at_risk, level), 1 - open_end(crossed.sum(), level)
    start = np.array([[0.0], [0.0], [0.0], [open_end(len(runs), level)]])  # [4, 1]
    rows = (
        curve.quantiles,
        curve.probabilities,
        np.select([nothing, everything], [0.0, full], low.probabilities),
        np.select([nothing, everything], [empty, 1.0], high.probabilities),
    )
    return Solved(*np.concatenate((start, np.stack(rows)), axis=1))


def unsolved(runs: Floats, level: float = LEVEL) -> Solved:
    """The curve of runs that have crossed nothing: 0, ever less sure as budgets end."""
    steps = np.concatenate(([0.0], np.unique(runs[:, 1])))  # [K]
    at_risk = (runs[:, 1:] >= steps).sum(axis=0)  # [K]
    return Solved(steps, np.zeros(len(steps)), np.zeros(len(steps)), open_end(at_risk, level))


def open_end(runs: Floats | int, level: float = LEVEL) -> Floats:
    """Largest share that may have solved it where none of so many runs has: Clopper and Pearson's upper end."""
    return np.asarray(1 - ((1 - level) / 2) ** (1 / np.asarray(runs)))


def median(runs: Floats, level: float = LEVEL) -> Estimate:
    """First step by which half of the runs [N, 2] have solved it, `inf`: not reached; interval by the curve's own."""
    curve = solved(runs, level)
    reached = [first_at_half(curve.steps, share) for share in (curve.share, curve.high, curve.low)]
    return Estimate(*map(np.asarray, reached))


def first_at_half(steps: Floats, share: Floats) -> float:
    """First of the steps [K] at which the share [K] is a half or more; inf if at none."""
    enough = share >= 0.5
    return float(steps[enough.argmax()]) if enough.any() else float("inf")


def restricted_mean(tables: Floats, horizon: float) -> Floats:
    """Mean of min(T, τ) of tables [R, N, 2] -> [R]: the area under the Kaplan-Meier curve up to τ = horizon.

    Where a resample's last run is censored before τ its curve is carried on unchanged (R. D. Gill, 1980).
    """
    crossed = np.isfinite(tables[..., 0])  # [R, N]
    times = np.where(crossed, tables[..., 0], tables[..., 1])
    order = np.lexsort((~crossed, times), axis=-1)  # of equal times the crossing comes first
    times, crossed = (np.take_along_axis(array, order, axis=-1) for array in (times, crossed))
    at_risk = np.arange(times.shape[-1], 0, -1)  # [N]
    survival = np.cumprod(1 - crossed / at_risk, axis=-1)  # [R, N]
    height = np.concatenate((np.ones((*times.shape[:-1], 1)), survival), axis=-1)  # [R, N + 1]
    ends = np.minimum(times, horizon)
    widths = np.diff(ends, axis=-1, prepend=0.0, append=horizon)  # [R, N + 1]
    return np.asarray((height * widths).sum(axis=-1))


class Resampled(NamedTuple):
    """The restricted mean of a method's N runs, and of resamples of them."""

    value: float
    replicates: Floats  # [R]
    spared: float
    runs: int


def resampled(rng: np.random.Generator, runs: Floats, horizon: float, resamples: int) -> Resampled:
    """Restricted mean of runs [N, 2] and of whole runs drawn again.

    Where every run was watched up to τ it is a mean, and a resample no more than how often each run was drawn.
    """
    sizes = (len(runs),)
    if (runs[:, 1] >= horizon).all():
        steps = np.minimum(runs[:, 0], horizon)  # [N]
        replicates = count_replicates(rng, sizes, lambda counts: counts @ steps / len(steps), resamples)
    else:
        replicates = replicate(rng, runs, sizes, partial(restricted_mean, horizon=horizon), resamples)
    value = float(restricted_mean(runs[np.newaxis], horizon)[0])
    return Resampled(value, replicates, spared(runs, horizon), len(runs))


def restricted(one: Resampled) -> Estimate:
    """The restricted mean with its interval.

    With no crossing before τ the bootstrap sees nothing: the low end is then (1 - p) τ, p the largest share of runs
    that might have crossed at once. With one or two crossings it sees little: see docs/coverage.md.
    """
    low, high = interval(one.replicates, (one.runs,))
    return Estimate(np.asarray(one.value), np.asarray(low * one.spared), high)


def ratio(first: Resampled, second: Resampled) -> Estimate:
    """Restricted mean of the first / that of the second, drawn apart; below 1 the first is faster."""
    value, quotients = (
        np.divide(above, below, out=np.full(np.shape(above), np.inf), where=np.asarray(below) > 0)
        for above, below in ((first.value, second.value), (first.replicates, second.replicates))
    )
    low, high = interval(quotients, (first.runs, second.runs))
    return Estimate(np.asarray(value), np.asarray(low * first.spared), np.asarray(high / second.spared))


def spared(runs: Floats, horizon: float) -> float:
    """Factor on the low end of the restricted mean of runs [N, 2]: 1 if any has crossed before τ, else 1 - p."""
    return 1.0 if (runs[:, 0] < horizon).any() else 1.0 - float(open_end(len(runs)))
