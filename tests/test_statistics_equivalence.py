"""Equivalence, power and the seeds still needed."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from harness.statistics.equivalence import (
    detectable,
    equivalence,
    equivalence_power,
    paired_difference,
    paired_equivalence,
    power,
    runs_to_decide,
)

NAN = np.nan


def test_paired_equivalence_by_hand():
    # Differences 1, 2, 3: mean 2, error 1/sqrt(3), 2 degrees of freedom: t to a margin of 5 is 3 sqrt(3).
    result = paired_equivalence(np.array([3.0, 5, 9]), np.array([2.0, 3, 6]), 5.0)
    half = 2.9199856 / np.sqrt(3)  # t at 95 %, 2 degrees of freedom
    assert result[:3] == pytest.approx((2.0, 2 - half, 2 + half), abs=1e-6)
    assert result.p == pytest.approx(stats.t.sf(3 * np.sqrt(3), 2), abs=1e-12)


def test_equivalence_is_the_larger_of_two_t_tests_of_scipy():
    rng = np.random.default_rng(0)
    x, y, margin = rng.normal(size=9), 2 * rng.normal(size=14) + 0.3, 1.5
    less = stats.ttest_ind(x - margin, y, equal_var=False, alternative="less")
    greater = stats.ttest_ind(x + margin, y, equal_var=False, alternative="greater")
    result = equivalence(x, y, margin)
    assert result.p == pytest.approx(max(less.pvalue, greater.pvalue), abs=1e-12)
    interval = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.90)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    paired = [
        stats.ttest_rel(x - margin, y[:9], alternative="less").pvalue,
        stats.ttest_rel(x + margin, y[:9], alternative="greater").pvalue,
    ]
    assert paired_equivalence(x, y[:9], margin).p == pytest.approx(max(paired), abs=1e-12)


def test_equivalent_where_the_90_percent_interval_lies_within_the_margin():
    rng = np.random.default_rng(1)
    for _ in range(200):
        x, y = rng.normal(size=(2, 8))
        result = paired_equivalence(x, y, 1.0)
        assert (result.p <= 0.05) == (max(-result.low, result.high) <= 1.0)


def test_missing_runs_take_their_pair_with_them_or_only_themselves():
    x, y = np.array([1.0, 2, NAN, 4, 6]), np.array([0.0, NAN, 1, 1, 5])
    assert paired_equivalence(x, y, 9.0) == paired_equivalence(x[[0, 3, 4]], y[[0, 3, 4]], 9.0)
    assert equivalence(x, y, 9.0) == equivalence(x[[0, 1, 3, 4]], y[[0, 2, 3, 4]], 9.0)
    pairs = np.stack((x, y), axis=1)
    both = paired_difference(np.random.default_rng(2), pairs, 50)
    assert both == paired_difference(np.random.default_rng(2), pairs[[0, 3, 4]], 50)


def test_one_run_says_nothing():
    assert np.isnan(paired_equivalence(np.array([1.0]), np.array([2.0]), 9.0).p)
    assert np.isnan(equivalence(np.array([1.0]), np.array([2.0, 3.0]), 9.0).p)
    apart = np.array([[1.0, NAN], [NAN, 1.0]])  # and two seeds of which either lacks one say no more
    assert np.isnan(paired_difference(np.random.default_rng(0), apart, 9)).all()


def test_runs_that_all_agree_have_the_p_of_a_permutation():
    assert paired_equivalence(np.full(5, 500.0), np.full(5, 500.0), 10.0) == (0.0, 0.0, 0.0, 2.0**-5)
    assert equivalence(np.full(3, 500.0), np.full(4, 495.0), 10.0) == (5.0, 5.0, 5.0, 1 / 35)
    assert paired_equivalence(np.full(5, 500.0), np.full(5, 480.0), 10.0).p == 1.0


def test_paired_difference_of_shifted_runs_is_the_shift_without_doubt():
    x = np.random.default_rng(3).normal(size=10)
    estimate = paired_difference(np.random.default_rng(4), np.stack((x + 2, x), axis=1), 100)
    np.testing.assert_allclose(estimate, 2.0, atol=1e-12)


@pytest.mark.parametrize("paired", [True, False])
def test_power_of_no_effect_is_alpha_and_grows_to_one(paired):
    assert power(0.0, 1.0, 10, paired) == pytest.approx(0.05, abs=1e-9)
    assert power(3.0, 1.0, 10, paired) == pytest.approx(power(-3.0, 1.0, 10, paired), abs=1e-9)
    assert power(1e6, 1.0, 2, paired) == pytest.approx(1.0, abs=1e-9)


def test_power_of_cohen_is_80_percent_for_64_runs_a_side_and_half_a_deviation():
    assert power(0.5, 1.0, 64, paired=False) == pytest.approx(0.801, abs=5e-4)  # Cohen 1988, table 2.4.1
    assert runs_to_decide(0.5, 1.0, paired=False) == 64
    assert runs_to_decide(0.5, 1.0, paired=True) == 34


def test_detectable_effect_is_what_power_detects():
    for runs, paired in ((2, True), (5, False), (10, True), (30, False)):
        assert power(detectable(2.5, runs, paired), 2.5, runs, paired) == pytest.approx(0.8, abs=1e-6)
    assert detectable(1.0, 1, paired=True) == np.inf


def test_equal_methods_are_decided_by_equivalence_and_without_margin_never():
    runs = int(runs_to_decide(0.0, 1.0, paired=True, margin=0.5))
    before, after = (equivalence_power(0.0, 1.0, count, True, 0.5) for count in (runs - 1, runs))
    assert before < 0.8 <= after
    assert runs_to_decide(0.0, 1.0, paired=True) == np.inf


STUDIES = 3000
EDGE = 3 * np.sqrt(0.05 * 0.95 / STUDIES)  # 3 Monte Carlo standard errors: 0.012


def test_equivalence_is_wrongly_found_in_five_of_100_studies_at_the_margin():
    rng = np.random.default_rng(5)
    wrong = [paired_equivalence(x + 1.5, y, 1.5).p <= 0.05 for x, y in 0.5 * rng.normal(size=(STUDIES, 2, 10))]
    assert np.mean(wrong) == pytest.approx(0.05, abs=EDGE)
    samples = 0.5 * rng.normal(size=(STUDIES, 15))
    wrong = [equivalence(sample[:5] + 1.5, 2 * sample[5:], 1.5).p <= 0.05 for sample in samples]
    assert np.mean(wrong) == pytest.approx(0.05, abs=EDGE)


def test_power_of_equivalence_is_kept_in_simulation():
    rng, promised = np.random.default_rng(6), equivalence_power(0.2, 1.0, 20, True, 1.0)
    found = [paired_equivalence(d + 0.2, np.zeros(20), 1.0).p <= 0.05 for d in rng.normal(size=(STUDIES, 20))]
    assert np.mean(found) == pytest.approx(promised, abs=4 * np.sqrt(promised * (1 - promised) / STUDIES))


def test_paired_difference_of_ten_seeds_covers_its_95_percent_with_runs_missing():
    studies, rng, covered = 1000, np.random.default_rng(7), 0
    for _ in range(studies):
        pairs = rng.normal(size=(12, 1)) + rng.normal(size=(12, 2)) + [1.0, 0.0]
        pairs[rng.integers(12, size=2), [0, 1]] = NAN
        estimate = paired_difference(rng, pairs, 300, partial(np.mean, axis=1))
        covered += estimate.low <= 1.0 <= estimate.high
    assert covered / studies == pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / studies))  # 0.021
