"""The bootstrap by counts against the one that carries whole tables: the same draws, the same numbers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from harness.interface import Floats
from harness.statistics.bootstrap import bootstrap
from harness.statistics.comparisons import improvement
from harness.statistics.counts import count_bootstrap, ert_of, improvement_of, iqm_of
from harness.statistics.scores import iqm
from harness.statistics.targets import ert

RUNS, RESAMPLES = 13, 300


def sample(columns: int) -> Floats:
    """Numbers with ties [N, M]."""
    return np.round(np.random.default_rng(0).normal(size=(RUNS, columns)), 1)


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize("sizes", [(13,), (5, 8), (1, 12)])
def test_iqm_is_that_of_whole_tables_to_rounding(sizes: tuple[int, ...]) -> None:
    table = sample(6)[:, [0, 1, 1, 2, 3, 1, 4, 5]]  # some columns are equal
    expected = bootstrap(generator(), table, sizes, partial(iqm, axis=1), RESAMPLES)
    for one, other in zip(count_bootstrap(generator(), sizes, iqm_of(table), RESAMPLES), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_ert_is_that_of_whole_tables_to_the_bit_where_no_run_succeeded_too() -> None:
    crossings = np.where(sample(4) > [0.0, 1.0, -9.0, 9.0], 1000.0 * np.abs(sample(4)), np.inf)  # [N, T]
    expected = bootstrap(generator(), crossings, (RUNS,), partial(ert, budget=7000, axis=1), RESAMPLES)
    counted = count_bootstrap(generator(), (RUNS,), ert_of(crossings, 7000), RESAMPLES)
    for one, other in zip(counted, expected, strict=True):
        assert np.array_equal(one, other)
    assert np.isinf(expected.value[3])


def test_improvement_is_that_of_whole_tables_to_the_bit() -> None:
    x, y = sample(2).T
    pairs = bootstrap(generator(), sample(2), (RUNS,), lambda z: improvement(z[..., 0], z[..., 1]), RESAMPLES)
    assert count_bootstrap(generator(), (RUNS,), improvement_of(x, y, paired=True), RESAMPLES) == pairs
    pool, sizes = np.concatenate((x, y[:6])), (RUNS, 6)
    apart = bootstrap(generator(), pool, sizes, lambda z: improvement(z[:, :RUNS], z[:, RUNS:]), RESAMPLES)
    assert count_bootstrap(generator(), sizes, improvement_of(x, y[:6], paired=False), RESAMPLES) == apart


def test_interval_of_equal_runs_is_the_point_though_it_has_no_exact_thirds() -> None:
    estimate = count_bootstrap(generator(), (RUNS,), iqm_of(np.full((RUNS, 1), 0.1)), RESAMPLES)
    assert [numbers[0] for numbers in estimate] == [0.1, 0.1, 0.1]
