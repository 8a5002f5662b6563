"""Contests of families: chosen on other runs than judged, one exact test without a choice, equals not told apart."""

from functools import partial

import numpy as np
import pytest

from harness.statistics.comparisons import paired_p, unpaired_p
from harness.statistics.contests import SPLITS, contest, halves, judged
from harness.statistics.scores import iqm

MEAN, IQM = partial(np.mean, axis=1), partial(iqm, axis=1)


def test_a_run_is_judged_by_the_choice_of_the_other_half_by_hand():
    # Split {0, 2} | {1, 3}. On 0 and 2 the second method is best (5, 5 against 1, 3), on 1 and 3 the first (8, 9
    # against 0, 1): runs 1 and 3 are those of the second, runs 0 and 2 those of the first.
    methods = [np.array([1.0, 8, 3, 9]), np.array([5.0, 0, 5, 1])]
    split = {4: (np.array([[0, 2]]), np.array([[1, 3]]))}
    assert [values.tolist() for values in judged(methods, split, MEAN)] == [[1.0, 0.0, 3.0, 1.0]]


def test_of_methods_that_tie_the_first_is_judged():
    methods = [np.zeros(6), np.zeros(6)]
    assert all((values == 0).all() for values in judged(methods, {6: halves(np.random.default_rng(0), 6)}, MEAN))


def test_without_a_choice_it_is_one_exact_test():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=8), rng.normal(1.0, size=8)
    found = contest(rng, [first], [second], MEAN, paired=True)
    assert found.p == paired_p(first, second)
    assert contest(rng, [first], [second[:5]], MEAN, paired=False).p == unpaired_p(first, second[:5])


def test_eight_seeds_that_all_say_the_same_give_two_to_the_minus_seven_and_with_a_choice_twice_that():
    ahead, behind = np.arange(8.0) + 100, np.arange(8.0)
    assert contest(np.random.default_rng(0), [ahead], [behind], MEAN, paired=True) == (1.0, 2.0**-7)
    assert contest(np.random.default_rng(0), [ahead], [behind, behind - 50], MEAN, paired=True) == (1.0, 2.0**-6)


def test_the_second_side_ahead_has_probability_zero():
    found = contest(np.random.default_rng(0), [np.arange(8.0)], [np.arange(8.0) + 9], MEAN, paired=True)
    assert found == (0.0, 2.0**-7)


def test_three_of_ten_that_solve_it_against_none_is_the_sign_test_of_three():
    # Steps until solved, negative; the other seven pairs are tied: 2 · 2^-3.
    some = np.where(np.arange(10) < 3, -500.0, -1000.0)
    assert contest(np.random.default_rng(0), [some], [np.full(10, -1000.0)], MEAN, paired=True).p == 0.25


def test_three_runs_decide_nothing():
    found = contest(np.random.default_rng(0), [np.ones(3)], [np.zeros(9)], MEAN, paired=False)
    assert np.isnan(found).all()


def test_halves_share_no_run():
    near, far = halves(np.random.default_rng(0), 7)
    assert (near.shape, far.shape) == ((SPLITS, 3), (SPLITS, 4))
    assert (np.sort(np.concatenate((near, far), axis=1), axis=1) == np.arange(7)).all()


@pytest.mark.parametrize(("counts", "paired"), [((12, 2), True), ((6, 6), True), ((6, 2), False)])
def test_families_of_equal_methods_are_told_apart_in_at_most_5_of_100_studies(counts, paired):
    rng, studies = np.random.default_rng(1), 150
    decided = 0
    for _ in range(studies):
        first, second = ([rng.normal(size=10) for _ in range(count)] for count in counts)
        decided += contest(rng, first, second, IQM, paired=paired).p <= 0.05
    assert decided / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)


def test_a_family_whose_best_method_is_two_deviations_ahead_is_seen():
    rng = np.random.default_rng(2)
    first = [*(rng.normal(size=20) for _ in range(5)), rng.normal(2.0, size=20)]
    found = contest(rng, first, [rng.normal(size=20) for _ in range(3)], IQM, paired=True)
    assert found.p < 0.01
    assert found.probability > 0.8
