"""Steps to a target: confirmed crossings, censored at the budget, and what follows from them.

Not crossed is `inf`, which says only "not within the budget".

Sources: N. Hansen et al., "COCO: a platform for comparing continuous optimizers in a black-box setting" (2021):
expected running time ERT = steps of all runs / number of successes, and run-length distributions. C. Clopper &
E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial" (Biometrika 26, 1934):
the exact interval.
Deviation: a run that ended early without success (it diverged) is charged its whole budget, not the steps it made.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from harness.interface import Floats, Integers
from harness.statistics.bootstrap import LEVEL, Estimate

WINDOW = 2  # consecutive evaluations that confirm a crossing


def first_crossings(steps: Integers, values: Floats, targets: Floats, window: int = WINDOW) -> Floats:
    """Steps [T] of the first of `window` consecutive evaluations (steps [K], values [K]) at or above each target [T].

    Evaluations at the very end that are fewer than the window confirm nothing: inf.
    """
    if len(values) < window:
        return np.full(len(targets), np.inf)
    reached = np.lib.stride_tricks.sliding_window_view(values, window).min(axis=1)  # [K - window + 1]
    confirmed = reached[:, np.newaxis] >= targets  # [K - window + 1, T]
    return np.where(confirmed.any(axis=0), steps[confirmed.argmax(axis=0)], np.inf)


@cache
def success_rate(successes: int, runs: int, level: float = LEVEL) -> Estimate:
    """Share of successes with the exact interval of Clopper and Pearson."""
    outside = (1 - level) / 2
    low = stats.beta.ppf(outside, successes, runs - successes + 1) if successes > 0 else 0.0
    high = stats.beta.isf(outside, successes + 1, runs - successes) if successes < runs else 1.0
    return Estimate(np.asarray(successes / runs), np.asarray(low), np.asarray(high))


def ert(crossings: Floats, budget: Floats | int, axis: int = 0) -> Floats:
    """Expected running time along the runs of crossings [..., N, ...]; inf where no run succeeded."""
    succeeded = np.isfinite(crossings)
    spent = np.where(succeeded, crossings, budget).sum(axis=axis)
    successes = succeeded.sum(axis=axis)
    return np.asarray(np.divide(spent, successes, out=np.full(successes.shape, np.inf), where=successes > 0))


def run_lengths(crossings: Floats, budget: int) -> tuple[Floats, Floats]:
    """Staircase of the empirical run-length distribution of crossings [N]: steps [K] and shares [K].

    It starts at (0, 0); its last row stands at the budget, where the data end (censored), not where the curve does.
    """
    steps, counts = np.unique(crossings[np.isfinite(crossings)], return_counts=True)
    shares = np.concatenate(([0.0], np.cumsum(counts) / len(crossings)))
    return np.concatenate(([0.0], steps, [float(budget)])), np.concatenate((shares, shares[-1:]))
