"""What would change the conclusion: the headline asked again with other targets, normalisations and budgets.

Two questions: which family is ahead, and, within a family, whether a structure is ahead of the generic policy. Either
side is its best cell, chosen on other runs than those that judge it (`harness/statistics/contests.py` for the tests,
`duels.py` for the sizes), and p is adjusted over the environments, for each question and reading: as in findings.csv,
whose verdicts are those of the declared readings. All readings of a measure rest on the same splits and resamples:
where they differ, it is the reading that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from harness.interface import Floats
from harness.statistics.bootstrap import Statistic
from harness.statistics.comparisons import holm_known
from harness.statistics.contests import Contest, contest
from harness.statistics.duels import duel, estimate
from harness.statistics.scores import normalised
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED
from harness.tables.contrasts import DIFFERENCE, IQM, RESOLUTION, judge, mean, same_seeds
from harness.tables.curves import values_on
from harness.tables.estimates import Address
from harness.tables.findings import RIVALS, STREAMS, Key
from harness.tables.rivals import by_environment, matches
from harness.tables.structures import SIDES
from harness.tables.write import Row

READINGS = (  # measure, reading; the first of each measure is the declared one
    ("score", "declared"),
    ("score", "half of the budget"),
    ("score", "a quarter of the budget"),
    ("score", "median of raw scores"),
    ("score", "scaled to the best and worst seen"),
    ("steps", "declared"),
    ("steps", "target at 75 % of solved"),
    ("steps", "target at 50 % of solved"),
)
SHARES = (1.0, 0.75, 0.5)  # of the normalised height of `solved`, in the order of the readings
RAW = READINGS.index(("score", "median of raw scores"))
STEPS = [place for place, (measure, _) in enumerate(READINGS) if measure == "steps"]
MEDIAN = partial(np.median, axis=1)
STATISTICS: tuple[Statistic, ...] = tuple(
    mean if measure == "steps" else MEDIAN if place == RAW else IQM for place, (measure, _) in enumerate(READINGS)
)
BASE = [READINGS.index((measure, "declared")) for measure, _ in READINGS]  # the reading each is held against
QUESTION = ("environment", "question", "first", "second", "measure", "reading")
SENSITIVITY = (*QUESTION, *DIFFERENCE, "probability", "p", "p_holm", "ahead", "change")
EVERYWHERE = "all"  # environments, each counted once


class Question(NamedTuple):
    """Two sides of one environment, each with its cells."""

    environment: str
    name: str  # `family`, or `structure, FAMILY`
    names: tuple[str, str]
    sides: tuple[tuple[CellRuns, ...], tuple[CellRuns, ...]]
    budget: int  # the smallest of the environment's cells
    streams: tuple[str, ...]


class Answer(NamedTuple):
    """What the runs say of a question, under every reading."""

    question: Question
    replicates: Floats  # [R, 8] of the difference, in the unit of the reading
    contests: tuple[Contest, ...]  # [8]


def questions(cells: Sequence[CellRuns]) -> Iterator[Question]:
    """Every question that an environment can be asked."""
    groups = by_environment(cells)
    for environment, group in groups.items():
        free, gradient = (
            tuple(sorted((cell for cell in group if cell.record.family == family), key=_key)) for family in RIVALS
        )
        if free and gradient:
            sides, budget = (free, gradient), _smallest_budget(group)
            yield Question(environment, "family", RIVALS, sides, budget, (*STREAMS, environment))
    for (environment, family), several in groupby(matches(groups), key=lambda match: (match.environment, match.family)):
        pairs = [match.sides for match in several]
        structured = tuple(sorted((cell for some, _ in pairs for cell in some), key=_key))
        generic = tuple(sorted({cell.record.key: cell for _, some in pairs for cell in some}.values(), key=_key))
        sides, budget = (structured, generic), _smallest_budget(groups[environment])
        streams = ("tables", "sensitivity", environment, family)
        yield Question(environment, f"structure, {family}", SIDES, sides, budget, streams)


def _key(cell: CellRuns) -> Key:
    return cell.record.key


def _smallest_budget(cells: Sequence[CellRuns]) -> int:
    return min(cell.record.budget for cell in cells)


def readings(cells: Sequence[CellRuns]) -> dict[Key, Floats]:
    """Values [n, 8] of each cell of an environment, larger is better, under every reading."""
    budget = _smallest_budget(cells)
    grid = np.array([budget, budget // 2, budget // 4])
    raw = {cell.record.key: values_on(cell, grid) for cell in cells}  # [n, 3]
    worst = min(float(values[:, 0].min()) for values in raw.values())
    best = max(float(values[:, 0].max()) for values in raw.values())
    found = {}
    for cell in cells:
        record, values = cell.record, raw[cell.record.key]
        span = normalised(values[:, :1], worst, best) if best > worst else np.zeros_like(values[:, :1])
        heights = normalised(values, record.random, record.reference)
        steps = np.minimum(cell.crossings[:, rungs(cell)], budget)  # [n, 3]
        found[record.key] = np.concatenate((heights, values[:, :1], span, -steps), axis=1)
    return found


def rungs(cell: CellRuns) -> list[int]:
    """Places in the ladder: `solved`, and the targets nearest to three quarters and half of its height."""
    record = cell.record
    heights = normalised(record.ladder, record.random, record.reference)
    solved = heights[np.searchsorted(record.ladder, record.solved)]
    return [int(np.abs(heights - share * solved).argmin()) for share in SHARES]


def summary(tables: Floats) -> Floats:
    """Each reading's own statistic of tables [R, N, 8] -> [R, 8]."""
    return np.stack([statistic(tables[..., place]) for place, statistic in enumerate(STATISTICS)], axis=1)


def sensitivity_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """Eight rows per question, for each environment and for all of them together."""
    values: dict[Key, Floats] = {}
    for group in by_environment(cells).values():
        values |= readings(group)
    asked = sorted(questions(cells), key=lambda question: (question.name, question.environment))
    for _, several in groupby(asked, key=lambda question: question.name):
        answers = [answer(question, values, address, resamples) for question in several]
        p = np.array([[one.p for one in found.contests] for found in answers])  # [E, 8]
        adjusted = np.stack([holm_known(column) for column in p.T], axis=1)  # [E, 8]
        for found, mine in zip(answers, adjusted, strict=True):
            yield from answer_rows(found, mine)
        if len(answers) > 1:
            yield from mean_rows(answers)


def answer(question: Question, known: Mapping[Key, Floats], address: Address, resamples: int) -> Answer:
    """One environment: a test for each reading, and the size of what is tested."""
    rng = partial(address, *question.streams)
    first, second = ([known[cell.record.key] for cell in side] for side in question.sides)
    paired, found = same_seeds(*question.sides), []
    for place, (measure, _) in enumerate(READINGS):
        one, other = ([values[:, place].round(RESOLUTION) for values in side] for side in (first, second))
        found.append(contest(rng(measure), one, other, STATISTICS[place], paired=paired))
    replicates = duel(rng("duel"), first, second, summary, resamples).replicates
    replicates[:, STEPS] /= question.budget
    return Answer(question, replicates, tuple(found))


def answer_rows(found: Answer, adjusted: Floats) -> Iterator[Row]:
    """The rows of one environment, p adjusted [8]."""
    names = found.question.names
    ahead = [judge(one.probability, p, names) for one, p in zip(found.contests, adjusted, strict=True)]
    for place, row in enumerate(rows(found.question.environment, found.question, found.replicates, ahead)):
        one = found.contests[place]
        yield {**row, "probability": one.probability, "p": one.p, "p_holm": adjusted[place]}


def mean_rows(answers: Sequence[Answer]) -> Iterator[Row]:
    """The mean of all environments: no test of its own; who is ahead where the interval leaves 0 out."""
    question = answers[0].question
    replicates = np.mean([found.replicates for found in answers], axis=0)
    replicates[:, RAW] = np.nan  # raw scores of different environments have no common unit
    _, low, high = estimate(replicates)
    ahead = np.select([low > 0, high < 0], question.names, UNDETERMINED)
    yield from rows(EVERYWHERE, question, replicates, ahead.tolist())


def rows(environment: str, question: Question, replicates: Floats, ahead: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One row per reading, each held against the declared one of its measure."""
    difference = estimate(replicates)
    for place, reading in enumerate(READINGS):
        yield {
            **dict.fromkeys(SENSITIVITY),
            **dict(zip(QUESTION, (environment, question.name, *question.names, *reading), strict=True)),
            **dict(zip(DIFFERENCE, (float(end[place]) for end in difference), strict=True)),
            "ahead": ahead[place],
            "change": "" if BASE[place] == place else change(ahead[BASE[place]], ahead[place]),
        }


def change(before: str, after: str) -> str:
    """`same`, `opens` (no longer decided), `decides` (decided only so), `turns` (the other side is ahead)."""
    if before == after:
        return "same"
    if UNDETERMINED in (before, after):
        return "decides" if before == UNDETERMINED else "opens"
    return "turns"
