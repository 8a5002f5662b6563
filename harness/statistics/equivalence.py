"""Equal, better, or not known: differences with a margin, and how many seeds would tell.

"Not significant" is not "equal". Two methods are equivalent if the difference of their scores is shown to lie within a
margin that was declared before (two one-sided tests), and undetermined if neither that nor a difference is shown.

Sources: D. J. Schuirmann, "A comparison of the two one-sided tests procedure" (Journal of Pharmacokinetics and
Biopharmaceutics 15, 1987). B. L. Welch (Biometrika 34, 1947). J. Cohen, "Statistical Power Analysis" (1988), power of
the t test by the noncentral t. C. Colas et al., "How many random seeds?" (2018). The t tests are SciPy's.
Deviation: where all runs agree no spread can be estimated; p is then that of the exact permutation test, 2^-n of n
pairs and 1 / C(n + m, n) of two samples, within the margin, and 1 outside it.
Coverage (docs/coverage.md): exact for normal scores, near it for others; a bootstrap of under ten pairs is too sure.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

from harness.interface import Floats
from harness.statistics.bootstrap import Estimate, Statistic, bootstrap
from harness.statistics.scores import iqm

ALPHA = 0.05
POWER = 0.8
MOST = 10**6  # runs beyond which nobody will go
IQM = partial(iqm, axis=1)


class Equivalence(NamedTuple):
    """Difference of the means, its 1 - 2α interval, and the p of "it is not within ± margin"; equivalent if p <= α."""

    difference: float
    low: float
    high: float
    p: float


def complete(first: Floats, second: Floats) -> Floats:
    """Differences of the pairs [N] of which neither is missing (NaN)."""
    differences = first - second
    return np.asarray(differences[~np.isnan(differences)])


def paired_equivalence(first: Floats, second: Floats, margin: float, alpha: float = ALPHA) -> Equivalence:
    """Two one-sided t tests on the differences of seeds that both have; first [N], second [N], NaN: missing."""
    differences = complete(first, second)
    count, centre = len(differences), float(np.mean(differences))
    if count < 2:
        return Equivalence(centre, np.nan, np.nan, np.nan)
    if np.ptp(differences) == 0:
        return Equivalence(centre, centre, centre, agreed(centre, margin, 2.0**-count))
    error = differences.std(ddof=1) / np.sqrt(count)
    return two_tests(centre, float(error), count - 1, margin, alpha)


def equivalence(first: Floats, second: Floats, margin: float, alpha: float = ALPHA) -> Equivalence:
    """Two one-sided tests of Welch on independent runs; first [N], second [M], NaN: missing."""
    x, y = first[~np.isnan(first)], second[~np.isnan(second)]
    centre = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:
        return Equivalence(centre, np.nan, np.nan, np.nan)
    shares = np.array([x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)])
    if shares.sum() == 0:
        return Equivalence(centre, centre, centre, agreed(centre, margin, 1 / special.comb(len(x) + len(y), len(x))))
    freedom = shares.sum() ** 2 / (shares**2 / [len(x) - 1, len(y) - 1]).sum()  # Welch and Satterthwaite
    return two_tests(centre, float(np.sqrt(shares.sum())), float(freedom), margin, alpha)


def two_tests(centre: float, error: float, freedom: float, margin: float, alpha: float) -> Equivalence:
    """The larger p of "difference <= -margin" and "difference >= margin"."""
    reach = -special.stdtrit(freedom, alpha) * error
    p = special.stdtr(freedom, (abs(centre) - margin) / error)
    return Equivalence(centre, centre - float(reach), centre + float(reach), float(p))


def agreed(difference: float, margin: float, p: float) -> float:
    """The p of runs without spread."""
    return p if abs(difference) < margin else 1.0


def paired_difference(rng: np.random.Generator, pairs: Floats, resamples: int, statistic: Statistic = IQM) -> Estimate:
    """Statistic of the first - that of the second column of pairs [N, 2]; a row is a seed and stays together.

    A seed of which a run is missing (NaN) says nothing about the difference and is left out.
    """
    table = pairs[~np.isnan(pairs).any(axis=1)]  # [N', 2]
    if not len(table):
        return Estimate(*map(np.asarray, [np.nan] * 3))

    def contrast(tables: Floats) -> Floats:
        """Tables [R, N, 2] -> [R]."""
        sides = statistic(tables)  # [R, 2]
        return np.asarray(sides[:, 0] - sides[:, 1])

    return bootstrap(rng, table, (len(table),), contrast, resamples)


def power(effect: float, spread: float, runs: int, paired: bool, alpha: float = ALPHA) -> float:
    """Chance that the two-sided t test of n pairs, or of n against n runs, sees an effect.

    `spread` is the standard deviation of the differences of pairs, or of the runs of either side.
    """
    freedom, error = scale(spread, runs, paired)
    limit = stats.t.isf(alpha / 2, freedom)
    return sum(beyond(limit, freedom, side * effect / error) for side in (-1, 1))


def beyond(limit: float, freedom: float, shift: float) -> float:
    """P(t > limit) of the noncentral t; where SciPy has no number it is 0 or 1 to fifteen digits."""
    return float(np.nan_to_num(1.0 - special.nctdtr(freedom, shift, limit), nan=float(shift > 0)))


def scale(spread: float, runs: int, paired: bool) -> tuple[int, float]:
    """Degrees of freedom and standard error of the difference."""
    return (runs - 1, spread / np.sqrt(runs)) if paired else (2 * (runs - 1), spread * np.sqrt(2 / runs))


def detectable(spread: float, runs: int, paired: bool, wanted: float = POWER, alpha: float = ALPHA) -> float:
    """Smallest effect that n runs see with the wanted power; inf for one run."""
    if runs < 2:
        return float("inf")
    freedom, error = scale(spread, runs, paired)
    far = 10 * error * stats.t.isf(alpha / 4, freedom)
    return float(optimize.brentq(lambda effect: power(effect, spread, runs, paired, alpha) - wanted, 0.0, far))


def equivalence_power(
    effect: float, spread: float, runs: int, paired: bool, margin: float, alpha: float = ALPHA
) -> float:
    """Chance that two one-sided tests show |difference| < margin; from below: both errors are added up (Bonferroni)."""
    freedom, error = scale(spread, runs, paired)
    limit = stats.t.isf(alpha, freedom)
    seen = sum(beyond(limit, freedom, (margin + side * effect) / error) for side in (-1, 1))
    return max(seen - 1.0, 0.0)


def runs_to_decide(
    effect: float, spread: float, paired: bool, margin: float = 0.0, wanted: float = POWER, alpha: float = ALPHA
) -> float:
    """Fewest runs (pairs, or of each side) that would show a difference or equivalence with the wanted power.

    It takes the estimates of now for the truth, and they are unsure: a plan, not a promise. inf above a million.
    """

    def decided(runs: int) -> bool:
        equal = margin > 0 and equivalence_power(effect, spread, runs, paired, margin, alpha) >= wanted
        return equal or power(effect, spread, runs, paired, alpha) >= wanted

    low, high = 1, 2
    while not decided(high):
        low, high = high, 2 * high
        if high > MOST:
            return float("inf")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return float(high)
