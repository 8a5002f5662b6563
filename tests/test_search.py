"""Search spaces: what may be drawn for the settings of an algorithm, and that nobody is given more freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

from harness import plugins
from harness.parts.search import Choice, LogUniform, Uniform
from harness.search import drawn_settings, search_space
from harness.streams import stream

ALGORITHMS = plugins.names("algorithms")


@dataclass(frozen=True)
class Toy:
    """Three settings, two of them searched."""

    rate: Annotated[float, LogUniform(0.01, 1.0)] = 0.1
    count: Annotated[int, Choice((1, 2))] = 1
    plain: int = 3


def space(name: str) -> dict[str, Uniform | LogUniform | Choice]:
    return search_space(plugins.load("algorithms", name))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_has_two_to_four_searched_settings(name: str) -> None:
    assert 2 <= len(space(name)) <= 4


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_scale_spans_two_decades(name: str) -> None:
    for draw in space(name).values():
        if isinstance(draw, LogUniform):
            assert draw.high / draw.low == pytest.approx(100)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_searches_at_least_one_scale_and_its_data_per_turn(name: str) -> None:
    kinds = {type(draw) for draw in space(name).values()}
    assert {LogUniform, Choice} <= kinds


def test_a_search_space_is_read_in_the_order_of_the_file() -> None:
    assert list(search_space(Toy)) == ["rate", "count"]


def test_equal_addresses_give_equal_draws_and_others_differ() -> None:
    one, again, other = (drawn_settings(Toy, stream(1, "draw", number)) for number in (1, 1, 2))
    assert one == again
    assert one["rate"] != other["rate"]


def test_fixing_a_setting_changes_no_other_draw() -> None:
    free, fixed = drawn_settings(Toy, stream(1, "draw")), drawn_settings(Toy, stream(1, "draw"), ["rate"])
    assert fixed == {"count": free["count"]}


def test_half_the_draws_of_a_scale_lie_below_its_geometric_mean() -> None:
    rng = np.random.default_rng(0)
    below = sum(LogUniform(0.01, 1.0).draw(rng) < 0.1 for _ in range(2000))
    assert abs(below - 1000) < 4 * np.sqrt(500)  # four standard errors


def test_draws_have_three_digits_and_stay_within_their_range() -> None:
    rng = np.random.default_rng(0)
    for draw in (LogUniform(0.005, 0.5), Uniform(0.2, 0.5)):
        for _ in range(500):
            value = draw.draw(rng)
            assert value == float(f"{value:.3g}")
            assert draw.holds(value)


def test_a_choice_gives_every_value_as_it_is_written() -> None:
    rng = np.random.default_rng(0)
    draws = [Choice((8, 16, 32)).draw(rng) for _ in range(50)]
    assert set(draws) == {8, 16, 32}
    assert {type(draw) for draw in draws} == {int}
