"""Bounded integers in compiled code have the bits of NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from rollout_makers import generator_before

from harness.rollouts.integers import integer
from harness.rollouts.random import seed_generator, uniform

BOUNDS = ((5, 10), (0, 2), (-7, 9), (0, 3_000_000_000), (-(2**31), 2**31 - 1))


@njit
def drawn(seed, bounds, out, between):
    """Integers between each pair of bounds in turn, now and then a uniform between two of them."""
    generator, kept = np.empty(4, np.uint64), np.zeros(2, np.uint64)
    seed_generator(seed, generator)
    for n in range(out.size):
        out[n] = integer(generator, kept, bounds[n % len(bounds), 0], bounds[n % len(bounds), 1])
        if n % 3 == 1:
            between[n // 3] = uniform(generator)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_20_000_integers_and_the_uniforms_between_them_are_those_of_numpy(seed: int) -> None:
    """In ranges of three thousand millions every third draw is thrown away."""
    ours, between = np.zeros(20_000, np.int64), np.zeros(6667)
    drawn(seed, np.array(BOUNDS), ours, between)
    rng = np.random.Generator(np.random.PCG64(seed))
    for n, number in enumerate(ours):
        assert number == rng.integers(*BOUNDS[n % len(BOUNDS)])
        if n % 3 == 1:
            assert between[n // 3] == rng.random()


def test_of_a_word_the_low_half_comes_first_and_the_high_half_is_kept() -> None:
    """5 × 3/4 is 3 and something, 5 × 1/4 is 1 and something."""
    generator, kept = generator_before(0x4000_0001_C000_0001), np.zeros(2, np.uint64)
    one = integer(generator, kept, 5, 10)
    assert (one, kept.tolist()) == (8, [1, 0x4000_0001])
    assert integer(generator, kept, 5, 10) == 6
    assert kept[0] == 0


def test_a_half_whose_product_would_favour_some_numbers_is_thrown_away() -> None:
    """2**32 is 1 modulo 5: the half 0 alone is too much, and the high half counts."""
    generator, kept = generator_before(0xC000_0001_0000_0000), np.zeros(2, np.uint64)
    assert integer(generator, kept, 0, 5) == 3
    assert kept[0] == 0
