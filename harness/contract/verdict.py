"""Verdicts: a law, whether it holds, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from harness import plugins
from harness.kernel_folder import of_kernels
from harness.state import flatten


class Verdict(NamedTuple):
    """One law judged."""

    law: str
    holds: bool
    seen: str = ""


class Broken(AssertionError):
    """A law does not hold; says what was seen."""


Law = Callable[..., None]


def judge(laws: Iterable[Law], *subject: Any) -> list[Verdict]:
    """Judge every law on a subject; what a law raises is its verdict."""
    verdicts = []
    for law in laws:
        name = law.__name__.replace("_", " ")
        try:
            with plugins.contained():
                law(*subject)
        except Broken as broken:
            verdicts.append(Verdict(name, False, str(broken)))
        except Exception as fault:
            if unusable := of_kernels(fault):
                raise unusable from fault
            verdicts.append(Verdict(name, False, told(fault)))
        else:
            verdicts.append(Verdict(name, True))
    return verdicts


def told(fault: BaseException) -> str:
    """What a plug-in raised, and the last of its own lines that it passed through."""
    line, fault = plugins.line_of(fault), plugins.own(fault)
    return f"{type(fault).__name__}: {fault}{f' ({line})' if line else ''}"


def require(condition: bool, seen: str) -> None:
    """Raise `Broken` unless the condition holds."""
    if not condition:
        raise Broken(seen)


def same_bits(one: Any, other: Any) -> bool:
    """Whether two states are equal in every bit, type and shape."""
    left, right = flatten(one), flatten(other)
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype
        and left[name].shape == right[name].shape
        and np.ascontiguousarray(left[name]).tobytes() == np.ascontiguousarray(right[name]).tobytes()
        for name in left
    )
