"""Numbers and names as they stand in a sentence or a table cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.figures.style import short

MINUS = "−"
NOTHING = "–"


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits: -1234.56 -> −1235, infinity -> ∞, no number -> a dash."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{float(f'{value:.{digits}g}'):.{max(digits, 7)}g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", MINUS)


def interval(value: float, low: float, high: float, digits: int = 4) -> str:
    """A value with its 95 % interval, all with the decimals of the largest; one run has no interval."""
    if math.isnan(low) or math.isnan(high):
        return number(value, digits)
    largest = max(abs(value), abs(low), abs(high))
    if not 1e-3 <= largest < 1e7:
        return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]"
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    return shown(value, low, high, decimals)


def shown(value: float, low: float, high: float, decimals: int = 2) -> str:
    """A value with its interval, rounded to so many decimals."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING if math.isnan(value) else fixed(value, decimals)
    return f"{fixed(value, decimals)} [{fixed(low, decimals)}, {fixed(high, decimals)}]"


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, and no minus before a zero; infinity and very large numbers as `number`."""
    if not abs(value) < 1e7:
        return number(value)
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", MINUS)


def ratio(value: float, low: float, high: float) -> str:
    """A ratio with its interval, if it has one, each with two significant digits: they may lie decades apart."""
    if math.isnan(low) or math.isnan(high):
        return number(value, 2)
    return f"{number(value, 2)} [{number(low, 2)}, {number(high, 2)}]"


def chance(p: float) -> str:
    """A p: p = 0.0067, and below a ten-thousandth p < 0.0001."""
    return "p\u00a0<\u00a00.0001" if p < 1e-4 else f"p\u00a0=\u00a0{number(p, 2)}"


def steps(value: float) -> str:
    """Environment steps: 12345 -> 12.3k, never reached -> never."""
    if math.isnan(value):
        return NOTHING
    return "never" if math.isinf(value) else short(float(f"{value:.3g}"))


def steps_interval(value: float, low: float, high: float) -> str:
    """Environment steps with their interval."""
    if not math.isfinite(value) or math.isnan(low) or math.isnan(high):
        return steps(value)
    return f"{steps(value)} [{steps(low)}, {'∞' if math.isinf(high) else steps(high)}]"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(count: int, noun: str) -> str:
    """1 run, 2 runs."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def tally(count: int) -> str:
    """How many in a sentence: none, 1, 2."""
    return str(count) if count else "none"
