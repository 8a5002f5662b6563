"""Where compiled loops keep their arrays: short ones on the stack, long ones on the heap, weights on cache lines."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from rollout_makers import compiled, request, some_theta

from harness.rollouts.engine import LINE, acting_weights
from harness.rollouts.memory import LONGEST, borrowed, local

SIZES = (3, 0, LONGEST, LONGEST + 1, 5_000_000)  # the last one is longer than a stack


@njit
def sums(scale):
    short, none, edge, beyond, long = (
        local(SIZES[0]),
        local(SIZES[1]),
        local(SIZES[2]),
        local(SIZES[3]),
        local(SIZES[4]),
    )
    for i in range(len(short)):
        short[i] = scale * i
    edge[:], beyond[:], long[:] = 1.0, 2.0, 3.0
    return short.sum(), none.sum(), edge.sum(), beyond.sum(), long.sum()


@njit
def last(rows, d):
    return borrowed(rows[d])[-1]


def test_local_arrays_have_their_lengths_and_share_nothing() -> None:
    for scale in (1.0, 2.0):
        assert sums(scale) == (3.0 * scale, 0.0, LONGEST, 2.0 * (LONGEST + 1), 15_000_000.0)


def test_a_borrowed_row_is_that_row() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    assert [last(rows, d) for d in range(3)] == [3.0, 7.0, 11.0]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_rows_of_weights_begin_at_64_bytes_and_hold_the_parameters(count: int) -> None:
    policy = compiled("pendulum", explores=True, bias=True).policy
    thetas = np.stack([some_theta(policy, number) for number in range(count)])
    rows, tails = acting_weights(policy, thetas)
    assert rows.shape == (count, LINE)
    assert all(row.ctypes.data % 64 == 0 for row in rows)
    assert np.array_equal(rows[:, : policy.structure.dim], thetas[:, : policy.structure.dim])
    assert np.array_equal(tails, thetas[:, policy.structure.dim :])


def test_a_structure_of_more_scratch_than_the_stack_takes_rolls_out() -> None:
    engine = compiled("pendulum", horizon=2, structure="mlp", widths=(2 * LONGEST,))
    assert np.isfinite(engine(request(engine, some_theta(engine.policy))).returns).all()
