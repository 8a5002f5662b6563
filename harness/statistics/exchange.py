"""The exchange rate between structure and data: how many times more steps a generic policy needs for the same score.

A method's time at a score is the first step at which its curve (the interquartile mean of its runs, each a step
function) is there. The rate at that score is time of the generic policy / time of the structured one. If the generic
one is not there by the end of its budget, the rate is at least budget / time; if the structured one is not, at most
time / budget; if neither is, the data say nothing.

Source: the fixed-target view of N. Hansen et al., "COCO: performance assessment" (2016). Intervals: whole runs of
either method resampled on their own.
Deviation: a curve is not asked to stay at the score. The curve of a mean that wavers is early; methods that waver
alike are early alike.
Coverage (docs/coverage.md): at least its 95 %, and more where evaluations are sparse or runs are censored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.interface import Booleans, Floats
from harness.statistics.bootstrap import Estimate, interval, replicate
from harness.statistics.present import iqm_present


class Curves(NamedTuple):
    """Runs of one method as step functions: steps [G] ascending, the last one the budget; values [N, G], NaN: ended."""

    steps: Floats
    values: Floats


class Times(NamedTuple):
    """Steps at which T scores are reached: the estimate [T], its replicates [R, T]; `inf` is not within the budget."""

    value: Floats
    replicates: Floats
    budget: float
    runs: int


class Rate(NamedTuple):
    """Rate [T] with its interval; the value is NaN where neither policy was there by its budget, or both at step 0."""

    estimate: Estimate
    at_least: Booleans  # [T] the value is a lower bound: the generic policy was not there by its budget
    at_most: Booleans  # [T] the value is an upper bound: the structured policy was not there by its budget


def reach(curves: Floats, steps: Floats, targets: Floats) -> Floats:
    """First of the steps [G] at which each curve [R, G] is at or above each target [T]: [R, T]; inf if at none."""
    best = np.fmax.accumulate(np.where(np.isnan(curves), -np.inf, curves), axis=1)  # [R, G]
    places = np.stack([(best < target).sum(axis=1) for target in targets], axis=1)  # [R, T]
    return np.asarray(np.append(steps, np.inf)[places])


def times(rng: np.random.Generator, method: Curves, targets: Floats, resamples: int) -> Times:
    """Steps to each score [T] of the interquartile mean of a method's runs."""

    def reached(tables: Floats) -> Floats:
        """Tables [R, N, G] -> [R, T]."""
        return reach(iqm_present(tables), method.steps, targets)

    replicates = replicate(rng, method.values, (len(method.values),), reached, resamples)
    return Times(reached(method.values[np.newaxis])[0], replicates, float(method.steps[-1]), len(method.values))


def fastest(methods: Sequence[Times]) -> Times:
    """The fastest of several methods at each score, chosen anew in every resample; all have as many resamples."""
    value = np.min([one.value for one in methods], axis=0)
    replicates = np.min([one.replicates for one in methods], axis=0)
    budgets, runs = [one.budget for one in methods], [one.runs for one in methods]
    return Times(value, replicates, max(budgets), min(runs))


def exchange_rate(generic: Times, structured: Times) -> Rate:
    """How many times more steps the generic policy needs at each score; both have the same number of resamples.

    Each end takes a censored resample at the bound on its own side, so the interval holds what censoring leaves open.
    """
    sizes = (generic.runs, structured.runs)
    low, _ = interval(least(generic.replicates, structured.replicates, generic.budget), sizes)
    _, high = interval(most(generic.replicates, structured.replicates, structured.budget), sizes)
    late, never = np.isinf(generic.value), np.isinf(structured.value)
    from_below = least(generic.value, structured.value, generic.budget)
    from_above = most(generic.value, structured.value, structured.budget)
    silent = (late & never) | ((generic.value == 0) & (structured.value == 0))
    value = np.select([silent, never], [np.nan, from_above], from_below)
    return Rate(Estimate(value, low, high), late & ~never, never & ~late)


def least(generic: Floats, structured: Floats, budget: float) -> Floats:
    """Smallest rate that times [..., T] allow: a generic time that is censored is at least the generic budget."""
    return quotient(np.minimum(generic, budget), structured, nothing=0.0)


def most(generic: Floats, structured: Floats, budget: float) -> Floats:
    """Largest rate that times [..., T] allow: a structured time that is censored is at least the structured budget."""
    return quotient(generic, np.minimum(structured, budget), nothing=np.inf)


def quotient(above: Floats, below: Floats, nothing: float) -> Floats:
    """Above / below; x / 0 is inf, x / inf is 0; 0 / 0 and inf / inf say `nothing`."""
    unknown = ((above == 0) & (below == 0)) | (np.isinf(above) & np.isinf(below))
    with np.errstate(divide="ignore"):
        rate = np.where(unknown, 1.0, above) / np.where(unknown, 1.0, below)
    return np.where(unknown, nothing, rate)
