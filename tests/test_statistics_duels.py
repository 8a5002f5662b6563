"""Duels: the choice is judged on other runs, equal sides are equal, a clear winner is seen, pairs stay together."""

from functools import partial

import numpy as np
import pytest

from harness.statistics.duels import SURE, duel, halves, judged, verdict, widened
from harness.statistics.scores import iqm

IQM = partial(iqm, axis=1)
MEAN = partial(np.mean, axis=1)


def methods(rng, count, runs=10, level=0.0):
    return [level + rng.normal(size=(runs, 1)) for _ in range(count)]


def test_halves_share_no_run_and_have_all_places_to_draw_from():
    near, far = halves(np.random.default_rng(0), 7, 400)
    assert (near.shape, far.shape) == ((400, 3), (400, 4))
    assert all(not set(one) & set(other) for one, other in zip(near, far, strict=True))
    assert set(near.ravel()) == set(far.ravel()) == set(range(7))


def test_a_method_is_scored_on_the_half_that_did_not_choose_it_by_hand():
    # On the first two runs A is best (9 against 1), on the last two B (8 against 2): each is judged where it is worse.
    first, second = np.array([[9.0], [9], [2], [2]]), np.array([[1.0], [1], [8], [8]])
    split = {4: (np.array([[0, 1]]), np.array([[2, 3]]))}
    side = judged([first, second], split, MEAN)
    assert side.scores.tolist() == [[(2.0 + 1.0) / 2]]
    assert side.chosen.tolist() == [[1], [1]]


def test_of_methods_that_tie_the_first_is_chosen():
    side = judged([np.ones((4, 1)), np.ones((4, 1))], {4: halves(np.random.default_rng(0), 4, 50)}, MEAN)
    assert side.chosen.tolist() == [[100], [0]]


def test_equal_runs_are_no_lead_for_either_side():
    found = duel(np.random.default_rng(0), [np.ones((6, 2))], [np.ones((6, 2))] * 3, IQM, 200)
    assert found.probability.tolist() == [0.5, 0.5]
    assert found.difference.value.tolist() == [0.0, 0.0]


def test_a_side_that_is_far_better_is_ahead_by_the_distance():
    rng = np.random.default_rng(1)
    found = duel(rng, methods(rng, 2, level=10.0), methods(rng, 5), IQM, 500)
    assert found.probability[0] == 1.0
    assert found.difference.low[0] < 10.0 < found.difference.high[0]


def test_the_favourite_is_the_method_that_is_best():
    rng = np.random.default_rng(2)
    sides = [*methods(rng, 2), *methods(rng, 1, level=5.0)], methods(rng, 1)
    assert duel(rng, *sides, IQM, 200).favourites[0].tolist() == [2]


def test_seeds_that_are_alike_on_both_sides_are_compared_pairwise():
    luck = 100 * np.random.default_rng(3).normal(size=(10, 1))
    assert duel(np.random.default_rng(4), [luck + 0.1], [luck], MEAN, 200).probability[0] == 1.0


def test_three_runs_decide_nothing():
    found = duel(np.random.default_rng(0), [np.ones((3, 1))], [np.zeros((9, 1))], IQM, 50)
    assert np.isnan([found.probability[0], found.difference.low[0], found.difference.high[0]]).all()


def test_deviations_of_four_runs_are_widened_by_t_and_by_the_size_of_half_of_them():
    wide = widened(np.array([[0.0], [2.0]]), 4)
    reach = 3.182446305284263 / 1.959963984540054 * np.sqrt(2)  # t of 3 degrees of freedom over a normal, 2 runs
    np.testing.assert_allclose(wide[:, 0], [1 - reach, 1 + reach], rtol=1e-12)


def test_probability_counts_ties_half():
    _, probability = verdict(np.array([[1.0], [0.0], [0.0], [-1.0]]))
    assert probability.tolist() == [0.5]


@pytest.mark.parametrize("sizes", [(1, 1), (12, 2)])
def test_equal_sides_are_left_undetermined_nine_times_in_ten_whatever_their_sizes(sizes):
    rng, decided, studies = np.random.default_rng(5), 0, 150
    for _ in range(studies):
        chance = duel(rng, methods(rng, sizes[0]), methods(rng, sizes[1]), IQM, 300).probability[0]
        decided += chance >= SURE or chance <= 1 - SURE
    assert decided / studies <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / studies)
