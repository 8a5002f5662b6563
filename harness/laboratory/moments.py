"""What many updates say of one: bias, trace of the covariance, signal-to-noise and cosine; pure functions.

With M independent updates g of mean ḡ and truth t:

    noise   = tr Cov(g),  with M - 1
    signal  = |ḡ|² - noise / M,  an unbiased estimate of |E g|², so it may be below zero
    cosine  = mean of g·t / (|g| |t|) = t·u / |t|,  u the mean of g / |g|
    bias²   = (|ḡ - t|² - noise / M) / |t|²,  unbiased too

The mean of k updates has the same signal and 1/k of the noise: per 1 000 steps, k = 1 000 / steps of an update,

    signal-to-noise = k signal / noise,    cosine = (ḡ·t / |t|) / √(signal + noise / k)

The root is that of the mean over all seeds: one seed alone knows its signal too badly to divide by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.interface import Floats

UNIT_STEPS = 1000.0  # environment steps that costs are compared on


class Summary(NamedTuple):
    """M updates in a few numbers; from `mean` and `direction` follow the bias and cosine to any truth."""

    updates: int  # M, those that were finite
    failed: int
    noise: float  # tr Cov; NaN for one update
    mean: Floats  # [d] ḡ
    direction: Floats  # [d] u; an update of zero has no direction and adds zero


def summary(vectors: Floats) -> Summary:
    """The numbers of updates [M, d]."""
    finite = vectors[np.isfinite(vectors).all(axis=1)]  # [<= M, d]
    count, lost = len(finite), len(vectors) - len(finite)
    if count < 2:
        nothing = np.full(vectors.shape[1], np.nan)
        return Summary(count, lost, np.nan, nothing, nothing)
    lengths = np.linalg.norm(finite, axis=1, keepdims=True)  # [M, 1]
    units = np.divide(finite, lengths, out=np.zeros_like(finite), where=lengths > 0.0)  # [M, d]
    return Summary(count, lost, float(finite.var(axis=0, ddof=1).sum()), finite.mean(axis=0), units.mean(axis=0))


def signal(mean: Floats, noise: float, updates: int) -> float:
    """|E g|² without bias."""
    return float(mean @ mean) - noise / updates


def cosine(direction: Floats, truth: Floats) -> float:
    """Mean cosine of single updates to the truth; NaN for a truth of zero."""
    length = float(np.linalg.norm(truth))
    return float(direction @ truth) / length if length > 0.0 else np.nan


def squared_bias(mean: Floats, noise: float, updates: int, truth: Floats) -> float:
    """|E g - t|² / |t|² without bias; NaN for a truth of zero."""
    square = float(truth @ truth)
    return (float((mean - truth) @ (mean - truth)) - noise / updates) / square if square > 0.0 else np.nan


def pooled_cosine(mean: Floats, truth: Floats, square: float) -> float:
    """Cosine of the mean of k updates to the truth, as a ratio of expectations; `square` is signal + noise / k."""
    length = float(np.linalg.norm(truth))
    return float(mean @ truth) / length / float(np.sqrt(square)) if length > 0.0 and square > 0.0 else np.nan


def shrinkage(truth: Floats, noise: float, updates: int) -> float:
    """|E t| / |t| of a truth that is itself a mean of so many updates: noise turns it away from where it points.

    A cosine to it is divided by this; NaN where the noise is as large as the mean.
    """
    square = float(truth @ truth)
    share = (square - noise / updates) / square if square > 0.0 else np.nan
    return float(np.sqrt(share)) if share > 0.0 else np.nan
