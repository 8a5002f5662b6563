"""Running mean and deviation of the observations, and the normaliser made of them.

Merging: T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
variances" (1979), equations 2.1; one observation at a time it is the rule of Welford (1962). The normaliser is that of
ARS V2 in its reference code (`filter.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.interface import Floats, Scaler

SMALLEST_STD = 1e-7  # below, a coordinate counts as constant ...
EPSILON = 1e-8  # ... and this is added to every deviation
ROUNDING = np.finfo(np.float64).eps


class Moments(NamedTuple):
    """Of all observations seen so far."""

    number: float  # n
    mean: Floats  # [O]
    squares: Floats  # [O] sum of squared deviations from the mean


def identity(observations: int) -> Scaler:
    """The normaliser that changes nothing, for O observations."""
    return Scaler(np.zeros(observations), np.ones(observations))


def empty(observations: int) -> Moments:
    """Nothing seen yet, for O observations."""
    return Moments(0.0, np.zeros(observations), np.zeros(observations))


def merge(moments: Moments, sums: Floats) -> Moments:
    """Add one candidate's sums [3, O]: count, sum and sum of squares, as in `Outcome.moments`."""
    count = float(sums[0, 0])
    if count == 0:
        return moments
    mean = sums[1] / count  # [O]
    squares = sums[2] - count * mean**2  # [O]
    squares = np.where(squares > count * ROUNDING * sums[2], squares, 0.0)  # what the sums cannot resolve is nothing
    total = moments.number + count
    shift = mean - moments.mean  # [O]
    return Moments(
        total,
        moments.mean + shift * count / total,
        moments.squares + squares + shift**2 * moments.number * count / total,
    )


def scaler(moments: Moments) -> Scaler:
    """(x - mean) / (std + 1e-8), std with n - 1; a coordinate that never moved is divided by infinity, so becomes 0."""
    if moments.number < 2:
        return identity(len(moments.mean))
    std = np.sqrt(moments.squares / (moments.number - 1))  # [O]
    return Scaler(moments.mean, np.where(std < SMALLEST_STD, np.inf, std + EPSILON))
