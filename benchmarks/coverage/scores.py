"""Intervals of scores and curves: bootstrap, comparisons, equivalence, bands, profiles, tolerance, reliability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.coverage.case import RESAMPLES, Case, Floats, Trial, everywhere, holds
from harness.statistics.bands import simultaneous, tolerance
from harness.statistics.bootstrap import bootstrap
from harness.statistics.comparisons import improvement
from harness.statistics.equivalence import detectable, equivalence, paired_difference, paired_equivalence
from harness.statistics.present import iqm_present
from harness.statistics.profiles import performance_profile
from harness.statistics.reliability import across_runs
from harness.statistics.scores import iqm

DISTRIBUTIONS = {"normal": stats.norm(), "exponential": stats.expon(), "U-shaped beta": stats.beta(0.5, 0.3)}
MISSING = 0.2  # chance that a run is missing, where some are
GRID = np.linspace(0.0, 1.0, 25)  # [G] of a curve


def middle_mean(distribution: Any) -> float:
    """Interquartile mean of a distribution."""
    return float(distribution.ppf(np.linspace(0.25, 0.75, 100_001)).mean())


def cases() -> Iterator[Case]:
    """All cases of scores and curves."""
    for name, distribution in DISTRIBUTIONS.items():
        for runs in (5, 10, 30):
            yield Case("IQM, bootstrap", str(runs), name, iqm_trial(distribution, runs), claimed=runs >= 10)
    yield Case("mean over strata, bootstrap", "5 + 8 + 12", "normal", strata_trial((5, 8, 12), 0.0))
    yield Case("mean over strata, bootstrap", "4 × 10", "normal, 20 % missing", strata_trial((10,) * 4, MISSING))
    for runs in (5, 10, 20):
        enough = runs >= 20
        yield Case("P(improvement)", f"{runs} + {runs}", "normal, shift 0.5", improvement_trial(runs), claimed=enough)
    for runs in (5, 10, 30):
        name = "IQM of paired difference"
        yield Case(name, str(runs), "normal, correlation 0.5", paired_trial(runs, 0.0), claimed=runs >= 10)
        yield Case(name, str(runs), "the same, 20 % missing", paired_trial(runs, MISSING), claimed=runs >= 30)
    for name, distribution in DISTRIBUTIONS.items():
        normal = name == "normal"
        trial = equivalence_trial(distribution, 5, 10)
        yield Case("equivalence, Welch", "5 + 10", name, trial, claimed=normal, nominal=0.90)
        trial = paired_equivalence_trial(distribution, 10)
        yield Case("equivalence, paired", "10", f"{name}, 20 % missing", trial, claimed=normal, nominal=0.90)
    for runs in (5, 10, 30):
        yield Case("power at the detectable effect", f"{runs} + {runs}", "normal", power_trial(runs), nominal=0.80)
    for runs in (5, 10, 20, 50):
        for end, gone in (("", 0.0), (", ragged", 0.5)):
            trial = band_trial(runs, gone)
            yield Case("IQM curve, simultaneous", str(runs), f"random walks{end}", trial, claimed=runs >= 50)
    for sizes in ((5,), (10,), (30,), (5,) * 4, (10,) * 4, (4, 7, 10)):
        yield Case("performance profile, simultaneous", written(sizes), "normal", profile_trial(sizes), at_least=True)
    for runs, share in ((8, 0.5), (14, 0.7), (46, 0.9), (60, 0.7)):
        for name in ("normal", "exponential"):
            trial = tolerance_trial(DISTRIBUTIONS[name], runs, share)
            yield Case(f"tolerance of {share:.0%}", str(runs), name, trial, at_least=True)
    for runs in (5, 10, 30):
        yield Case("IQR across runs", str(runs), "random walks", reliability_trial(runs), claimed=False)


def written(sizes: Sequence[int]) -> str:
    """Sizes as the table shows them."""
    equal = len(sizes) > 1 and len(set(sizes)) == 1
    return f"{len(sizes)} × {sizes[0]}" if equal else " + ".join(map(str, sizes))


def iqm_trial(distribution: Any, runs: int) -> Trial:
    truth = middle_mean(distribution)

    def trial(rng: np.random.Generator) -> bool:
        sample = distribution.rvs(size=runs, random_state=rng)
        return holds(bootstrap(rng, sample, (runs,), partial(iqm, axis=1), RESAMPLES), truth)

    return trial


def strata_trial(sizes: Sequence[int], missing: float) -> Trial:
    """Mean of the strata's means; a stratum keeps at least two runs."""

    def trial(rng: np.random.Generator) -> bool:
        left = [max(2, int(rng.binomial(size, 1 - missing))) for size in sizes]
        stops = np.cumsum(left)[:-1]
        sample = rng.normal(np.repeat(10.0 * np.arange(len(left)), left))

        def statistic(tables: Floats) -> Floats:
            return np.asarray(np.mean([part.mean(axis=1) for part in np.split(tables, stops, axis=1)], axis=0))

        return holds(bootstrap(rng, sample, left, statistic, RESAMPLES), 5.0 * (len(left) - 1))

    return trial


def improvement_trial(runs: int) -> Trial:
    truth = float(stats.norm.cdf(0.5 / np.sqrt(2)))

    def statistic(pools: Floats) -> Floats:
        return improvement(pools[:, :runs], pools[:, runs:])

    def trial(rng: np.random.Generator) -> bool:
        sample = np.concatenate((rng.normal(0.5, size=runs), rng.normal(size=runs)))
        return holds(bootstrap(rng, sample, (runs, runs), statistic, RESAMPLES), truth)

    return trial


def paired_trial(runs: int, missing: float) -> Trial:
    """Seeds make half of the variance; a run is missing on its own."""

    def trial(rng: np.random.Generator) -> bool:
        pairs = rng.normal(size=(runs, 1)) + rng.normal(size=(runs, 2)) + [1.0, 0.0]
        pairs[rng.random(pairs.shape) < missing] = np.nan
        return holds(paired_difference(rng, pairs, RESAMPLES), 1.0)

    return trial


def equivalence_trial(distribution: Any, first: int, second: int) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        x, y = (distribution.rvs(size=size, random_state=rng) for size in (first, second))
        result = equivalence(x + 1.0, 2.0 * y, 1.0)
        return bool(result.low <= 1.0 - distribution.mean() <= result.high)

    return trial


def paired_equivalence_trial(distribution: Any, runs: int) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        x, y = distribution.rvs(size=(2, runs), random_state=rng)
        x[rng.random(runs) < MISSING] = np.nan
        result = paired_equivalence(x + 1.0, y, 1.0)
        return bool(result.low <= 1.0 <= result.high)

    return trial


def power_trial(runs: int) -> Trial:
    effect = detectable(1.0, runs, paired=False)

    def trial(rng: np.random.Generator) -> bool:
        return bool(stats.ttest_ind(rng.normal(effect, size=runs), rng.normal(size=runs)).pvalue <= 0.05)

    return trial


def walks(rng: np.random.Generator, runs: int) -> Floats:
    """Curves [N, G] that climb alike, start alike, and drift apart."""
    steps = rng.normal(size=(runs, len(GRID) - 1)) / np.sqrt(len(GRID))
    drift = np.concatenate((np.zeros((runs, 1)), steps.cumsum(axis=1)), axis=1)
    return np.asarray(1 - np.exp(-3 * GRID) + drift)


def band_trial(runs: int, gone: float) -> Trial:
    """Runs that ended early (with that chance, anywhere in the second half) leave NaN behind."""
    truth = 1 - np.exp(-3 * GRID)

    def trial(rng: np.random.Generator) -> bool:
        ends = np.where(rng.random(runs) < gone, rng.uniform(0.5, 1.0, runs), 1.0)
        curves = np.where(ends[:, np.newaxis] >= GRID, walks(rng, runs), np.nan)
        seen = np.isfinite(curves).any(axis=0)
        return everywhere(simultaneous(rng, curves[:, seen], (runs,), iqm_present, RESAMPLES), truth[seen])

    return trial


def profile_trial(sizes: Sequence[int]) -> Trial:
    centres = np.linspace(0.0, 1.0, len(sizes))
    thresholds = np.linspace(-3.0, 4.0, 60)
    truth = stats.norm.sf(thresholds[:, np.newaxis] - centres).mean(axis=1)

    def trial(rng: np.random.Generator) -> bool:
        scores = rng.normal(np.repeat(centres, sizes))
        return everywhere(performance_profile(rng, scores, sizes, thresholds, RESAMPLES), truth)

    return trial


def tolerance_trial(distribution: Any, runs: int, share: float) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        low, high = tolerance(distribution.rvs(size=runs, random_state=rng), share)
        return bool(distribution.cdf(high) - distribution.cdf(low) >= share)

    return trial


def reliability_trial(runs: int) -> Trial:
    """The truth is the range of the law, not that of n runs: bias is counted as a miss."""
    spread = np.sqrt(np.arange(len(GRID)) / len(GRID)).mean() * (stats.norm.ppf(0.75) - stats.norm.ppf(0.25))

    def trial(rng: np.random.Generator) -> bool:
        return holds(bootstrap(rng, walks(rng, runs), (runs,), across_runs, RESAMPLES), float(spread))

    return trial
