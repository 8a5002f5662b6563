"""Which of two methods is better: the probability of improvement and its test.

Sources: Agarwal et al. (NeurIPS 2021), probability of improvement, the U of H. Mann & D. Whitney (1947) over n m.
S. Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics 6, 1979).
E. J. G. Pitman, "Significance tests which may be applied to samples from any populations" (1937): permutation tests.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from harness.interface import Floats

EXACT = 2500  # pairs of runs up to which p is counted and not approximated


def improvement(first: Floats, second: Floats) -> Floats:
    """P(X > Y) + P(X = Y) / 2 over all pairs of runs, first [..., N] and second [..., M] -> [...]."""
    return np.asarray(wins(first, second).mean(axis=(-2, -1)))


def wins(first: Floats, second: Floats) -> Floats:
    """1 where X > Y, 1/2 where X = Y, else 0: first [..., N] and second [..., M] -> [..., N, M]."""
    x, y = first[..., :, np.newaxis], second[..., np.newaxis, :]
    return np.asarray(np.greater(x, y) + 0.5 * np.equal(x, y))


def paired_p(first: Floats, second: Floats) -> float:
    """Exact two-sided p of `improvement` where the labels may be exchanged within each pair, first [N], second [N].

    U is a sum of pooled mid-ranks, so exchanging pair i adds or takes away d_i = rank(x_i) - rank(y_i): the statistic
    is a sum of ±d_i. Twice a mid-rank is an integer, and the distribution of the sum follows by N convolutions. With
    C = Σ |d_i| the sum is 2 k - C, k the sum of the |d_i| that count as positive.
    """
    pooled = np.concatenate((first, second))  # [2 N]
    below, up_to = (np.searchsorted(np.sort(pooled), pooled, side) for side in ("left", "right"))
    differences = np.subtract(*(below + up_to).reshape(2, -1))  # [N] of twice the mid-ranks
    largest = int(np.abs(differences).sum())  # C
    chances = np.zeros(largest + 1)  # [C + 1] of each k
    chances[0] = 1.0
    for size in np.abs(differences[differences != 0]):
        moved = chances[: largest + 1 - size].copy()
        chances *= 0.5
        chances[size:] += 0.5 * moved
    extreme = np.abs(2 * np.arange(largest + 1) - largest) >= abs(int(differences.sum()))
    return min(float(chances[extreme].sum()), 1.0)


def unpaired_p(first: Floats, second: Floats) -> float:
    """Two-sided p of Mann and Whitney with mid-ranks, first [N], second [M]; 1 if all are equal.

    Exact, ties or none, up to EXACT pairs: of the sums of N of the N + M doubled mid-ranks, counted one rank after the
    other, those as far from their mean N (N + M + 1) as the one seen. With more pairs the normal approximation.
    """
    if np.ptp(np.concatenate((first, second))) == 0:
        return 1.0
    if len(first) * len(second) > EXACT:
        return float(stats.mannwhitneyu(first, second, alternative="two-sided", method="asymptotic").pvalue)
    few, many = sorted((first, second), key=len)
    pooled = np.concatenate((few, many))  # [N + M]
    below, up_to = (np.searchsorted(np.sort(pooled), pooled, side) for side in ("left", "right"))
    ranks = below + up_to + 1  # [N + M] doubled
    ways = np.zeros((len(few) + 1, int(ranks.sum()) + 1))  # [N + 1, sums] of each number of ranks
    ways[0, 0] = 1.0
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    far = np.abs(np.arange(ways.shape[1]) - len(few) * (len(pooled) + 1))  # [sums]
    return float(ways[-1][far >= far[ranks[: len(few)].sum()]].sum() / ways[-1].sum())


def holm(p: Floats) -> Floats:
    """Adjusted p values [M] of a family of comparisons, in the order given."""
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result


def holm_known(p: Floats) -> Floats:
    """Adjusted p values [M] of those comparisons of a family that were made; NaN, not made, stays NaN."""
    known = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    adjusted[known] = holm(p[known])
    return adjusted
