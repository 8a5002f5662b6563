"""The number of a cell, on a scale on which cells are added and subtracted, and what resampling alone does not see.

A ratio is a difference of logarithms: one rule serves both. The interval of a cell's number is that of its resamples,
widened where resampling sees nothing: a share of successes has the ends of Clopper and Pearson, drawn from their two
beta distributions, and steps of runs of which none has crossed may be fewer by the open end of that share.

Steps are min(T, τ), τ the smallest budget of the environment's cells: nobody is then censored before τ, and their mean
is the restricted mean of `harness.statistics.survival`. A run that has not crossed by τ stands as -τ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.interface import Floats
from harness.statistics.duels import RESOLUTION
from harness.statistics.scores import iqm
from harness.statistics.survival import open_end

Ends: TypeAlias = tuple[Floats, Floats]  # [R] resamples for the lower and for the upper end of an interval


class Measure(NamedTuple):
    """A statistic of runs [R, n] -> [R], and the ends of its interval from runs [n] and resamples [R]."""

    statistic: Callable[[Floats], Floats]
    ends: Callable[[Floats, Floats, np.random.Generator], Ends]
    exact: bool = False  # the ends are: no widening for small samples is due


def as_drawn(runs: Floats, resamples: Floats, rng: np.random.Generator) -> Ends:
    """The resamples as they are."""
    return resamples, resamples


def spared(runs: Floats, resamples: Floats, rng: np.random.Generator) -> Ends:
    """Of log steps: if no run has crossed, the mean may be lower by the largest share that might have."""
    lower = resamples if (runs >= 0).any() else resamples + np.log1p(-open_end(len(runs)))
    return lower, resamples


def exact_share(runs: Floats, resamples: Floats, rng: np.random.Generator) -> Ends:
    """Of s successes in n: Clopper and Pearson's ends are quantiles of Beta(s, n - s + 1) and Beta(s + 1, n - s)."""
    successes, size = int(runs.sum()), len(resamples)
    failures = len(runs) - successes
    low = rng.beta(successes, failures + 1, size) if successes else np.zeros(size)
    high = rng.beta(successes + 1, failures, size) if failures else np.ones(size)
    return low, high


def middle(runs: Floats) -> Floats:
    """Interquartile mean."""
    return iqm(runs, axis=1)


def mean(runs: Floats) -> Floats:
    """Mean."""
    return np.asarray(runs.mean(axis=1))


def log_steps(runs: Floats) -> Floats:
    """Logarithm of the restricted mean, at least one step."""
    return np.asarray(np.log(np.maximum(np.abs(runs).mean(axis=1), 1.0)))


def log_spread(runs: Floats) -> Floats:
    """Logarithm of the standard deviation across seeds; NaN where all runs agree."""
    spread = runs.std(axis=1, ddof=1) if runs.shape[1] > 1 else np.zeros(len(runs))
    return np.asarray(np.log(np.where(agree(runs), np.nan, spread)))


def agree(runs: Floats) -> Floats:
    """True for the rows of normalised scores or areas [R, n] that are ties: what they differ by means nothing."""
    return np.asarray(np.ptp(runs, axis=1) <= RESOLUTION)


MEASURES = {
    "middle": Measure(middle, as_drawn),
    "mean": Measure(mean, as_drawn),
    "logs": Measure(mean, as_drawn),
    "share": Measure(mean, exact_share, exact=True),
    "steps": Measure(log_steps, spared),
    "spread": Measure(log_spread, as_drawn),
}
