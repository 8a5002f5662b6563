"""What verifying found, as text: each run, the platforms side by side, and what was promised."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.cell import SHORT
from harness.verify.claims import changed_sources
from harness.verify.judgement import DIFFERENT, EXACT, WITHIN, Judgement
from harness.verify.platforms import Fact, differing

SCOPE = (
    "Equal bits are promised for the same sources, the same lock file, the same system and libc and the same family of "
    "CPUs (maker and vector instructions), on any number of cores, in any order, in blocks of any size."
)


def lines(judgements: Sequence[Judgement], now: dict[str, Any]) -> Iterator[str]:
    """The whole report.

    Args:
        judgements: one for each run.
        now: the provenance of this process.
    """
    for judgement in judgements:
        yield from _run(judgement)
    for recorded, names in _platforms(judgements):
        yield from _side_by_side(differing(recorded, now), names)
    yield ""
    yield summary(judgements)
    yield from _odds(judgements)
    if edited := sum(judgement.other_code for judgement in judgements):
        yield f"The sources of {edited} of these runs have changed since they were recorded."
    yield SCOPE


def summary(judgements: Sequence[Judgement]) -> str:
    """`3 EXACT, 1 WITHIN, 0 DIFFERENT`."""
    verdicts = [judgement.verdict for judgement in judgements]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in (EXACT, WITHIN, DIFFERENT))


def _run(judgement: Judgement) -> Iterator[str]:
    claim = judgement.claim
    yield f"  {judgement.verdict:<10}{claim.name}  {claim.digest[:SHORT]}"
    if judgement.reason:
        yield f"            {judgement.reason}"
    if judgement.difference:
        yield f"            first difference: {judgement.difference}"
    if judgement.verdict != EXACT and judgement.other_code:
        yield f"            the sources have changed: code {claim.code[:SHORT]} recorded, {judgement.code[:SHORT]} now"
        if changed := changed_sources(claim):
            yield f"            changed: {', '.join(changed)}"


def _platforms(judgements: Iterable[Judgement]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The distinct recorded provenances of the runs that are not exact, and those runs."""
    groups: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.verdict != EXACT:
            groups.setdefault(json.dumps(judgement.claim.provenance, sort_keys=True), []).append(judgement)
    for group in groups.values():
        yield group[0].claim.provenance, [judgement.claim.digest[:SHORT] for judgement in group]


def _side_by_side(facts: Sequence[Fact], runs: Sequence[str]) -> Iterator[str]:
    yield ""
    yield f"Platform recorded for {', '.join(runs)} and platform now:"
    if not facts:
        yield "  no fact differs"
        return
    rows = [("fact", "recorded", "now"), *((fact.name, fact.recorded, fact.now) for fact in facts)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    marks = [" ", *("*" if fact.binding else " " for fact in facts)]
    for mark, (name, recorded, now) in zip(marks, rows, strict=True):
        yield f"  {mark} {name:<{widths[0]}}  {recorded:<{widths[1]}}  {now}"
    if any(fact.binding for fact in facts):
        yield "  * outside the promise of equal bits"


def _odds(judgements: Sequence[Judgement]) -> Iterator[str]:
    """How many of the reruns that were not exact lay outside, and how many would by chance alone."""
    tested = [judgement for judgement in judgements if judgement.outside is not None]
    if tested:
        expected = sum(judgement.outside or 0.0 for judgement in tested)
        outside = sum(judgement.verdict == DIFFERENT for judgement in tested)
        yield (
            f"Of {len(tested)} that are not exact, {outside} lie outside the interval of their cell; "
            f"of as many fresh runs {expected:.1f} would, on average."
        )
