"""Kaplan-Meier, median and restricted mean: by hand, against SciPy and lifelines' numbers, and by simulation."""

from functools import partial

import numpy as np
import pytest
from scipy import integrate, stats

from harness.statistics.bootstrap import replicate
from harness.statistics.survival import (
    median,
    open_end,
    pairs,
    ratio,
    resampled,
    restricted,
    restricted_mean,
    solved,
)

INF = np.inf
RAGGED = pairs(np.array([1.0, 2, 3, INF, 5, INF, INF]), np.array([10.0, 10, 10, 3, 10, 10, 10]))


def test_curve_of_seven_runs_by_hand():
    # At risk 7, 6, 5, then the run censored at 3 leaves (after the crossing at 3), 3: S = 6/7, 5/7, 4/7, 4/7 2/3.
    curve = solved(RAGGED)
    np.testing.assert_array_equal(curve.steps, [0, 1, 2, 3, 5, 10])
    np.testing.assert_allclose(curve.share, [0, 1 / 7, 2 / 7, 3 / 7, 13 / 21, 13 / 21], atol=1e-12)


def test_log_log_interval_equals_that_of_lifelines():
    # lifelines 0.30.3, KaplanMeierFitter().fit([1, 2, 3, 3, 5, 10, 10], [1, 1, 1, 0, 1, 0, 0]).confidence_interval_
    curve = solved(RAGGED)
    lower_survival = np.array([0.334054, 0.258154, 0.171866, 0.061231, 0.061231])
    upper_survival = np.array([0.978561, 0.919797, 0.837083, 0.716442, 0.716442])
    np.testing.assert_allclose(curve.high[1:], 1 - lower_survival, atol=1e-6)
    np.testing.assert_allclose(curve.low[1:], 1 - upper_survival, atol=1e-6)


def test_curve_with_one_budget_is_the_share_that_crossed():
    crossings = np.array([30.0, 10, INF, 10, INF])
    curve = solved(pairs(crossings, 50))
    np.testing.assert_allclose(curve.share, [0, 0.4, 0.6, 0.6], atol=1e-12)


def test_ends_without_log_log_are_those_of_clopper_and_pearson():
    exact = stats.binomtest(0, 8).proportion_ci(0.95, "exact").high
    none = solved(pairs(np.full(8, INF), 100))
    np.testing.assert_allclose(none, [[0, 100], [0, 0], [0, 0], [exact, exact]], atol=1e-12)
    everyone = solved(pairs(np.arange(1.0, 9.0), 100))
    assert (everyone.share[0], everyone.low[0]) == (0.0, 0.0)
    assert everyone.high[0] == pytest.approx(exact, abs=1e-12)
    assert (everyone.share[-1], everyone.high[-1]) == (1.0, 1.0)
    assert everyone.low[-1] == pytest.approx(1 - exact, abs=1e-12)


def test_median_is_the_first_step_at_a_half_or_is_not_reached():
    assert median(RAGGED).value == 5.0
    assert median(RAGGED).low == 1.0  # where the upper band, 0.67, passes a half
    assert median(RAGGED).high == INF
    assert median(pairs(np.array([4.0, INF, INF]), 9)).value == INF


def test_restricted_mean_with_one_budget_is_the_mean_of_what_was_spent():
    assert restricted_mean(pairs(np.array([10.0, 30, INF, INF]), 100)[np.newaxis], 100) == (10 + 30 + 100 + 100) / 4
    assert restricted_mean(pairs(np.array([10.0, 30, INF, INF]), 100)[np.newaxis], 20) == (10 + 20 + 20 + 20) / 4


def test_restricted_mean_of_ragged_runs_is_the_area_under_their_curve():
    curve = solved(RAGGED)
    by_hand = 1 + 6 / 7 + 5 / 7 + 2 * 4 / 7 + 5 * 8 / 21
    assert restricted_mean(RAGGED[np.newaxis], 10.0)[0] == pytest.approx(by_hand, abs=1e-12)
    grid = np.linspace(0, 10, 100_001)
    heights = 1 - curve.share[np.searchsorted(curve.steps, grid, side="right") - 1]
    assert restricted_mean(RAGGED[np.newaxis], 10.0)[0] == pytest.approx(integrate.trapezoid(heights, grid), abs=1e-3)


def test_tied_crossings_and_censorings_do_not_depend_on_the_order_of_runs():
    order = np.random.default_rng(0).permutation(7)
    runs = pairs(np.array([3.0, 3, INF, INF, 3, 8, INF]), np.array([9.0, 9, 3, 3, 9, 9, 9]))
    assert restricted_mean(runs[np.newaxis], 9.0) == pytest.approx(restricted_mean(runs[order][np.newaxis], 9.0))


def test_a_method_that_never_crosses_is_not_certain_to_need_the_horizon():
    never = pairs(np.full(5, INF), 100)
    fast = pairs(np.full(5, 10.0), 100)
    reach = 1 - open_end(5)  # of 5 runs none crossed: up to 52 % might, at once
    slow, quick = (resampled(np.random.default_rng(0), runs, 100, 50) for runs in (never, fast))
    assert restricted(slow) == (100.0, pytest.approx(100 * reach), 100.0)
    assert ratio(slow, quick) == (10.0, pytest.approx(10 * reach), 10.0)
    assert ratio(quick, slow) == (0.1, 0.1, pytest.approx(0.1 / reach))


def test_runs_watched_up_to_the_horizon_have_the_replicates_of_the_curve_to_rounding():
    runs = pairs(np.array([3.0, 3, 7, 12, INF, INF, 9]), np.array([10.0, 12, 10, 15, 10, 20, 11]))
    mean = resampled(np.random.default_rng(4), runs, 10.0, 500)
    curve = replicate(np.random.default_rng(4), runs, (7,), partial(restricted_mean, horizon=10.0), 500)
    np.testing.assert_allclose(mean.replicates, curve, rtol=1e-13)
    assert mean.value == pytest.approx((3 + 3 + 7 + 10 + 10 + 10 + 9) / 7)


SIMULATIONS = 800
ERROR = 3 * np.sqrt(0.95 * 0.05 / SIMULATIONS)  # 3 Monte Carlo standard errors: 0.023
NOMINAL = pytest.approx(0.95, abs=0.02 + ERROR)


def exponential(rng, runs, mean=1.0):
    """Runs [N, 2]: exponential crossings, a third of the budgets halved."""
    budgets = np.where(rng.random(runs) < 1 / 3, 1.0, 2.0)
    crossings = rng.exponential(mean, runs)
    return pairs(np.where(crossings <= budgets, crossings, INF), budgets)


def test_curve_of_thirty_ragged_runs_covers_its_95_percent_at_a_half():
    rng, covered = np.random.default_rng(1), 0
    for _ in range(SIMULATIONS):
        curve = solved(exponential(rng, 30))
        place = np.searchsorted(curve.steps, np.log(2), side="right") - 1
        covered += curve.low[place] <= 0.5 <= curve.high[place]
    assert covered / SIMULATIONS == NOMINAL


def test_restricted_mean_of_twenty_ragged_runs_covers_its_95_percent():
    rng, truth = np.random.default_rng(2), 1 - np.exp(-2.0)
    estimates = [restricted(resampled(rng, exponential(rng, 20), 2.0, 300)) for _ in range(SIMULATIONS)]
    assert np.mean([one.low <= truth <= one.high for one in estimates]) == NOMINAL


def test_ratio_of_restricted_means_of_ten_and_twenty_runs_covers_its_95_percent():
    rng, truth = np.random.default_rng(3), (1 - np.exp(-2.0)) / (2 * (1 - np.exp(-1.0)))
    draws = ((exponential(rng, 10), exponential(rng, 20, 2.0)) for _ in range(SIMULATIONS))
    estimates = [ratio(*(resampled(rng, runs, 2.0, 300) for runs in two)) for two in draws]
    assert np.mean([one.low <= truth <= one.high for one in estimates]) == NOMINAL
