"""NumPy's PCG64 inside compiled code: the same bits as `np.random.Generator(np.random.PCG64(seed))`.

Making a NumPy generator costs about 10 microseconds, as much as 200 steps of CartPole; an episode here makes its own in
a tenth of a microsecond. The tests hold every function to NumPy's bits.

Sources: M. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
Generation" (2014), PCG-XSL-RR 128/64; the SeedSequence of NumPy 2.x (`numpy/random/bit_generator.pyx`); G. Marsaglia
and W. W. Tsang, "The Ziggurat Method for Generating Random Variables" (2000), with NumPy's tables: Numba has a copy.

A generator is an array of four uint64: state (high, low) and increment (high, low).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numba import njit, uint32, uint64
from numba.np.random._constants import fi_double, ki_double, wi_double, ziggurat_nor_inv_r, ziggurat_nor_r
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]

_INIT_A, _MULT_A = uint32(0x43B0D7E5), uint32(0x931E8875)
_INIT_B, _MULT_B = uint32(0x8B51F9DD), uint32(0x58F38DED)
_MIX_L, _MIX_R = uint32(0xCA01F9DD), uint32(0x4973F715)
_MULTIPLIER_HIGH, _MULTIPLIER_LOW = uint64(0x2360ED051FC65DA4), uint64(0x4385DF649FCCF645)
_MASK = uint64(0xFFFFFFFF)
_GOLDEN = uint64(0x9E3779B97F4A7C15)


@njit(inline="always")
def _hash(value: int, constant: int, multiplier: int) -> tuple[int, int]:
    """One hashing step of SeedSequence: the hashed word and the next constant."""
    value = uint32(value ^ constant)
    constant = uint32(constant * multiplier)
    value = uint32(value * constant)
    return uint32(value ^ (value >> uint32(16))), constant


@njit(inline="always")
def _mix(x: int, y: int) -> int:
    result = uint32(uint32(_MIX_L * x) - uint32(_MIX_R * y))
    return uint32(result ^ (result >> uint32(16)))


@njit
def seed_words(seed: int, words: Words) -> None:
    """Fill `words` [4] uint64 with `SeedSequence(seed).generate_state(4, np.uint64)`; seed below 2**64."""
    pool = np.empty(4, np.uint32)
    constant = _INIT_A
    entropy = (uint32(seed & _MASK), uint32(seed >> uint64(32)), uint32(0), uint32(0))
    for i in range(4):
        pool[i], constant = _hash(entropy[i], constant, _MULT_A)
    for source in range(4):
        for target in range(4):
            if source != target:
                hashed, constant = _hash(pool[source], constant, _MULT_A)
                pool[target] = _mix(pool[target], hashed)
    constant = _INIT_B
    for i in range(4):
        low, constant = _hash(pool[(2 * i) % 4], constant, _MULT_B)
        high, constant = _hash(pool[(2 * i + 1) % 4], constant, _MULT_B)
        words[i] = uint64(low) | (uint64(high) << uint64(32))


@njit(inline="always")
def _multiply_high(x: int, y: int) -> int:
    """High 64 bits of the 128-bit product."""
    x_low, x_high = x & _MASK, x >> uint64(32)
    y_low, y_high = y & _MASK, y >> uint64(32)
    low = x_low * y_low
    middle = x_high * y_low + (low >> uint64(32))
    other = x_low * y_high + (middle & _MASK)
    return x_high * y_high + (middle >> uint64(32)) + (other >> uint64(32))


@njit(inline="always")
def _advance(generator: Words) -> None:
    """State <- state * multiplier + increment, modulo 2**128."""
    high, low = generator[0], generator[1]
    product_high = _multiply_high(low, _MULTIPLIER_LOW) + high * _MULTIPLIER_LOW + low * _MULTIPLIER_HIGH
    product_low = low * _MULTIPLIER_LOW
    total = product_low + generator[3]
    carry = uint64(1) if total < product_low else uint64(0)
    generator[0] = product_high + generator[2] + carry
    generator[1] = total


@njit
def seed_generator(seed: int, generator: Words) -> None:
    """Set `generator` [4] to the state of `np.random.PCG64(seed)`."""
    words = np.empty(4, np.uint64)
    seed_words(uint64(seed), words)
    generator[0] = uint64(0)
    generator[1] = uint64(0)
    generator[2] = (words[2] << uint64(1)) | (words[3] >> uint64(63))
    generator[3] = (words[3] << uint64(1)) | uint64(1)
    _advance(generator)
    low = generator[1] + words[1]
    carry = uint64(1) if low < words[1] else uint64(0)
    generator[0] = generator[0] + words[0] + carry
    generator[1] = low
    _advance(generator)


@njit
def next_word(generator: Words) -> int:
    """The next 64 random bits."""
    _advance(generator)
    value = generator[0] ^ generator[1]
    rotation = generator[0] >> uint64(58)
    return (value >> rotation) | (value << ((uint64(64) - rotation) & uint64(63)))


@njit
def uniform(generator: Words) -> float:
    """A double in [0, 1), as `Generator.random()`."""
    return (next_word(generator) >> uint64(11)) * (1.0 / 9007199254740992.0)


@njit
def normal(generator: Words) -> float:
    """A standard normal, as `Generator.standard_normal()`: the ziggurat, one word and one product 99 times in 100."""
    while True:
        word = next_word(generator)
        layer = word & uint64(0xFF)
        sign = -1.0 if word & uint64(0x100) else 1.0
        place = (word >> uint64(9)) & uint64(0xFFFFFFFFFFFFF)  # in the layer, 52 bits
        x = place * wi_double[layer]
        if place < ki_double[layer]:
            return sign * x
        if layer == 0:
            return (1.0 if not place & uint64(0x100) else -1.0) * _tail(generator)
        height = fi_double[layer - uint64(1)] - fi_double[layer]
        if height * uniform(generator) + fi_double[layer] < math.exp(-0.5 * x * x):
            return sign * x


@njit
def _tail(generator: Words) -> float:
    """A normal beyond the last layer: G. Marsaglia, "Generating a variable from the tail of the normal" (1964)."""
    while True:
        beyond = -ziggurat_nor_inv_r * math.log1p(-uniform(generator))
        height = -math.log1p(-uniform(generator))
        if height + height > beyond * beyond:
            return ziggurat_nor_r + beyond


@njit
def episode_seed(seed: int, episode: int) -> int:
    """The 63-bit seed of one episode of a request: a SplitMix64 hash, so neighbouring seeds share nothing."""
    value = uint64(seed) + (uint64(episode) + uint64(1)) * _GOLDEN
    value = (value ^ (value >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> uint64(27))) * uint64(0x94D049BB133111EB)
    return (value ^ (value >> uint64(31))) >> uint64(1)
