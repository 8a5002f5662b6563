"""Step functions by hand."""

import numpy as np
import pytest

from harness.statistics.curves import area, at

STEPS = np.array([10, 40, 100])
VALUES = np.array([1.0, 3.0, 2.0])


def test_last_evaluation_is_carried_forward_and_never_interpolated():
    grid = np.array([0, 9, 10, 39, 40, 99, 100, 1000])
    np.testing.assert_array_equal(at(STEPS, VALUES, grid, -5.0), [-5, -5, 1, 1, 3, 3, 2, 2])


def test_of_two_evaluations_at_one_step_the_later_counts():
    assert at(np.array([0, 0]), np.array([7.0, 8.0]), np.array([0]), -5.0) == [8.0]


def test_run_without_evaluations_stays_where_it_was_before():
    np.testing.assert_array_equal(at(np.array([], int), np.array([]), np.array([0, 50]), -5.0), [-5, -5])
    assert area(np.array([], int), np.array([]), 50, -5.0) == -5.0


def test_area_is_the_mean_height_of_the_steps_before_the_budget():
    assert area(STEPS, VALUES, 80, 0.0) == pytest.approx((10 * 0 + 30 * 1 + 40 * 3) / 80)


def test_area_is_the_sum_over_every_single_step():
    rng = np.random.default_rng(0)
    steps, values = np.sort(rng.integers(0, 500, 20)), rng.normal(size=20)
    assert area(steps, values, 400, -1.0) == pytest.approx(at(steps, values, np.arange(400), -1.0).mean(), abs=1e-12)
