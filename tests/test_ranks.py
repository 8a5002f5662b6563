"""Ranks against hand-made ones, SciPy and the published code of OpenAI's evolution strategy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from harness.interface import Floats
from harness.parts.ranks import centred_ranks, finite_best_first

RETURNS = arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e6, 1e6) | st.just(-np.inf) | st.just(500.0))


def test_centred_ranks_by_hand() -> None:
    np.testing.assert_array_equal(centred_ranks(np.array([10.0, -3.0, 7.0, 1e9, 0.0])), [0.25, -0.5, 0.0, 0.5, -0.25])


def test_equal_values_share_their_mean_rank() -> None:
    np.testing.assert_array_equal(centred_ranks(np.array([5.0, 1.0, 5.0])), [0.25, -0.5, 0.25])
    np.testing.assert_array_equal(centred_ranks(np.full(4, -np.inf)), np.zeros(4))


@given(RETURNS)
def test_centred_ranks_equal_scipy_and_sum_to_zero(values: Floats) -> None:
    ranks = centred_ranks(values)
    expected = (rankdata(values) - 1) / (len(values) - 1) - 0.5
    np.testing.assert_allclose(ranks, expected, rtol=0, atol=1e-15)
    assert abs(ranks.sum()) < 1e-12


def test_without_ties_the_ranks_are_those_of_the_published_code() -> None:
    values = np.random.default_rng(1).standard_normal(33)
    ranks = np.empty(len(values), dtype=int)  # es_distributed/es.py: compute_ranks, compute_centered_ranks
    ranks[values.argsort()] = np.arange(len(values))
    np.testing.assert_allclose(centred_ranks(values), ranks / (values.size - 1) - 0.5, rtol=0, atol=1e-15)


@given(RETURNS)
def test_ranks_do_not_see_an_increasing_transformation(values: Floats) -> None:
    transformed = np.searchsorted(np.unique(values), values) ** 3.0  # keeps order and ties
    np.testing.assert_array_equal(centred_ranks(values), centred_ranks(transformed))


def test_best_first_leaves_out_what_is_not_finite_and_keeps_the_order_of_equals() -> None:
    order = finite_best_first(np.array([1.0, 3.0, -np.inf, 3.0, -2.0]))
    np.testing.assert_array_equal(order, [1, 3, 0, 4])
    assert len(finite_best_first(np.array([-np.inf, -np.inf]))) == 0
