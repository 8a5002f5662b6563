"""Shares of runs that did well enough: performance profiles, data profiles, and run lengths with simulated restarts.

One law is behind the first two: the share of (run, target) pairs whose cost is at most x. Environments are strata and
count alike, however many runs each has; a missing run has no row.

Sources: R. Agarwal et al. (NeurIPS 2021): score distributions (performance profiles). J. Moré & S. Wild,
"Benchmarking derivative-free optimization algorithms" (SIAM Journal on Optimization 20, 2009): data profiles in units
of d + 1 evaluations. N. Hansen et al., "COCO: performance assessment" (2016): simulated restarts.
Deviation: the cost of a data profile is counted in episodes, the unit in which a gradient-free method evaluates; its
convergence test is a target of the frozen ladder, never the best of the compared set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.interface import Floats
from harness.statistics.bands import uniform
from harness.statistics.bootstrap import Estimate
from harness.statistics.counts import Counted


class RunLengths(NamedTuple):
    """Shares [K] of (environment, target) pairs solved by each number of steps [K], and where the data end."""

    steps: Floats
    shares: Floats
    cross_steps: float  # beyond it there is extrapolation by restarts only
    cross_share: float


def reached(costs: Floats, sizes: Sequence[int], grid: Floats) -> Counted:
    """Mean over strata of the share of costs [N, T] at or below each point of a grid [G]: -> [R, G].

    A row is a run with its T costs; `inf` is never reached, and NaN is a target that this environment does not have.
    """
    stops = np.cumsum(sizes)
    below = np.stack([(costs <= point).sum(axis=1) for point in grid], axis=1).astype(np.float64)  # [N, G]
    present = (~np.isnan(costs)).sum(axis=1, keepdims=True).astype(np.float64)  # [N, 1]
    strata = [slice(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]

    def statistic(counts: Floats) -> Floats:
        parts = [counts[:, one] @ below[one] / (counts[:, one] @ present[one]) for one in strata]
        return np.asarray(np.mean(parts, axis=0))

    return statistic


def performance_profile(
    rng: np.random.Generator, scores: Floats, sizes: Sequence[int], thresholds: Floats, resamples: int
) -> Estimate:
    """Share of runs whose score is above each threshold [G], with a simultaneous band.

    Args:
        rng: consumed here.
        scores: [N] one normalised score per run, the environments one after the other.
        sizes: runs of each environment.
        thresholds: [G], ascending.
        resamples: R.
    """
    below = uniform(rng, sizes, reached(scores[:, np.newaxis], sizes, thresholds), resamples)
    return Estimate(1 - below.value, np.clip(1 - below.high, 0, 1), np.clip(1 - below.low, 0, 1))


def data_profile(
    rng: np.random.Generator,
    episodes: Floats,
    parameters: Floats,
    sizes: Sequence[int],
    grid: Floats,
    resamples: int,
) -> Estimate:
    """Share of (run, target) pairs solved within α (d + 1) episodes, with a simultaneous band.

    Args:
        rng: consumed here.
        episodes: [N, T] episodes until each target is crossed; inf: censored, NaN: no such target.
        parameters: [N] d of each run's policy.
        sizes: runs of each environment.
        grid: [G] values of α. A run's data end at its budget / (d + 1), and its share rises no more.
        resamples: R.
    """
    costs = episodes / (parameters[:, np.newaxis] + 1)
    band = uniform(rng, sizes, reached(costs, sizes, grid), resamples)
    return Estimate(band.value, np.clip(band.low, 0, 1), np.clip(band.high, 0, 1))


def restarted(rng: np.random.Generator, runs: Floats, samples: int) -> Floats:
    """Steps [samples] of an algorithm that restarts until it crosses: runs [N, 2] (crossing, budget) with replacement.

    A run that did not cross adds its budget. All inf where no run has crossed.
    """
    if not np.isfinite(runs[:, 0]).any():
        return np.full(samples, np.inf)
    spent, open_ones = np.zeros(samples), np.arange(samples)
    while len(open_ones):
        drawn = runs[rng.integers(len(runs), size=len(open_ones))]  # [open, 2]
        spent[open_ones] += np.where(np.isfinite(drawn[:, 0]), drawn[:, 0], drawn[:, 1])
        open_ones = open_ones[np.isinf(drawn[:, 0])]
    return spent


def run_lengths(rng: np.random.Generator, problems: Sequence[Floats], samples: int) -> RunLengths:
    """Distribution over (environment, target) pairs, each [N, 2] (N may differ), of run lengths with restarts.

    The cross stands at the largest budget: up to there a share rests on runs, after it on restarts.
    """
    lengths = np.concatenate([restarted(rng, runs, samples) for runs in problems])
    steps, counts = np.unique(lengths[np.isfinite(lengths)], return_counts=True)
    shares = np.cumsum(counts) / len(lengths)
    end = max(float(runs[:, 1].max()) for runs in problems)
    return RunLengths(steps, shares, end, float((lengths <= end).mean()))
