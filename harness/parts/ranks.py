"""Order instead of size: what remains of returns when only comparisons count.

Methods built on these are unchanged by every increasing transformation of the returns, and a diverged candidate
(-inf) is no more to them than the worst.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats, Integers


def centred_ranks(values: Floats) -> Floats:
    """Ranks of values [n], n >= 2, scaled to [-0.5, 0.5]; equal values share the mean of their ranks. Sum zero."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)  # [distinct values] one beyond the highest rank of each
    mean_rank = last - (counts + 1) / 2  # [distinct values]
    ranks: Floats = mean_rank[inverse]  # [n] in 0 .. n - 1
    return ranks / (len(values) - 1) - 0.5


def finite_best_first(values: Floats) -> Integers:
    """Indices of the finite ones among values [n], highest value first; equal values in the order given."""
    order = np.argsort(-values, kind="stable")  # [n]
    return order[np.isfinite(values[order])]
