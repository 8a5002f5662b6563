"""Steps to a target: crossings, rates, expected running times and their distribution."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from harness.statistics.bootstrap import bootstrap
from harness.statistics.targets import ert, first_crossings, run_lengths, success_rate

STEPS = np.array([0, 10, 20, 30, 40, 50])


def crossing(values, target, **options):
    return first_crossings(STEPS[: len(values)], np.array(values, float), np.array([target]), **options)[0]


def test_crossing_is_the_first_of_two_consecutive_evaluations():
    assert crossing([0, 5, 5, 0, 9, 9], 5.0) == 10


def test_one_lucky_evaluation_is_no_crossing():
    assert crossing([0, 9, 0, 0, 7, 8], 5.0) == 40


def test_last_evaluation_alone_confirms_nothing():
    assert crossing([0, 0, 0, 0, 0, 9], 5.0) == np.inf
    assert crossing([9], 5.0) == np.inf


def test_window_of_one_and_of_three():
    assert crossing([0, 9, 0, 9, 9, 9], 5.0, window=1) == 10
    assert crossing([0, 9, 9, 0, 9, 9], 5.0, window=3) == np.inf


def test_higher_targets_are_never_crossed_earlier():
    values = np.random.default_rng(0).normal(size=200).cumsum()
    crossings = first_crossings(np.arange(200), values, np.linspace(-5, 40, 30))
    assert (crossings[1:] >= crossings[:-1]).all()
    assert 0 < np.isfinite(crossings).sum() < 30


def test_no_evaluation_crosses_no_target():
    assert crossing([], 5.0) == np.inf


def test_ert_of_coco_is_all_steps_over_successes():
    crossings = np.array([100.0, 300.0, np.inf, np.inf])
    assert ert(crossings, 1000) == (100 + 300 + 1000 + 1000) / 2


def test_ert_without_success_is_infinite_and_with_full_success_the_mean():
    assert ert(np.full(5, np.inf), 1000) == np.inf
    assert ert(np.array([10.0, 30.0]), 1000) == 20.0


def test_ert_is_the_mean_over_restarts_until_success():
    # The definition behind the formula: draw runs until one succeeds, add up their steps.
    crossings, budget = np.array([200.0, 500.0, 800.0, np.inf, np.inf]), 1000
    rng, restarts = np.random.default_rng(3), 20_000
    failures = rng.geometric(3 / 5, restarts) - 1
    totals = failures * budget + rng.choice(crossings[:3], restarts)
    error = totals.std() / np.sqrt(restarts)
    assert ert(crossings, budget) == pytest.approx(totals.mean(), abs=4 * error)


def test_ert_interval_covers_its_95_percent():
    # Success with probability 0.7 after a uniform number of steps: ERT = (0.7 * 500 + 0.3 * 1000) / 0.7.
    simulations, runs = 1200, 20
    rng = np.random.default_rng(6)
    crossings = np.where(rng.random((simulations, runs)) < 0.7, rng.uniform(0, 1000, (simulations, runs)), np.inf)
    running = partial(ert, budget=1000, axis=1)
    estimates = [bootstrap(rng, sample, (runs,), running, 400) for sample in crossings]
    truth = (0.7 * 500 + 0.3 * 1000) / 0.7
    coverage = np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])
    error = 3 * np.sqrt(0.95 * 0.05 / simulations)  # 0.019
    assert coverage == pytest.approx(0.95, abs=0.02 + error)


def test_ert_interval_is_open_above_when_resamples_fail_altogether():
    crossings = np.array([100.0, *[np.inf] * 9])
    estimate = bootstrap(np.random.default_rng(0), crossings, (10,), partial(ert, budget=1000, axis=1), 500)
    assert estimate.value == 9100.0
    assert estimate.low < 9100.0
    assert estimate.high == np.inf


def test_success_rate_of_none_in_ten_reaches_up_to_31_percent():
    rate = success_rate(0, 10)
    assert rate[:2] == (0.0, 0.0)
    assert rate.high == pytest.approx(1 - 0.025 ** (1 / 10), abs=1e-12)


@pytest.mark.parametrize(("successes", "runs"), [(0, 1), (1, 1), (3, 10), (9, 10), (10, 10), (17, 60)])
def test_success_rate_is_the_exact_interval_of_scipy(successes, runs):
    expected = stats.binomtest(successes, runs).proportion_ci(0.95, "exact")
    np.testing.assert_allclose(success_rate(successes, runs), (successes / runs, *expected), atol=1e-12)


def test_success_rate_covers_at_least_95_percent_whatever_the_rate():
    runs, rates = 10, np.linspace(0.01, 0.99, 99)  # exact, no simulation
    intervals = np.array([success_rate(k, runs)[1:] for k in range(runs + 1)])  # [11, 2]
    inside = (intervals[:, :1] <= rates) & (rates <= intervals[:, 1:])  # [11, 99]
    chances = stats.binom.pmf(np.arange(runs + 1)[:, np.newaxis], runs, rates)  # [11, 99]
    assert (chances * inside).sum(axis=0).min() >= 0.95


def test_run_lengths_climb_by_runs_and_stop_at_the_budget():
    steps, shares = run_lengths(np.array([300.0, 100.0, np.inf, 300.0]), 1000)
    np.testing.assert_array_equal(steps, [0, 100, 300, 1000])
    np.testing.assert_array_equal(shares, [0, 0.25, 0.75, 0.75])


def test_run_lengths_without_success_stay_at_zero():
    steps, shares = run_lengths(np.array([np.inf, np.inf]), 50)
    np.testing.assert_array_equal(steps, [0, 50])
    np.testing.assert_array_equal(shares, [0, 0])
