"""Bands that hold everywhere, and tolerance intervals."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from harness.statistics.bands import content, heavier, inflation, runs_for, simultaneous, tolerance, uniform
from harness.statistics.present import iqm_present, mean_present

MEAN = partial(np.mean, axis=1)


def test_band_of_one_point_is_the_t_interval_of_the_mean():
    # Half-width: the bootstrap's normal quantile and standard error s sqrt((n-1)/n) / sqrt(n), widened to t and s.
    values = np.random.default_rng(0).normal(size=(12, 1))
    band = simultaneous(np.random.default_rng(1), values, (12,), MEAN, 20_000)
    law = stats.t.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12)
    assert (band.high - band.value)[0] == pytest.approx(law, rel=0.05)


def test_independent_points_are_as_far_as_the_largest_of_so_many_normals():
    runs, points = 400, 20
    values = np.random.default_rng(2).normal(size=(runs, points))
    band = simultaneous(np.random.default_rng(3), values, (runs,), MEAN, 5000)
    errors = (band.high - band.value) / (values.std(axis=0) / np.sqrt(runs))
    sidak = stats.norm.ppf((1 + 0.95 ** (1 / points)) / 2)
    np.testing.assert_allclose(errors, sidak, rtol=0.06)


def test_points_that_move_together_need_no_more_than_one_of_them():
    shared = np.random.default_rng(4).normal(size=(30, 1)) * np.arange(1.0, 6.0)
    wide = simultaneous(np.random.default_rng(5), shared, (30,), MEAN, 2000)
    one = simultaneous(np.random.default_rng(5), shared[:, :1], (30,), MEAN, 2000)
    assert (wide.high - wide.value)[0] == pytest.approx((one.high - one.value)[0], rel=1e-9)


def test_common_start_has_no_width_and_a_lone_run_no_band():
    curves = np.array([[1.0, 2, 3], [1, 4, np.nan], [1, 5, np.nan], [1, 9, np.nan]])
    band = simultaneous(np.random.default_rng(6), curves, (4,), mean_present, 200)
    assert (band.low[0], band.high[0]) == (1.0, 1.0)
    assert band.low[1] < 5.0 < band.high[1]
    assert np.isnan([band.low[2], band.high[2]]).all()
    assert band.value[2] == 3.0


def test_widening_of_two_runs_is_that_of_student():
    assert inflation(2, 1) == pytest.approx(np.sqrt(2))
    assert heavier(2, 1) == pytest.approx(12.7062047 / 1.9599640, rel=1e-7)
    assert np.isnan(inflation(1, 1))


def test_uniform_band_is_the_quantile_of_the_largest_distance():
    table = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    # Only the first stratum moves, only its first column: the mean of four by -1/4, 0 or 1/4; widened by sqrt(4 / 2).
    band = uniform(np.random.default_rng(7), (2, 2), lambda counts: counts @ table / 4, 400)
    np.testing.assert_allclose(band.high - band.value, np.sqrt(2) / 4)


def test_uniform_band_of_one_stratum_is_that_of_kolmogorov_and_smirnov():
    band = uniform(np.random.default_rng(8), (10,), lambda counts: counts / 10, 2)
    np.testing.assert_allclose(band.value - band.low, 0.40925, atol=1e-5)  # tables: n = 10, 5 %


def test_95_percent_tolerance_needs_8_14_22_46_and_93_runs():
    assert [runs_for(share) for share in (0.5, 0.7, 0.8, 0.9, 0.95)] == [8, 14, 22, 46, 93]


@pytest.mark.parametrize("runs", [2, 5, 10, 30])
def test_content_solves_the_equation_of_wilks(runs):
    share = content(runs)
    assert 1 - runs * share ** (runs - 1) + (runs - 1) * share**runs == pytest.approx(0.95, abs=1e-9)
    assert content(1) == 0.0


def test_tolerance_is_the_range_where_that_just_suffices_and_nothing_below():
    values = np.random.default_rng(8).normal(size=(14, 3))
    np.testing.assert_array_equal(tolerance(values, 0.7), (values.min(axis=0), values.max(axis=0)))
    assert np.isnan(tolerance(values[:13], 0.7)).all()


def test_tolerance_of_many_runs_drops_as_many_extremes_as_it_may():
    values = np.arange(1.0, 61.0)
    low, high = tolerance(values, 0.7)
    rank = int(low)
    assert (low, high) == (rank, 61 - rank)
    between = stats.binom.cdf(60 - 2 * rank, 60, 0.7)  # P(at most n - 2r of n runs inside the true 70 %)
    assert between >= 0.95
    assert stats.binom.cdf(60 - 2 * (rank + 1), 60, 0.7) < 0.95


def test_tolerance_of_a_skewed_law_holds_its_share_in_95_of_100_studies():
    studies = 4000
    samples = np.random.default_rng(9).exponential(size=(studies, 22))
    ends = np.array([tolerance(sample, 0.8) for sample in samples])  # [4000, 2]
    inside = np.diff(stats.expon.cdf(ends))
    exact = 1 - 22 * 0.8**21 + 21 * 0.8**22  # 0.952
    assert (inside >= 0.8).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / studies))


def walks(rng, runs):
    return rng.normal(size=(runs, 15)).cumsum(axis=1)


@pytest.mark.parametrize("ended", [0, 15])
def test_band_of_fifty_runs_holds_the_whole_curve_in_95_of_100_studies(ended):
    studies, rng, covered = 600, np.random.default_rng(10), 0
    for _ in range(studies):
        curves = walks(rng, 50)
        curves[:ended, 9:] = np.nan  # runs that ended early
        band = simultaneous(rng, curves, (50,), iqm_present, 300)
        covered += np.all((band.low <= 0) & (band.high >= 0))
    assert covered / studies == pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / studies))  # 0.027


def test_a_pointwise_band_would_be_left_by_the_curve_far_more_often():
    studies, rng, covered = 300, np.random.default_rng(11), 0
    for _ in range(studies):
        curves = walks(rng, 20)
        half = stats.t.ppf(0.975, 19) * curves.std(axis=0, ddof=1) / np.sqrt(20)
        covered += np.all(np.abs(curves.mean(axis=0)) <= half)
    assert covered / studies < 0.87
