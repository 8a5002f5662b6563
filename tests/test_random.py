"""The compiled generator has NumPy's bits; its normals are normal; seeds of episodes never meet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from rollout_makers import generator_before

from harness.rollouts.random import episode_seed, next_word, normal, seed_generator, seed_words, uniform

EDGES = (0, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**53 + 1, 2**62, 2**63 - 2, 2**63 - 1)
seeds = st.integers(min_value=0, max_value=2**63 - 1)


def generator_of(seed: int) -> np.ndarray:
    generator = np.empty(4, np.uint64)
    seed_generator(seed, generator)
    return generator


@njit
def normals(generator, values):
    for i in range(values.size):
        values[i] = normal(generator)


@pytest.mark.parametrize("seed", EDGES)
def test_seed_words_are_those_of_seed_sequence_at_the_edges(seed: int) -> None:
    words = np.empty(4, np.uint64)
    seed_words(np.uint64(seed), words)
    assert words.tolist() == np.random.SeedSequence(seed).generate_state(4, np.uint64).tolist()


@pytest.mark.parametrize("seed", EDGES)
def test_the_next_hundred_words_are_those_of_pcg64_at_the_edges(seed: int) -> None:
    generator = generator_of(seed)
    assert [next_word(generator) for _ in range(100)] == np.random.PCG64(seed).random_raw(100).tolist()


@settings(deadline=None, max_examples=300)
@given(seeds)
def test_seeding_words_and_uniforms_are_numpys_bits(seed: int) -> None:
    words = np.empty(4, np.uint64)
    seed_words(np.uint64(seed), words)
    assert words.tolist() == np.random.SeedSequence(seed).generate_state(4, np.uint64).tolist()
    mine, theirs = generator_of(seed), np.random.Generator(np.random.PCG64(seed))
    assert [uniform(mine) for _ in range(20)] == theirs.random(20).tolist()


def test_a_generator_holds_numpys_state_and_increment() -> None:
    generator, inside = generator_of(12345), np.random.PCG64(12345).state["state"]
    state, increment = ((int(generator[i]) << 64) | int(generator[i + 1]) for i in (0, 2))
    assert (state, increment) == (inside["state"], inside["inc"])


def test_the_carry_of_128_bit_arithmetic_is_right_over_a_hundred_thousand_words() -> None:
    generator = generator_of(7)
    mine = np.array([next_word(generator) for _ in range(100_000)], np.uint64)
    assert mine.tobytes() == np.random.PCG64(7).random_raw(100_000).tobytes()


@pytest.mark.parametrize("seed", [3, 2**63 - 1])
def test_a_million_normals_are_numpys_bits_and_leave_its_state(seed: int) -> None:
    mine, theirs, values = generator_of(seed), np.random.Generator(np.random.PCG64(seed)), np.empty(1_000_000)
    normals(mine, values)
    assert values.tobytes() == theirs.standard_normal(values.size).tobytes()
    assert next_word(mine) == theirs.bit_generator.random_raw()
    assert values.min() < -3.66 and values.max() > 3.66  # both sides of the tail were drawn


@pytest.mark.parametrize("word", [0, 0xFF, 0x1FF, 2**64 - 1, 2**64 - 0x100, 2**61])
def test_the_most_extreme_words_give_numpys_normals(word: int) -> None:
    generator = generator_before(word)
    assert next_word(generator.copy()) == word
    theirs = np.random.PCG64(0)
    state, increment = ((int(generator[i]) << 64) | int(generator[i + 1]) for i in (0, 2))
    theirs.state = {**theirs.state, "state": {"state": state, "inc": increment}}
    assert normal(generator) == np.random.Generator(theirs).standard_normal()


def test_moments_of_a_million_normals_are_within_five_standard_errors() -> None:
    count, values = 1_000_000, np.empty(1_000_000)
    normals(generator_of(11), values)
    for power, moment, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs((values**power).mean() - moment) < 5.0 * math.sqrt(variance / count), power
    tail = 2.0 * (1.0 - 0.5 * (1.0 + math.erf(3.0 / math.sqrt(2.0))))  # P(|z| > 3) = 0.0027
    assert abs((np.abs(values) > 3.0).mean() - tail) < 5.0 * math.sqrt(tail / count)
    assert abs((values[1:] * values[:-1]).mean()) < 5.0 / math.sqrt(count)


def test_episode_seeds_have_63_bits_and_never_collide_on_a_grid_of_neighbours() -> None:
    starts = [*range(300), *(2**32 + k for k in range(-50, 50)), *(2**63 - 1 - k for k in range(100))]
    found = [int(episode_seed(seed, episode)) for seed in starts for episode in range(300)]
    assert len(set(found)) == len(starts) * 300
    assert min(found) >= 0 and max(found) < 2**63
    assert max(found) > 2**62  # all 63 bits are used


def test_the_seed_of_the_noise_is_none_of_the_episode_seeds() -> None:
    grid = [int(episode_seed(seed, episode)) for seed in range(200) for episode in range(50)]
    assert not set(grid) & {int(episode_seed(seed, 0)) for seed in grid}


def test_episode_seeds_are_split_mix_64() -> None:
    """Sebastiano Vigna's splitmix64.c gives 6457827717110365317 first from 1234567; the seed drops its last bit."""
    assert int(episode_seed(1234567, 0)) == 6457827717110365317 >> 1
    assert int(episode_seed(1234567, 1)) == 3203168211198807973 >> 1


@settings(deadline=None, max_examples=200)
@given(seeds, st.integers(0, 2**20))
def test_neighbouring_episodes_differ_in_about_half_of_the_bits(seed: int, episode: int) -> None:
    changed = int(episode_seed(seed, episode)) ^ int(episode_seed(seed, episode + 1))
    assert 8 <= changed.bit_count() <= 55  # 31.5 ± 6 standard deviations of 4
