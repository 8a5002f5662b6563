"""Statistics of tables with holes: NaN is a run that is missing, or no longer under observation at this step.

Each column is summarised over the runs that are present in it; a column without any is NaN. Nothing is cut to the
shortest run, and nothing is filled in.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats, Integers


def mean_present(values: Floats, axis: int = 1) -> Floats:
    """Mean of the runs that are present: tables [R, N, ...] -> [R, ...]."""
    return middle(values, np.zeros_like(count(values, axis)), axis)


def iqm_present(values: Floats, axis: int = 1) -> Floats:
    """Interquartile mean of the n runs present in a column (n // 4 dropped at each end): [R, N, ...] -> [R, ...]."""
    return middle(values, count(values, axis) // 4, axis)


def quantile_present(values: Floats, share: float, axis: int = 1) -> Floats:
    """Quantile of the runs that are present, between two of them by a straight line: [R, N, ...] -> [R, ...]."""
    ordered = np.sort(values, axis=axis)  # NaN go last
    place = np.maximum(share * (count(values, axis) - 1), 0.0)
    below = np.floor(place).astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    low, high = (np.take_along_axis(ordered, index, axis=axis) for index in (below, above))
    return np.asarray((low + (place - below) * (high - low)).squeeze(axis=axis))


def count(values: Floats, axis: int) -> Integers:
    """Runs that are present, the axis kept with length 1."""
    return np.asarray(np.isfinite(values).sum(axis=axis, keepdims=True))


def middle(values: Floats, cut: Integers, axis: int) -> Floats:
    """Mean of what is left when the `cut` smallest and the `cut` largest of those present are dropped."""
    ordered = np.sort(values, axis=axis)  # NaN go last
    shape = [1] * values.ndim
    shape[axis] = values.shape[axis]
    rank = np.arange(values.shape[axis]).reshape(shape)
    inside = (rank >= cut) & (rank < count(values, axis) - cut)
    total = np.where(inside, ordered, 0.0).sum(axis=axis)
    left = inside.sum(axis=axis)
    return np.asarray(np.divide(total, left, out=np.full(total.shape, np.nan), where=left > 0))
