"""The bootstrap: whole runs, strata, the generator that is passed in, and coverage by simulation."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from harness.statistics.bootstrap import bootstrap, draw, interval, tail
from harness.statistics.scores import iqm

MEAN = partial(np.mean, axis=1)


def test_draw_takes_every_stratum_from_itself_and_keeps_its_size():
    rows = draw(np.random.default_rng(0), (3, 1, 5), 400)  # [400, 9]
    assert set(rows[:, :3].ravel()) == {0, 1, 2}
    assert set(rows[:, 3]) == {3}
    assert set(rows[:, 4:].ravel()) == {4, 5, 6, 7, 8}


def test_a_curve_keeps_its_run_together():
    curves = np.arange(7.0)[:, np.newaxis] * np.ones(5)  # [7, 5] run r is constantly r

    def spread_within_runs(tables):  # [R, 7, 5] -> [R]
        return np.ptp(tables, axis=2).max(axis=1)

    assert bootstrap(np.random.default_rng(0), curves, (7,), spread_within_runs, 200) == (0.0, 0.0, 0.0)


def test_same_generator_same_numbers_and_another_generator_others():
    values = np.random.default_rng(5).normal(size=12)
    first, again, other = (bootstrap(np.random.default_rng(s), values, (5, 7), MEAN, 300) for s in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert first.low != other.low


def test_tail_of_ten_runs_is_the_normal_tail_at_t_times_root_ten_ninths():
    assert tail((10,)) == pytest.approx(stats.norm.cdf(-2.2621571628 * np.sqrt(10 / 9)), rel=1e-9)
    assert tail((4, 6)) == pytest.approx(stats.norm.cdf(-2.3060041352 * np.sqrt(10 / 8)), rel=1e-9)
    assert tail((100_000,)) == pytest.approx(0.025, abs=1e-5)


def test_interval_is_of_order_statistics_as_the_inverted_distribution_function():
    replicates = np.random.default_rng(3).normal(size=(997, 2))
    outside = tail((10,))
    low, high = interval(replicates, (10,))
    np.testing.assert_array_equal(low, np.quantile(replicates, outside, axis=0, method="inverted_cdf"))
    np.testing.assert_array_equal(high, np.quantile(replicates, 1 - outside, axis=0, method="inverted_cdf"))


def test_infinite_replicates_are_kept_and_spoil_nothing():
    replicates = np.concatenate((np.arange(900.0), np.full(100, np.inf)))
    low, high = interval(replicates, (1000,))
    assert low == 24.0  # the 25th smallest of 1 000, as the tail is just above 0.025 - 1/1000
    assert np.isinf(high)


def test_one_run_has_no_interval():
    estimate = bootstrap(np.random.default_rng(0), np.array([3.0]), (1,), MEAN, 50)
    assert estimate.value == 3.0
    assert np.isnan(estimate.low)
    assert np.isnan(estimate.high)


def test_equal_runs_have_an_interval_of_no_width():
    assert bootstrap(np.random.default_rng(0), np.full(8, 500.0), (8,), MEAN, 50) == (500.0, 500.0, 500.0)


def test_variance_of_the_bootstrap_mean_is_that_of_the_strata():
    a, b = np.array([0.0, 1, 5]), np.array([10.0, 20, 30, 40])
    table, count = np.concatenate((a, b)), 40_000
    replicates = table[draw(np.random.default_rng(0), (3, 4), count)].mean(axis=1)
    law = (3 * a.var() + 4 * b.var()) / 7**2
    assert replicates.var() == pytest.approx(law, rel=4 * np.sqrt(2 / count))  # 4 standard errors of a variance


def test_many_blocks_still_make_the_number_of_resamples_asked_for():
    table = np.random.default_rng(0).normal(size=(3000, 1))  # 1 398 resamples fit into a block
    seen = []

    def count(tables):
        seen.append(len(tables))
        return MEAN(tables)

    bootstrap(np.random.default_rng(0), table, (3000,), count, 3000)
    assert seen == [1398, 1398, 204, 1]  # and the estimate itself


def middle_mean(distribution):
    """The IQM of a distribution: its mean between its quartiles."""
    return distribution.ppf(np.linspace(0.25, 0.75, 100_001)).mean()


SIMULATIONS = 1200
ERROR = 3 * np.sqrt(0.95 * 0.05 / SIMULATIONS)  # 3 Monte Carlo standard errors: 0.019
NOMINAL = pytest.approx(0.95, abs=0.02 + ERROR)  # within 2 points of nominal, as far as the simulation can tell


def coverage(samples, truth, sizes, statistic):
    """Share of the simulated studies [S, N] whose interval holds the truth."""
    rng = np.random.default_rng(2026)
    estimates = [bootstrap(rng, sample, sizes, statistic, 400) for sample in samples]
    return np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])


@pytest.mark.parametrize("runs", [10, 30])
@pytest.mark.parametrize(
    "distribution", [stats.norm(), stats.expon(), stats.beta(0.5, 0.3)], ids=["normal", "exp", "U"]
)
def test_iqm_interval_covers_its_95_percent(distribution, runs):
    samples = distribution.rvs(size=(SIMULATIONS, runs), random_state=np.random.default_rng(runs))
    assert coverage(samples, middle_mean(distribution), (runs,), partial(iqm, axis=1)) == NOMINAL


def test_interval_over_ragged_strata_covers_its_95_percent():
    sizes, means = (5, 8, 12), (0.0, 10.0, -3.0)
    centre = np.repeat(means, sizes)  # [25]
    samples = centre + np.random.default_rng(8).normal(size=(SIMULATIONS, 25))
    assert coverage(samples, centre.mean(), sizes, MEAN) == NOMINAL


def test_plain_percentiles_of_five_runs_would_cover_too_little():
    samples = np.random.default_rng(4).normal(size=(SIMULATIONS, 5))
    rng = np.random.default_rng(5)
    replicates = [sample[draw(rng, (5,), 400)].mean(axis=1) for sample in samples]
    plain = np.mean([np.quantile(r, 0.025) <= 0 <= np.quantile(r, 0.975) for r in replicates])
    assert plain < 0.87
    assert coverage(samples, 0.0, (5,), MEAN) > plain + 0.04
