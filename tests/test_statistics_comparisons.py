"""Probability of improvement and its tests against enumeration, SciPy and hand."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from harness.statistics.bootstrap import bootstrap
from harness.statistics.comparisons import holm, improvement, paired_p, unpaired_p


def test_improvement_counts_wins_and_half_the_ties_over_all_pairs():
    assert improvement(np.array([1.0, 3.0]), np.array([1.0, 2.0, 3.0])) == (0.5 + 0 + 0 + 1 + 1 + 0.5) / 6


def test_improvement_is_the_u_of_mann_and_whitney():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, 9).astype(float), rng.integers(1, 7, 13).astype(float)
    assert improvement(x, y) == pytest.approx(stats.mannwhitneyu(x, y).statistic / (9 * 13), abs=1e-12)


def test_improvement_both_ways_makes_one():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 4, (5, 8)).astype(float), rng.integers(0, 4, (5, 6)).astype(float)
    np.testing.assert_allclose(improvement(x, y) + improvement(y, x), 1.0, atol=1e-12)


@pytest.mark.parametrize("ties", [2, 5, 1000])
def test_paired_p_equals_the_enumeration_of_all_exchanges(ties):
    rng = np.random.default_rng(ties)
    x, y = rng.integers(0, ties, 8).astype(float), rng.integers(0, ties, 8).astype(float) + rng.integers(0, 2)
    swaps = np.array(list(product([False, True], repeat=8)))  # [256, 8]
    distances = np.abs(improvement(np.where(swaps, y, x), np.where(swaps, x, y)) - 0.5)
    observed = abs(improvement(x, y) - 0.5)
    assert paired_p(x, y) == pytest.approx((distances >= observed - 1e-12).mean(), abs=1e-12)


def test_smallest_paired_p_of_ten_seeds_is_two_to_the_minus_nine():
    assert paired_p(np.arange(10.0) + 100, np.arange(10.0)) == 2.0**-9


def test_equal_runs_have_p_one():
    same = np.full(10, 500.0)
    assert paired_p(same, same) == 1.0
    assert unpaired_p(same, same[:4]) == 1.0


def test_paired_p_does_not_depend_on_order_or_sign():
    rng = np.random.default_rng(2)
    x, y, order = rng.normal(size=15), rng.normal(size=15) + 0.5, rng.permutation(15)
    assert paired_p(x, y) == paired_p(x[order], y[order]) == paired_p(y, x)


def test_unpaired_p_of_three_against_three_apart_is_one_tenth():
    assert unpaired_p(np.array([1.0, 2, 3]), np.array([4.0, 5, 6])) == pytest.approx(2 / 20)


def test_holm_of_four_by_hand():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_array_equal(holm(np.array([0.6, 0.7])), [1.0, 1.0])
    assert holm(np.array([])).shape == (0,)


def test_holm_errs_in_at_most_five_percent_of_families():
    # 6 true hypotheses with independent p: P(any rejected) <= 0.05; 3 Monte Carlo standard errors are 0.007.
    families = np.random.default_rng(3).random((10_000, 6))
    rejected = np.mean([holm(p).min() <= 0.05 for p in families])
    assert 0.035 < rejected <= 0.05 + 0.007


def test_paired_p_errs_in_at_most_five_percent_even_where_seeds_are_correlated():
    rng, simulations = np.random.default_rng(4), 3000
    shared = rng.normal(size=(simulations, 1, 10))
    samples = shared + rng.normal(size=(simulations, 2, 10))
    rejected = np.mean([paired_p(x, y) <= 0.05 for x, y in samples])
    assert 0.03 < rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / simulations)  # 3 standard errors: 0.012


def test_interval_of_improvement_covers_its_95_percent():
    simulations, runs, shift = 1000, 20, 0.5
    rng = np.random.default_rng(5)
    samples = rng.normal(loc=(shift, 0.0), size=(simulations, runs, 2))
    truth = stats.norm.cdf(shift / np.sqrt(2))

    def statistic(pairs):  # [R, N, 2] -> [R]
        return improvement(pairs[..., 0], pairs[..., 1])

    estimates = [bootstrap(rng, sample, (runs,), statistic, 300) for sample in samples]
    coverage = np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])
    assert coverage == pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / simulations))  # 0.021


@pytest.mark.parametrize("values", [[1, 1, 2, 3, 3, 3, 4], [0, 0, 0, 0, 0, 0, 1], [1, 2, 3, 4, 5, 6, 7]])
def test_unpaired_p_is_the_share_of_all_divisions_that_are_as_far_apart_ties_or_none(values):
    """By every division of seven runs into three and four: sums of mid-ranks at least as far from their mean."""
    ranks = stats.rankdata(values)
    sums = np.array([ranks[list(three)].sum() for three in combinations(range(7), 3)])
    far = np.abs(sums - 3 * 8 / 2)
    for place, three in enumerate(combinations(range(7), 3)):
        first, second = np.array(values, float)[list(three)], np.delete(np.array(values, float), list(three))
        expected = np.mean(far >= far[place] - 1e-9)
        assert unpaired_p(first, second) == pytest.approx(expected, rel=1e-12)
        assert unpaired_p(second, first) == pytest.approx(expected, rel=1e-12)


def test_unpaired_p_of_three_of_six_runs_at_the_top_of_36_where_30_are_equal():
    """C(6, 3) of C(36, 3) divisions put all three low runs on the side of six: 20 of 7140."""
    first, second = np.array([100.0, 200.0, 300.0, 500.0, 500.0, 500.0]), np.full(30, 500.0)
    assert unpaired_p(first, second) == pytest.approx(20 / 7140, rel=1e-9)
