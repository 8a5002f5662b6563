"""Performance profiles, data profiles and simulated restarts."""

import numpy as np
import pytest
from scipy import stats

from harness.statistics.profiles import data_profile, performance_profile, reached, restarted, run_lengths
from harness.statistics.survival import pairs
from harness.statistics.targets import ert

INF = np.inf


def rng(seed=0):
    return np.random.default_rng(seed)


def test_profile_is_the_share_of_runs_above_each_threshold():
    scores = np.array([0.1, 0.5, 0.5, 0.9])
    profile = performance_profile(rng(), scores, (4,), np.array([0.0, 0.1, 0.5, 0.9]), 50)
    np.testing.assert_allclose(profile.value, [1.0, 0.75, 0.25, 0.0], atol=1e-12)


def test_environments_count_alike_however_many_runs_are_missing():
    scores = np.array([1.0, *[0.0] * 9])  # one environment with 1 run, solved, and one with 9, not
    assert performance_profile(rng(), scores, (1, 9), np.array([0.5]), 50).value == 0.5


def test_profile_of_equal_sizes_is_that_of_the_pooled_scores():
    scores, thresholds = rng(3).random(24), np.linspace(0, 1, 9)
    expected = (scores[:, np.newaxis] > thresholds).mean(axis=0)  # the definition of Agarwal et al.
    np.testing.assert_allclose(performance_profile(rng(), scores, (8,) * 3, thresholds, 9).value, expected, atol=1e-12)


def test_area_under_a_profile_is_the_mean_score():
    scores, thresholds = rng(4).random(20), (np.arange(10_000) + 0.5) / 10_000
    profile = performance_profile(rng(), scores, (20,), thresholds, 2)
    assert profile.value.mean() == pytest.approx(scores.mean(), abs=1e-4)


def test_data_profile_of_more_and_wild_by_hand():
    # d = 1 and d = 4: costs are episodes / 2 and episodes / 5.
    episodes = np.array([[2.0, 10.0], [10.0, INF]])
    profile = data_profile(rng(), episodes, np.array([1.0, 4.0]), (2,), np.array([0.9, 1.0, 2.0, 5.0, 1e9]), 20)
    np.testing.assert_allclose(profile.value, [0, 0.25, 0.5, 0.75, 0.75], atol=1e-12)


def test_a_target_that_an_environment_does_not_have_counts_neither_way():
    costs = np.array([[1.0, np.nan], [3.0, np.nan], [1.0, INF], [1.0, 1.0]])  # [4, 2]
    share = reached(costs, (2, 2), np.array([2.0]))
    drawn = np.array([[1.0, 1, 1, 1], [2, 0, 0, 2]])  # the runs themselves, and a resample
    np.testing.assert_array_equal(share(drawn)[:, 0], [(1 / 2 + 3 / 4) / 2, (1 + 1) / 2])


def test_width_of_a_profile_band_over_alike_environments_is_that_of_kolmogorov_and_smirnov():
    runs = 400
    band = performance_profile(rng(5), rng(6).normal(size=runs), (runs // 2,) * 2, np.linspace(-4, 4, 400), 4000)
    width = (band.value - band.low).max()
    assert width == pytest.approx(stats.kstwo.ppf(0.95, runs), rel=0.05)


def test_unsolved_share_with_restarts_falls_by_the_same_factor_each_budget():
    # One budget B: P(L > k B + r) = P(not crossed)^k P(T > r). Here 2/5 do not cross.
    budget, samples = 100.0, 40_000
    runs = pairs(np.array([20.0, 60, 90, INF, INF]), budget)
    lengths = restarted(rng(1), runs, samples)
    for steps, law in ((10, 1.0), (60, 3 / 5), (100, 2 / 5), (120, 2 / 5 * 4 / 5), (290, 4 / 25 * 2 / 5)):
        assert (lengths > steps).mean() == pytest.approx(law, abs=4 * np.sqrt(law * (1 - law) / samples) + 1e-12)


def test_mean_with_restarts_is_the_ert_on_ragged_budgets_too():
    runs = pairs(np.array([20.0, 60, INF, INF]), np.array([100.0, 100, 100, 40]))
    lengths = restarted(rng(2), runs, 40_000)
    assert lengths.mean() == pytest.approx(ert(runs[:, 0], runs[:, 1]), abs=4 * lengths.std() / 200)


def test_restarts_never_help_a_method_that_never_crosses():
    assert np.isinf(restarted(rng(), pairs(np.full(3, INF), 10), 5)).all()


def test_run_lengths_have_their_cross_where_the_data_end():
    solved, half = pairs(np.array([10.0, 30.0]), 50), pairs(np.array([20.0, INF]), 50)
    never = pairs(np.full(3, INF), 80)
    curve = run_lengths(rng(3), (solved, half, never), 4000)
    assert curve.cross_steps == 80.0
    # To 80: all of the first; of the second 1/2 at 20 and 1/4 at 70; none of the third.
    assert curve.cross_share == pytest.approx((1 + 3 / 4) / 3, abs=0.01)
    assert curve.shares[-1] == pytest.approx(2 / 3, abs=1e-12)
    assert (np.diff(curve.shares) > 0).all()


def test_profile_band_holds_everywhere_in_95_of_100_studies_with_missing_runs():
    studies, sizes, thresholds = 600, (4, 7, 10), np.linspace(-3, 4, 40)
    centres, draws = np.array([0.0, 0.5, 1.0]), rng(7)
    truth = stats.norm.sf(thresholds[:, np.newaxis] - centres).mean(axis=1)
    covered = 0
    for _ in range(studies):
        band = performance_profile(draws, draws.normal(np.repeat(centres, sizes)), sizes, thresholds, 200)
        covered += np.all((band.low <= truth) & (truth <= band.high))
    assert covered / studies >= 0.95 - 0.02 - 3 * np.sqrt(0.95 * 0.05 / studies)  # 3 Monte Carlo errors: 0.027
