"""Is the best of several methods better than the best of several others? A test that the choice does not flatter.

The runs are split at random into two halves. Of each side the method that is best on one half is judged on the other,
and the other way round, so that every run is judged once, and never by a choice that it took part in. The judged runs
of the two sides are then compared as any two methods are (`harness/statistics/comparisons.py`): paired by seed where
all methods have the same seeds, by Mann and Whitney elsewhere. One split is luck: the median p of many, doubled, is a p
again. Where either side has one method only there is nothing to choose, and one exact test is all.

Sources: N. Meinshausen, L. Meier & P. Bühlmann, "p-values for high-dimensional regression" (JASA 104, 2009), eq. 2.2
with γ = 1/2: the doubled median. G. C. Cawley & N. L. C. Talbot (JMLR 11, 2010): choose and judge apart.
Deviation: the choice for one half was made on the other, so the two halves of a split are independent only given their
choices; equal sides are told apart in fewer than 5 of 100 studies all the same (docs/coverage.md, "contest").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.interface import Floats, Integers
from harness.statistics.bootstrap import Statistic
from harness.statistics.comparisons import improvement, paired_p, unpaired_p
from harness.statistics.duels import FEWEST

SPLITS = 101  # an odd number: the median is one of them


class Contest(NamedTuple):
    """How often a run of the first side's choice is the better one, ties counted half, and the p of "no difference"."""

    probability: float  # NaN below four runs
    p: float


def contest(
    rng: np.random.Generator,
    first: Sequence[Floats],
    second: Sequence[Floats],
    statistic: Statistic,
    *,
    paired: bool,
) -> Contest:
    """The best of the first methods against the best of the second.

    Args:
        rng: consumed here.
        first: a value for each run [N_k] of every method of the first side, larger is better.
        second: those of the other side.
        statistic: what makes a method the best: tables [S, N] -> [S]; ties: the first.
        paired: all methods have the same seeds, in the same order.
    """
    if min(len(values) for values in (*first, *second)) < FEWEST:
        return Contest(np.nan, np.nan)
    choice = len(first) > 1 or len(second) > 1
    splits = {size: halves(rng, size) for size in sorted({len(values) for values in (*first, *second)})}
    test = paired_p if paired else unpaired_p
    found = [
        (float(improvement(one, other)), test(one, other))
        for one, other in zip(*(judged(side, splits, statistic) for side in (first, second)), strict=True)
    ][: SPLITS if choice else 1]
    probability, p = np.median(found, axis=0)
    return Contest(float(probability), min(float(p) * (2 if choice else 1), 1.0))


def halves(rng: np.random.Generator, runs: int) -> tuple[Integers, Integers]:
    """Places [S, n // 2] and [S, n - n // 2] of the runs in either half of each split."""
    order = rng.permuted(np.tile(np.arange(runs), (SPLITS, 1)), axis=1)
    return order[:, : runs // 2], order[:, runs // 2 :]


def judged(
    methods: Sequence[Floats], splits: dict[int, tuple[Integers, Integers]], statistic: Statistic
) -> list[Floats]:
    """For each split the runs of a side, each of the method that is best on the other half: by seed if sizes agree."""
    heights = [
        np.stack([statistic(values[splits[len(values)][half]]) for values in methods]) for half in (0, 1)
    ]  # [K, S] for either half
    found = []
    for place, (near, far) in enumerate(zip(*(height.argmax(axis=0) for height in heights), strict=True)):
        parts = [(methods[far], splits[len(methods[far])][0]), (methods[near], splits[len(methods[near])][1])]
        values = np.concatenate([runs[where[place]] for runs, where in parts])
        found.append(values[np.argsort(np.concatenate([where[place] for _, where in parts]), kind="stable")])
    return found
