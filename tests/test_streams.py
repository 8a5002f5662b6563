"""Every draw has an address: the same one gives the same generator, any other gives another."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from harness.interface import Turn
from harness.streams import address, draw_seeds, stream


def first(generator: np.random.Generator) -> int:
    return int(generator.bit_generator.random_raw())


def test_an_address_gives_the_same_generator_wherever_it_is_asked_for() -> None:
    one, other = stream(7, "turn", 12, "directions"), address(7)("turn", 12, "directions")
    assert one is not other
    assert one.standard_normal(100).tobytes() == other.standard_normal(100).tobytes()


def test_a_stream_is_the_seed_and_the_sha256_of_its_words_with_their_types() -> None:
    digest = hashlib.sha256(b"str:turn\x1fint:12\x1fstr:directions").digest()
    entropy = [7, *(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4))]
    assert first(stream(7, "turn", 12, "directions")) == first(np.random.default_rng(entropy))


def test_a_stream_is_what_it_was_when_results_were_published() -> None:
    assert first(stream(0)) == 11556737650901236092
    assert first(stream(7, "turn", 12, "directions")) == 13357472458890773500


def test_ten_thousand_addresses_begin_with_ten_thousand_numbers() -> None:
    found = {first(stream(seed, "turn", turn, word)) for seed in range(20) for turn in range(250) for word in "ab"}
    assert len(found) == 20 * 250 * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b"), ("ab",)), (("1",), (1,)), ((1, 23), (12, 3)), ((), ("",)), (("a",), ("a", "")), ((2, 1), (1, 2))],
)
def test_words_are_told_apart_by_border_type_and_order(one: tuple, other: tuple) -> None:
    assert first(stream(5, *one)) != first(stream(5, *other))


def test_a_seed_is_not_added_to_a_word() -> None:
    assert first(stream(1, 2)) != first(stream(2, 1))
    assert first(stream(2**32, "a")) != first(stream(0, "a"))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "a")


def test_request_seeds_are_int64_below_2_to_63_and_use_all_their_bits() -> None:
    seeds = draw_seeds(stream(0, "seeds"), 10_000)
    assert seeds.dtype == np.int64
    assert seeds.min() >= 0
    assert len(set(seeds.tolist())) == 10_000
    ones = [(seeds >> bit & 1).mean() for bit in range(63)]
    assert all(abs(share - 0.5) < 0.025 for share in ones)  # five standard errors of 0.005


def test_a_turn_gives_one_generator_for_each_purpose_and_turn() -> None:
    turns = [Turn(number, 0, address(3)) for number in (0, 1)]
    assert first(turns[0].rng("seeds")) == first(turns[0].rng("seeds"))
    assert len({first(turn.rng(purpose)) for turn in turns for purpose in ("seeds", "directions")}) == 4


def test_a_turn_does_not_know_how_many_steps_were_charged_when_it_draws() -> None:
    assert first(Turn(4, 0, address(3)).rng("seeds")) == first(Turn(4, 999, address(3)).rng("seeds"))
