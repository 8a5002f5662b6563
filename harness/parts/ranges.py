"""Settings that make no sense are refused before anything runs: a ValueError whose message begins with the setting.

Each check takes the settings and the names of the fields it is about; a tuple is checked number by number, and what is
not a number passes no check.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

MOST_NUMBERS = 100_000_000  # that one turn makes of the parameters: 0.8 GB in float64, with several jobs at a time


def finite(settings: object, *names: str) -> None:
    """Any number will do, but it must be one."""
    _require(settings, names, math.isfinite, "finite")


def positive(settings: object, *names: str) -> None:
    """Above 0."""
    _require(settings, names, lambda value: value > 0, "positive")


def share(settings: object, *names: str) -> None:
    """From 0 to 1, both allowed."""
    _require(settings, names, lambda value: 0 <= value <= 1, "between 0 and 1")


def at_least(settings: object, least: float, *names: str) -> None:
    """No less than `least`."""
    _require(settings, names, lambda value: value >= least, f"at least {least}")


def ordered(settings: object, *names: str) -> None:
    """Each of these no more than the next."""
    for name, other in pairwise(names):
        bound = getattr(settings, other)
        _require(settings, (name,), partial(operator.ge, bound), f"at most {bound}, which is {other}")


def vectors(settings: Any, name: str, count: int) -> None:
    """So many parameter vectors [P] at a time must fit into memory; while a study is read, P counts as 1."""
    dim = 1 if settings.policy is None else settings.policy.dim
    numbers(name, count * dim, f"{count} times {dim} parameters")


def numbers(name: str, count: int, what: str) -> None:
    """So many numbers must fit into memory."""
    if count > MOST_NUMBERS:
        raise ValueError(f"{name} must be smaller: {what} are more than {MOST_NUMBERS} numbers at a time")


def _require(settings: object, names: tuple[str, ...], holds: Callable[[Any], bool], wanted: str) -> None:
    for name in names:
        value = getattr(settings, name)
        for number in value if isinstance(value, tuple) else (value,):
            if not holds(number):
                raise ValueError(f"{name} must be {wanted}, not {number}")
