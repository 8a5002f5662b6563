"""Supported, contradicted or undetermined: an effect held against its margin, and how many seeds more would tell.

*above*: the effect is at least the margin; *below*: at most; *within*: no further from nothing than the margin. A claim
is supported where the interval lies on the side that it asks for, contradicted where it lies on the other. The
level of the interval is Holm's over all claims that are declared, those not measured yet taken as p = 1.

p is 1 - the level of the widest interval that leaves the margin out: the share of resamples beyond the margin is the
tail that `harness.statistics.bootstrap.tail` gives to that level. No p is smaller than that of the exact test of signs
with as many seeds, 2^(1-n): resamples of few runs that agree would be surer than they can be.

Seeds that would tell: an interval's width shrinks with 1/√n. With n seeds, w from the effect to the interval's end
towards the margin, and δ from the effect to the margin, it leaves the margin out at n (w/δ)² seeds; its level is the
strictest that Holm may ask for, 1 - 0.05 / claims. This takes the effect of now for the truth: a plan, not a promise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.claims.declaration import ABOVE, WITHIN
from harness.claims.effect import Effect
from harness.interface import Floats
from harness.statistics.bootstrap import LEVEL, tail
from harness.statistics.comparisons import holm

SUPPORTED, CONTRADICTED, UNDETERMINED = "supported", "contradicted", "undetermined"
ALPHA = 1 - LEVEL


class Judgement(NamedTuple):
    """A verdict, p adjusted and not, and how many seeds more would tell; inf: no number of them."""

    verdict: str
    p: float
    p_holm: float
    more_seeds: float


def margins(direction: str, margin: float) -> tuple[float, float]:
    """The effects for which a claim is right, as an interval; the margin on the scale of the effect."""
    if direction == WITHIN:
        return -margin, margin
    return (margin, math.inf) if direction == ABOVE else (-math.inf, margin)


def ends(effect: Effect, level: float = LEVEL) -> tuple[float, float]:
    """The interval at a level; without an end where resamples are not defined."""
    share = tail(effect.sizes, level) if effect.sizes else (1 - level) / 2
    if math.isnan(share):
        return math.nan, math.nan
    place = max(math.ceil(len(effect.low) * share), 1) - 1
    low, high = np.sort(_known(effect.low, -np.inf)), np.sort(_known(effect.high, np.inf))
    return float(low[place]), float(high[len(high) - 1 - place])


def _known(resamples: Floats, otherwise: float) -> Floats:
    return np.where(np.isnan(resamples), otherwise, resamples)


def surprise(effect: Effect, border: float, above: bool) -> float:
    """Two-sided p of a border that the effect is above, or below."""
    if above:
        beyond = int((_known(effect.low, -np.inf) <= border).sum())
    else:
        beyond = int((_known(effect.high, np.inf) >= border).sum())
    share = (beyond + 1) / (len(effect.low) + 1)
    return min(max(_level(share, effect.sizes), 2.0 ** (1 - effect.seeds)), 1.0)


def _level(share: float, sizes: tuple[int, ...]) -> float:
    """1 - the level to which `tail` gives this share."""
    if not sizes:
        return 2 * share
    runs, freedom = sum(sizes), sum(sizes) - len(sizes)
    if freedom == 0:
        return 1.0
    return float(2 * stats.t.sf(stats.norm.isf(share) * np.sqrt(freedom / runs), freedom))


def p_of(effect: Effect, right: tuple[float, float]) -> float:
    """The p of the side on which the effect lies; NaN where it is not defined.

    Inside, both borders must be left out; outside, only the nearer one.
    """
    low, high = right
    if math.isnan(effect.value):
        return math.nan
    if effect.value > high:
        return surprise(effect, high, above=True)
    if effect.value < low:
        return surprise(effect, low, above=False)
    inner = [surprise(effect, low, above=True)] if math.isfinite(low) else []
    inner += [surprise(effect, high, above=False)] if math.isfinite(high) else []
    return max(inner)


def adjust(p: Floats, declared: int) -> Floats:
    """Holm's p [M] among all declared claims; those not measured, NaN here or beyond the M, count as 1."""
    everything = np.concatenate((np.nan_to_num(p, nan=1.0), np.ones(declared - len(p))))
    return np.where(np.isnan(p), np.nan, holm(everything)[: len(p)])


def judge(effect: Effect, right: tuple[float, float], p: float, p_holm: float, declared: int) -> Judgement:
    """The verdict on one of the declared claims, that is right for effects in the interval `right`."""
    low, high = right
    if math.isnan(p_holm):
        return Judgement(UNDETERMINED, p, p_holm, math.nan)
    if p_holm <= ALPHA:
        verdict = SUPPORTED if low <= effect.value <= high else CONTRADICTED
        return Judgement(verdict, p, p_holm, 0.0)
    return Judgement(UNDETERMINED, p, p_holm, more_seeds(effect, right, 1 - ALPHA / declared))


def more_seeds(effect: Effect, right: tuple[float, float], level: float) -> float:
    """About how many seeds more until the interval at this level leaves the nearer border out."""
    below, above = ends(effect, level)
    borders = [border for border in right if math.isfinite(border)]
    border = min(borders, key=lambda border: abs(effect.value - border))
    width = effect.value - below if border < effect.value else above - effect.value
    distance = abs(effect.value - border)
    if not (distance > 0 and math.isfinite(width)):
        return math.inf
    wanted = max(effect.seeds * (width / distance) ** 2, 1 - math.log2(1 - level))  # the second: the test of signs
    return float(max(math.ceil(wanted) - effect.seeds, 1))
