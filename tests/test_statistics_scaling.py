"""Censored regression on log d: known exponents, least squares, a second maximiser, and coverage."""

import numpy as np
import pytest
from scipy import optimize, stats

from harness.statistics.scaling import Line, crossover, design, exponents, interaction, line
from harness.statistics.tobit import determined, fit

LOG_D = np.log([2.0, 4, 8, 16, 32, 64])


def simulate(rng, slope, runs=5, share=0.0, intercept=1.0):
    """Design, log times, whether they crossed, sizes; about that share lies beyond the budget."""
    x = np.repeat(LOG_D, runs)
    y = intercept + slope * x + 0.6 * rng.normal(size=len(x))
    budget = np.quantile(y, 1 - share)
    return design(x), np.minimum(y, budget), y <= budget, (runs,) * len(LOG_D)


def once(rows, times, crossed):
    return fit(rows, times, crossed, np.ones((1, len(times))))[0]


def test_line_through_known_points_has_their_exponent():
    # Residuals +s and -s at each of three d: least squares is exact, and σ is s.
    x = np.repeat(np.log([2.0, 8.0, 32.0]), 2)
    times = 0.5 + 1.25 * x + 0.1 * np.array([1, -1, 1, -1, 1, -1])
    np.testing.assert_allclose(once(design(x), times, np.ones(6, bool)), [0.5, 1.25, np.log(0.1)], atol=1e-8)


def test_without_censoring_it_is_least_squares_with_the_variance_of_n():
    rng = np.random.default_rng(0)
    rows = design(rng.normal(size=40), rng.normal(size=40))
    times = rows @ [1.0, -2.0, 0.5] + rng.normal(size=40)
    beta, residual, *_ = np.linalg.lstsq(rows, times)
    expected = [*beta, 0.5 * np.log(residual[0] / 40)]
    np.testing.assert_allclose(once(rows, times, np.ones(40, bool)), expected, atol=1e-8)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_it_is_the_maximum_that_scipy_finds_of_the_textbook_likelihood(share):
    rows, times, crossed, _ = simulate(np.random.default_rng(1), 1.0, runs=8, share=share)

    def loss(point):
        centre, sigma = rows @ point[:-1], np.exp(point[-1])
        parts = np.where(crossed, stats.norm.logpdf(times, centre, sigma), stats.norm.logsf(times, centre, sigma))
        return -parts.sum()

    found = once(rows, times, crossed)
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    best = optimize.minimize(loss, [0.0, 0.5, 0.0], method="Nelder-Mead", options=options)
    np.testing.assert_allclose(found, best.x, atol=1e-5)
    assert loss(found) <= best.fun + 1e-9


def test_weights_are_repeated_runs():
    rng = np.random.default_rng(2)
    rows, times, crossed, _ = simulate(rng, 1.0, share=0.4)
    weights = rng.integers(0, 4, size=(3, len(times))).astype(float)
    together = fit(rows, times, crossed, weights)
    for one, count in zip(together, weights.astype(int), strict=True):
        repeated = (np.repeat(array, count, axis=0) for array in (rows, times, crossed))
        np.testing.assert_allclose(one, once(*repeated), atol=1e-7)


def test_a_fit_does_not_depend_on_the_other_weightings():
    rows, times, crossed, _ = simulate(np.random.default_rng(3), 1.0, share=0.4)
    weights = np.random.default_rng(4).multinomial(30, np.full(30, 1 / 30), size=6).astype(float)
    alone = fit(rows, times, crossed, weights[2:3])
    np.testing.assert_allclose(fit(rows, times, crossed, weights)[2:3], alone, atol=1e-7)


def test_known_exponents_of_dimension_and_horizon_come_back_from_half_censored_data():
    rng, runs = np.random.default_rng(5), 4000
    log_d, log_h = rng.uniform(0, 5, runs), rng.uniform(0, 4, runs)
    y = 2 + 1.0 * log_d + 0.5 * log_h + 0.7 * rng.normal(size=runs)
    budget = np.median(y)
    found = once(design(log_d, log_h), np.minimum(y, budget), y <= budget)
    np.testing.assert_allclose(found, [2, 1, 0.5, np.log(0.7)], atol=0.1)  # 3 standard errors or more
    naive = np.linalg.lstsq(design(log_d, log_h)[y <= budget], y[y <= budget])[0]
    assert naive[1] < 0.8  # least squares on the runs that crossed: hard problems look easy


def test_what_the_data_do_not_determine_is_not_a_number():
    rows = design(np.repeat([1.0, 2.0], 3))
    times = np.array([1.0, 2, 3, 4, 4, 4])
    crossed = np.array([True, True, True, False, False, False])  # nothing crossed at the larger d
    assert np.isnan(once(rows, times, crossed)).all()
    assert np.isnan(once(rows, np.array([1.0, 1, 1, 2, 2, 2]), np.ones(6, bool))).all()  # no noise: σ = 0
    joined = np.column_stack((rows, -times))
    weights = np.array([[1.0] * 6, [1.0] * 3 + [0.0] * 3])
    np.testing.assert_array_equal(determined(joined, np.ones(6, bool), weights), [True, False])


def test_undetermined_replicates_open_both_ends():
    replicates = np.array([[1.0, 0.0]] * 90 + [[np.nan, np.nan]] * 10)
    found = exponents(Line(np.array([1.0, 0.0]), replicates, (1000,)))
    assert (found.low[0], found.high[0]) == (-np.inf, np.inf)


def certain(slope, intercept, wobble):
    """A fit whose replicates are the line moved up and down by `wobble`."""
    value = np.array([intercept, slope, 0.0])
    return Line(value, value + np.linspace(-wobble, wobble, 1001)[:, np.newaxis] * [1.0, 0.0, 0.0], (1000,))


RANGE = np.linspace(0.0, 5.0, 501)


def test_lines_cross_where_their_difference_is_zero():
    # 1 + x against 3 + x / 2: x = 4. The first moves by up to ±0.095 (95 %), so by ±0.19 along x.
    found = crossover(certain(1.0, 1.0, 0.1), certain(0.5, 3.0, 0.0), design(RANGE), np.exp(RANGE))
    assert np.log(found.value) == pytest.approx(4.0, abs=1e-6)
    assert np.log([found.low, found.high]) == pytest.approx([3.81, 4.19], abs=0.011)
    assert (found.ahead[0], found.ahead[400], found.ahead[-1]) == (-1, 0, 1)


def test_no_crossing_in_range_and_a_band_that_leaves_it():
    above = crossover(certain(1.0, 9.0, 0.1), certain(1.0, 1.0, 0.1), design(RANGE), np.exp(RANGE))
    assert np.isnan([above.value, above.low, above.high]).all()
    assert (above.ahead == 1).all()
    at_the_end = crossover(certain(1.0, 0.0, 0.4), certain(0.0, 5.1, 0.0), design(RANGE), np.exp(RANGE))
    assert np.isnan(at_the_end.value)
    assert at_the_end.high == np.inf  # the lines may cross at the end of the range, or beyond
    assert np.log(at_the_end.low) == pytest.approx(4.72, abs=0.011)


STUDIES = 300
NOMINAL = pytest.approx(0.95, abs=0.02 + 3 * np.sqrt(0.95 * 0.05 / STUDIES))  # 3 Monte Carlo errors: 0.038


def test_exponent_and_interaction_cover_their_95_percent_with_a_third_censored():
    rng, covered = np.random.default_rng(6), np.zeros(2)
    for _ in range(STUDIES):
        steep = line(rng, *simulate(rng, 1.0, share=0.3), 200)
        flat = line(rng, *simulate(rng, 0.2, share=0.1), 200)
        own, both = exponents(steep), interaction(steep, flat)
        covered += [own.low[1] <= 1.0 <= own.high[1], both.low[1] <= 0.8 <= both.high[1]]
    assert covered[0] / STUDIES == NOMINAL
    assert covered[1] / STUDIES == NOMINAL


def test_crossover_is_inside_its_band_in_95_of_100_studies():
    rng, covered = np.random.default_rng(7), 0
    log_d = np.linspace(LOG_D[0], LOG_D[-1], 201)
    for _ in range(STUDIES):
        steep = line(rng, *simulate(rng, 1.0, share=0.3), 200)
        flat = line(rng, *simulate(rng, 0.3, share=0.1, intercept=2.4), 200)
        found = crossover(steep, flat, design(log_d), np.exp(log_d))
        covered += found.low <= np.exp(2.0) <= found.high
    assert covered / STUDIES == NOMINAL
