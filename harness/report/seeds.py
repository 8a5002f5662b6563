"""How many runs a verdict needs: where there are fewer, the report says so instead of judging."""

from __future__ import annotations

from math import comb

from harness.tables.comparisons import UNDETERMINED
from harness.tables.contrasts import SIGNIFICANT

TOO_FEW = "too few seeds"


def judged(verdict: str, first: float, second: float, *, paired: bool) -> str:
    """A verdict as the report shows it: undetermined by so many runs that nothing could be, it is `too few seeds`.

    Args:
        verdict: of the table.
        first: runs of one side.
        second: runs of the other.
        paired: by seed.
    """
    hopeless = verdict == UNDETERMINED and not smallest_p(int(first), int(second), paired=paired) <= SIGNIFICANT
    return TOO_FEW if hopeless else verdict


def smallest_p(first: int, second: int, *, paired: bool) -> float:
    """The smallest two-sided p of an exact test: one of the 2^n signs, or of the C(n + m, n) orders, and its mirror."""
    return min(1.0, 2.0 / (2**first if paired else comb(first + second, first)))
