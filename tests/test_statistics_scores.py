"""Summaries of scores against numbers worked out by hand and SciPy."""

import numpy as np
import pytest
from scipy import stats

from harness.statistics.scores import cvar, iqm, normalised


def test_iqm_of_eight_runs_is_the_mean_of_the_middle_four():
    assert iqm(np.array([100.0, 1, 2, 3, 4, 5, 6, -50])) == (2 + 3 + 4 + 5) / 4


def test_iqm_of_ten_runs_drops_two_at_each_end():
    assert iqm(np.arange(10.0)[::-1]) == pytest.approx(np.mean([2, 3, 4, 5, 6, 7]), abs=1e-12)


@pytest.mark.parametrize("runs", range(1, 30))
def test_iqm_equals_the_trimmed_mean_of_scipy_and_so_of_rliable(runs):
    values = np.random.default_rng(runs).normal(size=(3, runs, 4)) * 1e3
    expected = stats.trim_mean(values, 0.25, axis=1)
    np.testing.assert_allclose(iqm(values, axis=1), expected, rtol=1e-12, atol=1e-12)


def test_cvar_of_ten_runs_counts_half_of_the_third_worst():
    assert cvar(np.array([9.0, 8, 7, 6, 5, 4, 3, 10, 1, -2])) == pytest.approx((-2 + 1 + 0.5 * 3) / 2.5, abs=1e-12)


@pytest.mark.parametrize("runs", [1, 3, 4, 7, 20])
def test_cvar_is_the_maximum_of_rockafellar_and_uryasev(runs):
    values = np.random.default_rng(runs).normal(size=runs)
    # The function v - E(v - X)+ / share is piecewise linear with corners at the data, so its maximum is at one of them.
    corners = [v - np.maximum(v - values, 0).mean() / 0.25 for v in values]
    assert cvar(values) == pytest.approx(max(corners), abs=1e-12)


def test_cvar_of_everything_is_the_mean():
    values = np.random.default_rng(1).normal(size=11)
    assert cvar(values, share=1.0) == pytest.approx(values.mean(), abs=1e-12)


def test_normalised_score_is_zero_at_random_and_one_at_the_reference():
    np.testing.assert_allclose(normalised(np.array([-1200.0, -150.0, -675.0]), -1200.0, -150.0), [0.0, 1.0, 0.5])
