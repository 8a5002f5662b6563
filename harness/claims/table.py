"""claims.csv: what the tables of a study say of each claim that is declared on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from harness.claims.declaration import Claim
from harness.claims.effect import Effect, effect_of, side_values
from harness.claims.samples import Tables, Unmeasured
from harness.claims.verdict import UNDETERMINED, adjust, ends, judge, margins, p_of
from harness.claims.without import without_one
from harness.declared import known_to

DECLARED = ("claim", "statement", "source", "environments", "contrast", "metric", "scale", "direction", "margin")
FOUND = ("effect", "low", "high", "p", "p_holm", "verdict", "reason", "n_seeds", "runs", "paired", "more_seeds")
WITHOUT = ("without", "effect_without", "low_without", "high_without")
CLAIMS = (*DECLARED, *FOUND, "sides", *WITHOUT, "table", "figure", "declared", "before", "margin_reason", "notes")
RESAMPLES = 20_000  # an interval that is Holm's over twenty claims lies far out
BEFORE, AFTER, NO_DATA = "before the data", "after the data", "no data yet"


class Made(NamedTuple):
    """What a job has measured, and the claims that it knew."""

    table: str  # `runs` or `laboratory`
    cell: Mapping[str, str]  # environment, policy, algorithm, family
    claims: Mapping[str, str]  # digests by name


def claim_rows(
    claims: Sequence[Claim],
    studies: Sequence[str],
    tables: Tables,
    made: Sequence[Made],
    address: Callable[..., np.random.Generator],
) -> list[dict[str, Any]]:
    """One row per claim on the study or a part of it, in the order of the file.

    Args:
        claims: all that are declared, on whatever study.
        studies: the names of the study and of its parts.
        tables: its rows as they stand in the files.
        made: what its jobs have measured.
        address: streams of the table seed.
    """
    mine = [claim for claim in claims if claim.entry.study in studies]
    effects = [_measured(claim, tables, address) for claim in mine]
    rights = [margins(claim.entry.direction, _scaled(claim, claim.entry.margin)) for claim in mine]
    p = [
        p_of(effect, right) if isinstance(effect, Effect) else math.nan
        for effect, right in zip(effects, rights, strict=True)
    ]
    adjusted = adjust(np.array(p, dtype=np.float64), len(claims))
    return [
        {
            **_declared(claim, made),
            **_found(claim, len(claims), *found),
            **_sides(claim, tables, found[0]),
            **_without(claim, tables, found[0], address),
        }
        for claim, *found in zip(mine, effects, rights, p, adjusted.tolist(), strict=True)
    ]


def _measured(claim: Claim, tables: Tables, address: Callable[..., np.random.Generator]) -> Effect | str:
    """The effect, or why there is none."""
    try:
        return effect_of(claim, tables, address, RESAMPLES)
    except Unmeasured as lack:
        return str(lack)


def _scaled(claim: Claim, margin: float) -> float:
    """A margin on the scale of the effect."""
    return math.log(margin) if claim.metric.scale == "ratio" else margin


def _shown(claim: Claim, number: float) -> float:
    """An effect as it is written: a ratio, or a difference."""
    return float(np.exp(number)) if claim.metric.scale == "ratio" else number


def age(claim: Claim, made: Sequence[Made]) -> str:
    """Whether a claim is older than the data that it is judged by: they all knew it as it stands now."""
    known = known_to({"claims": one.claims} for one in made if claim.rests_on(one.table, one.cell))
    if known is None:
        return NO_DATA
    return BEFORE if known.get(claim.name) == claim.digest else AFTER


def _declared(claim: Claim, made: Sequence[Made]) -> dict[str, Any]:
    """The columns that repeat the declaration, and whether it is older than the data."""
    entry = claim.entry
    return {
        "claim": claim.name,
        **{name: getattr(entry, name) for name in ("statement", "source", "metric", "direction", "margin", "declared")},
        "environments": " ".join(dict.fromkeys(claim.everywhere)),
        "contrast": entry.contrast.in_words,
        "scale": "value" if entry.contrast.second is None else claim.metric.scale,
        **{"table": f"{claim.metric.table}.csv", "figure": claim.metric.figure, "before": age(claim, made)},
        **{"margin_reason": entry.reason, "notes": entry.notes},
    }


def _found(
    claim: Claim, declared: int, effect: Effect | str, right: tuple[float, float], p: float, adjusted: float
) -> dict[str, Any]:
    """The columns that the data fill; `declared` claims share the chance of an error."""
    nothing: dict[str, Any] = dict.fromkeys(FOUND) | {"verdict": UNDETERMINED}
    if isinstance(effect, str):
        return nothing | {"reason": effect}
    if math.isnan(effect.value):
        return nothing | {"reason": "not defined: runs that all agree, or a measure that is not there"}
    judgement = judge(effect, right, p, adjusted, declared)
    numbers = dict(zip(("effect", "low", "high"), _interval(claim, effect), strict=True))
    counts = {"n_seeds": effect.seeds, "runs": effect.runs, "paired": effect.paired}
    return nothing | numbers | counts | judgement._asdict()


def _sides(claim: Claim, tables: Tables, effect: Effect | str) -> dict[str, Any]:
    """What each side has, in words: an interaction may come from either pair."""
    if isinstance(effect, str) or math.isnan(effect.value):
        return {"sides": None}
    numbers = [_shown(claim, number) for number in side_values(claim, tables)]
    return {"sides": claim.entry.contrast.told([f"{x:,.0f}" if x >= 1000 else f"{x:.3g}" for x in numbers])}


def _without(
    claim: Claim, tables: Tables, effect: Effect | str, address: Callable[..., np.random.Generator]
) -> dict[str, Any]:
    """The columns of the effect without the environment on which it hangs most."""
    if isinstance(effect, str) or math.isnan(effect.value):
        return dict.fromkeys(WITHOUT)
    found = without_one(claim, tables, effect, address, RESAMPLES)
    return dict(zip(WITHOUT, (found[0], *_interval(claim, found[1])), strict=True)) if found else dict.fromkeys(WITHOUT)


def _interval(claim: Claim, effect: Effect) -> tuple[float, ...]:
    """Effect and both ends, as they are written."""
    return tuple(_shown(claim, number) for number in (effect.value, *ends(effect)))
