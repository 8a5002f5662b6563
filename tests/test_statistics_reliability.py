"""Dispersion and risk of Chan et al. by hand, against NumPy, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from harness.statistics.bootstrap import bootstrap
from harness.statistics.reliability import across_runs, within_run, worst_drawdown, worst_steps

NAN = np.nan


def test_dispersion_across_runs_is_the_mean_interquartile_range():
    table = np.array([[0.0, 0], [1, 10], [2, 20], [3, 30], [4, 40]])
    assert across_runs(table[np.newaxis]) == (2 + 20) / 2
    assert across_runs(np.ones((1, 5, 7))) == 0.0


def test_runs_that_ended_leave_the_dispersion_to_the_others():
    table = np.array([[0.0, 0], [1, 10], [2, 20], [3, NAN], [4, NAN]])
    assert across_runs(table[np.newaxis]) == (2 + 10) / 2


def test_a_straight_climb_has_no_dispersion_and_no_risk():
    climb = 3.0 * np.arange(50)
    assert within_run(climb) == 0.0
    assert worst_steps(climb) == 3.0
    assert worst_drawdown(climb) == 0.0


def test_dispersion_within_a_run_is_that_of_its_differences_in_each_window():
    values = np.random.default_rng(0).normal(size=40).cumsum()
    steps = np.diff(values)
    expected = np.mean([stats.iqr(steps[k : k + 25]) for k in range(len(steps) - 24)])
    assert within_run(values) == pytest.approx(expected, abs=1e-12)
    assert within_run(values[:10]) == pytest.approx(stats.iqr(steps[:9]), abs=1e-12)


def test_worst_quarter_of_steps_and_drawdowns_by_hand():
    values = np.array([0.0, 4, 1, 5, 5, 7, 3, 8])
    # Steps 4, -3, 4, 0, 2, -4, 5: a quarter of 7 is 1.75; drawdowns -3 and -4 of 8: a quarter is 2.
    assert worst_steps(values) == pytest.approx((-4 - 0.75 * 3) / 1.75, abs=1e-12)
    assert worst_drawdown(values) == (-4 - 3) / 2


def test_too_few_evaluations_say_nothing():
    assert np.isnan([within_run(np.ones(2)), worst_steps(np.ones(1)), worst_drawdown(np.array([]))]).all()


def test_dispersion_within_runs_of_noise_is_that_of_a_difference_of_normals():
    values = np.random.default_rng(1).normal(size=4000)
    law = np.sqrt(2) * 2 * stats.norm.ppf(0.75)
    assert within_run(values, 2000) == pytest.approx(law, rel=0.06)


def test_interval_of_mean_dispersion_within_runs_covers_its_95_percent():
    # One number a run, averaged over 10 runs: the truth is the mean over many runs.
    rng, studies = np.random.default_rng(2), 800
    many = np.array([within_run(values) for values in rng.normal(size=(4000, 30))])
    samples = rng.choice(many, (studies, 10))
    estimates = [bootstrap(rng, one, (10,), lambda tables: tables.mean(axis=1), 300) for one in samples]
    covered = np.mean([one.low <= many.mean() <= one.high for one in estimates])
    assert covered == pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / studies))  # 0.023
