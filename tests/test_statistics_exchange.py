"""The exchange rate: step functions by hand, censoring on either side, and coverage."""

import numpy as np
import pytest

from harness.statistics.exchange import Curves, exchange_rate, reach, times

STEPS = np.array([0.0, 10, 20, 40])


def rate(generic, structured, targets, seed=0, resamples=50):
    rng = np.random.default_rng(seed)
    return exchange_rate(*(times(rng, one, np.asarray(targets, float), resamples) for one in (generic, structured)))


def same(values, steps=STEPS, runs=6):
    """A method all of whose runs are this curve."""
    return Curves(steps, np.tile(np.asarray(values, float), (runs, 1)))


def test_reached_at_the_first_step_that_is_high_enough():
    curves = np.array([[0.0, 3, 1, 5]])
    np.testing.assert_array_equal(reach(curves, STEPS, np.array([-1.0, 2, 3, 4, 5, 6])), [[0, 10, 10, 40, 40, np.inf]])


def test_rate_is_the_ratio_of_steps_at_the_same_score():
    found = rate(same([0, 1, 2, 3]), same([0, 2, 3, 3]), [1, 2, 3])
    np.testing.assert_array_equal(found.estimate.value, [1.0, 2.0, 2.0])
    assert not (found.at_least.any() or found.at_most.any())


def test_generic_policy_that_never_gets_there_gives_a_lower_bound():
    found = rate(same([0, 1, 1, 1]), same([0, 2, 3, 3]), [2])
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (4.0, 4.0, np.inf)  # at least 40 / 10
    assert (found.at_least, found.at_most) == (True, False)


def test_structured_policy_that_never_gets_there_gives_an_upper_bound():
    found = rate(same([0, 1, 2, 3]), same([0, 1, 1, 1], np.array([0.0, 10, 20, 80])), [2])
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (0.25, 0.0, 0.25)  # at most 20 / 80
    assert (found.at_least, found.at_most) == (False, True)


def test_where_neither_gets_there_the_data_say_nothing():
    found = rate(same([0, 1, 1, 1]), same([0, 1, 1, 1]), [2])
    assert np.isnan(found.estimate.value)
    assert (found.estimate.low, found.estimate.high) == (0.0, np.inf)
    assert not (found.at_least or found.at_most)


def test_a_structured_policy_that_needs_no_data_is_infinitely_cheaper():
    assert rate(same([0, 1, 2, 3]), same([2, 2, 2, 2]), [2]).estimate.value == np.inf
    both = rate(same([2, 2, 2, 2]), same([2, 2, 2, 2]), [2]).estimate
    assert (both.low, both.high) == (0.0, np.inf)


def test_a_run_that_ended_is_not_cut_and_not_filled_in():
    values = np.array([[0.0, 1, 1, 1], [0, 1, np.nan, np.nan], [0, 1, 3, 3]])
    method = times(np.random.default_rng(0), Curves(STEPS, values), np.array([2.0]), 20)
    assert method.value == 20  # (1 + 3) / 2 over the two runs that are left


def test_exchange_rate_covers_its_95_percent_with_unequal_numbers_of_runs():
    # Scores rise as t / pace, paces are lognormal: the IQM curve of the law is t E[1 / pace | middle half].
    studies, rng, covered, steps = 300, np.random.default_rng(1), 0, np.arange(0.0, 301.0, 5.0)
    for _ in range(studies):
        paces = [pace * rng.lognormal(0, 0.4, (runs, 1)) for pace, runs in ((60, 12), (20, 20))]
        generic, structured = (times(rng, Curves(steps, steps / pace), np.array([2.0]), 200) for pace in paces)
        found = exchange_rate(generic, structured).estimate
        covered += found.low <= 3.0 <= found.high
    assert covered / studies == pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / studies))  # 0.038
