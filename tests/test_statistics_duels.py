"""Duels: the choice is judged on other runs, equal sides are equal, a clear winner is seen, pairs stay together."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.statistics.duels import RESOLUTION, SURE, duel, estimate, halves, judged, probability, widened
from harness.statistics.scores import iqm
from harness.tables.comparisons import UNDETERMINED
from harness.tables.frontier import ahead

IQM = partial(iqm, axis=1)
MEAN = partial(np.mean, axis=1)
TABLES = arrays(float, (40, 3), elements=st.sampled_from([-1.0, -0.002, 0.0, 0.002, 1.0]))  # replicates


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


def chance(replicates, runs=10, resolution=0.0):
    return probability(replicates, widened(replicates, runs), resolution)


def test_probability_counts_ties_half():
    assert chance(np.array([[1.0], [0.0], [0.0], [-1.0]])).tolist() == [0.5]


@pytest.mark.parametrize("runs", [4, 10, 30])
def test_probability_is_the_share_of_widened_replicates_above_zero_where_they_are_normal(runs):
    replicates = 0.8 + np.random.default_rng(7).normal(size=(1000, 1))
    assert chance(replicates, runs) == (widened(replicates, runs) > 0).mean() < (replicates > 0).mean()


@pytest.mark.parametrize("runs", [4, 5, 10, 30])
@pytest.mark.parametrize(("level", "expected"), [(0.0, 0.5), (-1e-4, 0.5), (1e-4, 0.5), (-1.0, 0.0), (1.0, 1.0)])
def test_a_few_replicates_that_lag_turn_no_sign_however_few_the_runs(runs, level, expected):
    replicates = np.full((1000, 1), level)
    replicates[:15] += -0.5 if level <= 0 else 0.5  # widened, the other 985 go the other way, the small beyond 0
    assert chance(replicates, runs) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("short", [0.0, 1.2e-5, RESOLUTION])
def test_sides_at_the_same_ceiling_are_tied_though_runs_of_one_fall_short_within_the_resolution(short):
    first = np.ones((10, 1))
    first[:3] -= 0.99 * short
    found = duel(np.random.default_rng(6), [first], [np.ones((10, 1))] * 3, IQM, 1000, RESOLUTION)
    assert found.probability.tolist() == [0.5]
    assert ahead(found, 0) == UNDETERMINED
    assert found.difference.low <= found.difference.value <= found.difference.high


def test_differences_up_to_the_resolution_are_ties_and_those_beyond_are_not():
    replicates = np.array([[-RESOLUTION, -1.01 * RESOLUTION, RESOLUTION, 1.01 * RESOLUTION]])
    assert chance(replicates, resolution=RESOLUTION).tolist() == [0.5, 0.0, 0.5, 1.0]
    assert chance(replicates).tolist() == [0.0, 0.0, 1.0, 1.0]


@given(TABLES, st.integers(4, 30))
def test_probability_is_between_one_half_and_the_share_of_the_replicates_as_they_are(table, runs):
    found, share = chance(table, runs), (table > 0).mean(axis=0) + (table == 0).mean(axis=0) / 2
    assert ((np.minimum(share, 0.5) <= found + 1e-12) & (found - 1e-12 <= np.maximum(share, 0.5))).all()
    np.testing.assert_allclose(found + chance(-table, runs), 1.0, rtol=1e-12)  # the sides change places


@given(TABLES, st.integers(4, 30))
def test_an_interval_holds_its_estimate(table, runs):
    value, low, high = estimate(widened(table, runs))
    assert ((low <= value) & (value <= high)).all()


@pytest.mark.parametrize("sizes", [(1, 1), (12, 2)])
def test_equal_sides_are_left_undetermined_nine_times_in_ten_whatever_their_sizes(sizes):
    rng, decided, studies = np.random.default_rng(5), 0, 150
    for _ in range(studies):
        chance = duel(rng, methods(rng, sizes[0]), methods(rng, sizes[1]), IQM, 300).probability[0]
        decided += chance >= SURE or chance <= 1 - SURE
    assert decided / studies <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / studies)


def test_one_diverging_replicate_in_nine_moves_no_estimate():
    replicates = np.array([[0.017]] * 8 + [[50.0]])
    found = estimate(replicates)
    assert found.value == pytest.approx(0.017)
    assert found.low <= found.value <= found.high
