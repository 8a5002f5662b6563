"""Bounded integers in compiled code: the same bits as `np.random.Generator(np.random.PCG64(seed)).integers`.

NumPy draws small ranges from halves of words and keeps the half that is left for the next draw, whatever else is drawn
between. So beside a generator (`harness/rollouts/random.py`) goes an array of two uint64: whether a half is kept, and
that half.

Source: D. Lemire, "Fast Random Integer Generation in an Interval" (2019), algorithm 5, with words of 32 bits.
"""

from __future__ import annotations

from numba import njit, uint64

from harness.rollouts.random import Words, next_word

_MASK = uint64(0xFFFFFFFF)


@njit
def _next_half(generator: Words, kept: Words) -> int:
    """The next 32 random bits: the low half of a new word, then its high half."""
    if kept[0]:
        kept[0] = uint64(0)
        return kept[1]
    word = next_word(generator)
    kept[0], kept[1] = uint64(1), word >> uint64(32)
    return word & _MASK


@njit
def integer(generator: Words, kept: Words, low: int, high: int) -> int:
    """An integer in [low, high), as `Generator.integers(low, high)`; 2 <= high - low < 2**32."""
    size = uint64(high - low)
    product = _next_half(generator, kept) * size
    while product & _MASK < size and product & _MASK < (uint64(0x100000000) - size) % size:
        product = _next_half(generator, kept) * size
    return low + (product >> uint64(32))
