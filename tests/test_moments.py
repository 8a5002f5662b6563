"""Merged moments against NumPy on all the data at once, and the normaliser of ARS V2."""

from __future__ import annotations

import numpy as np

from harness.interface import Floats
from harness.parts.moments import Moments, empty, identity, merge, scaler


def sums(observations: Floats) -> Floats:
    return np.stack([np.full(observations.shape[1], len(observations)), observations.sum(0), (observations**2).sum(0)])


def merged(parts: list[Floats]) -> Moments:
    moments = empty(parts[0].shape[1])
    for part in parts:
        moments = merge(moments, sums(part))
    return moments


def test_merged_moments_are_those_of_all_data_at_once() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.normal([0.0, 5.0], [1.0, 0.1], (count, 2)) for count in (1, 40, 7, 300)]
    whole = np.concatenate(parts)
    moments = merged(parts)
    assert moments.number == len(whole)
    np.testing.assert_allclose(moments.mean, whole.mean(0), rtol=1e-13)
    np.testing.assert_allclose(moments.squares / (len(whole) - 1), whole.var(0, ddof=1), rtol=1e-11)


def test_three_observations_by_hand() -> None:
    moments = merged([np.array([[1.0], [3.0]]), np.array([[8.0]])])
    assert (moments.number, moments.mean[0], moments.squares[0]) == (3.0, 4.0, 26.0)  # 9 + 1 + 16
    normaliser = scaler(moments)
    np.testing.assert_allclose(normaliser.std, np.sqrt(13.0) + 1e-8, rtol=1e-15)


def test_nothing_seen_changes_nothing() -> None:
    moments = merged([np.array([[1.0], [3.0]])])
    assert merge(moments, np.zeros((3, 1))) is moments


def test_fewer_than_two_observations_give_the_identity() -> None:
    for moments in (empty(2), merged([np.array([[4.0, 5.0]])])):
        for got, expected in zip(scaler(moments), identity(2), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_a_coordinate_that_never_moved_becomes_zero() -> None:
    rng = np.random.default_rng(4)
    parts = [np.column_stack([np.full(500, 1234.567), rng.standard_normal(500)]) for _ in range(20)]
    normaliser = scaler(merged(parts))
    observation = np.array([1234.567, 0.3])
    scaled = (observation - normaliser.mean) / normaliser.std
    assert scaled[0] == 0.0
    assert scaled[1] != 0.0
