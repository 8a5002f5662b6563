"""Which of two sides is ahead, each the best of several methods, chosen on other runs than those that judge it.

The best of twelve methods looks better than the best of two even where all are alike: a maximum is flattered by every
method that took part, and once more in every resample of a bootstrap. Here each side is chosen and judged apart. The
runs are split at random into two halves; a side's best method on one half is scored on the other, and the other way
round, and the two scores are averaged. Every replicate has its own split and its own resample of whole runs in either
half, so that the spread of the replicates holds the choice, the split and the runs.

Runs are taken in the order of their seeds, and runs of the same place are drawn together: methods that have the same
seeds are compared pairwise.

Sources: V. Chernozhukov et al., "Double/debiased machine learning" (The Econometrics Journal 21, 2018): cross-fitting.
G. C. Cawley & N. L. C. Talbot, "On over-fitting in model selection and subsequent selection bias in performance
evaluation" (JMLR 11, 2010).
Deviation: a resample of h runs is too narrow by sqrt((h - 1) / h), and a normal by a t; deviations from the mean of the
replicates are widened by both. Who is ahead is asked of the replicates as they are, and widening may only make the
answer less sure: of two sides at one ceiling nearly all replicates are 0, and widened they lie opposite their mean.
Deviation: normalised scores no further apart than RESOLUTION are ties, and count half. Steps have no such limit.
Deviation: an interval is stretched to its own estimate, which the quantiles of replicates that are nearly all alike may
leave out.
Deviation: half of the runs choose worse than all would. A side with many methods that are nearly as good as its best
loses a little by that: the scores are those of a choice on half of the runs, and no promise for the best there is.
Coverage (docs/coverage.md): two sides that are equal are called undetermined at least nine times in ten, whatever the
number of methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.interface import Floats, Integers
from harness.statistics.bands import heavier, inflation
from harness.statistics.bootstrap import LEVEL, Estimate, Statistic

FEWEST = 4  # runs: two to choose on, two to judge
SURE = 0.95  # probability from which a side is called ahead
RESOLUTION = 1e-3  # of normalised scores: what is no further apart is a tie

Halves: TypeAlias = tuple[Integers, Integers]  # places of the runs that are drawn in either half, [R, h] and [R, n - h]


class Side(NamedTuple):
    """Judged scores of a side [R, G], and how often each of its K methods was chosen [K, G]."""

    scores: Floats
    chosen: Integers


class Duel(NamedTuple):
    """The first side against the second, for each of G questions."""

    first: Floats  # [G] score of the first side's choice
    second: Floats  # [G]
    difference: Estimate  # [G]
    probability: Floats  # [G] that the first is ahead, ties counted half; NaN: too few runs
    replicates: Floats  # [R, G] of the difference, widened
    favourites: tuple[Integers, Integers]  # [G] the method of either side that was chosen most often


def halves(rng: np.random.Generator, runs: int, resamples: int) -> Halves:
    """A random split of the runs for each replicate, and as many draws with replacement from either half."""
    order = rng.permuted(np.tile(np.arange(runs), (resamples, 1)), axis=1)  # [R, n]
    cut = runs // 2
    parts = order[:, :cut], order[:, cut:]
    near, far = (np.take_along_axis(part, rng.integers(part.shape[1], size=part.shape), axis=1) for part in parts)
    return near, far


def judged(methods: Sequence[Floats], splits: dict[int, Halves], statistic: Statistic) -> Side:
    """A side whose methods [N_k, G] are chosen on one half and judged on the other, both ways; ties: the first."""
    near, far = (
        np.stack([statistic(values[splits[len(values)][half]]) for values in methods]) for half in (0, 1)
    )  # [K, R, G]
    choices = [half.argmax(axis=0)[np.newaxis] for half in (near, far)]  # [1, R, G]
    scores = np.take_along_axis(far, choices[0], axis=0) + np.take_along_axis(near, choices[1], axis=0)
    chosen = [sum((choice[0] == place).sum(axis=0) for choice in choices) for place in range(len(methods))]
    return Side(scores[0] / 2, np.stack(chosen))


def duel(
    rng: np.random.Generator,
    first: Sequence[Floats],
    second: Sequence[Floats],
    statistic: Statistic,
    resamples: int,
    resolution: float = 0.0,
) -> Duel:
    """The best of the first methods against the best of the second.

    Args:
        rng: consumed here.
        first: values [N_k, G] of each method of the first side: whole runs, G questions, larger is better.
        second: those of the other side.
        statistic: tables [R, N, G] -> [R, G].
        resamples: R.
        resolution: differences up to this are ties, in the unit of the statistic: RESOLUTION for normalised scores.
    """
    sizes = sorted({len(values) for values in (*first, *second)})
    splits = {size: halves(rng, size, resamples) for size in sizes}
    sides = judged(first, splits, statistic), judged(second, splits, statistic)
    middles = [np.median(side.scores, axis=0) for side in sides]  # [G]
    favourites = sides[0].chosen.argmax(axis=0), sides[1].chosen.argmax(axis=0)
    replicates = sides[0].scores - sides[1].scores  # [R, G]
    wide = widened(replicates, sizes[0])
    return Duel(middles[0], middles[1], estimate(wide), probability(replicates, wide, resolution), wide, favourites)


def widened(replicates: Floats, runs: int) -> Floats:
    """Replicates [R, G] that are as far from their mean as those of so few runs ought to be; NaN below four runs."""
    if runs < FEWEST:
        return np.full_like(replicates, np.nan)
    centre = replicates.mean(axis=0)
    return np.asarray(centre + (replicates - centre) * heavier(runs, 1) * inflation(runs // 2, 1))


def probability(replicates: Floats, wide: Floats, resolution: float) -> Floats:
    """That the first is ahead [G]: the share of replicates [R, G] above 0, ties half, no surer than if widened."""
    share, cautious = above(replicates, resolution), above(wide, resolution)
    return np.clip(cautious, np.minimum(share, 0.5), np.maximum(share, 0.5))


def above(replicates: Floats, resolution: float) -> Floats:
    """Share [G] of replicates [R, G] that are above 0 by more than the resolution, those nearer counted half."""
    signs = np.where(np.abs(replicates) <= resolution, 0.0, np.sign(replicates))
    return np.asarray((1 + signs.mean(axis=0)) / 2)


def estimate(replicates: Floats) -> Estimate:
    """The median [G] of widened replicates [R, G], with an interval that holds it.

    Their mean may be far from any run's difference: a half that draws the one diverging run twice moves it by itself.
    """
    outside = (1 - LEVEL) / 2
    value = np.median(replicates, axis=0)
    low, high = np.quantile(replicates, (outside, 1 - outside), axis=0, method="inverted_cdf")
    known = np.isfinite(replicates).all(axis=0)
    return Estimate(value, *np.where(known, (np.minimum(low, value), np.maximum(high, value)), np.nan))
