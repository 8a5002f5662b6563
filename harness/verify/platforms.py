"""Two platforms side by side: the facts of two provenances that differ, and which of them end the promise of bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.provenance import BINDING, flat

LATER = frozenset({"blas"})  # facts that the first records did not hold: not to know them is no difference


class Fact(NamedTuple):
    """One fact that differs; `binding`: equal bits are promised only where it is equal."""

    name: str
    recorded: str
    now: str
    binding: bool


def differing(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What is not the same in two provenances, in the order of their names."""
    before, after = flat(recorded), flat(now)
    return tuple(
        Fact(name, before.get(name, "unknown"), after.get(name, "unknown"), name.startswith(BINDING))
        for name in sorted(before.keys() | (after.keys() - LATER))
        if before.get(name) != after.get(name)
    )
