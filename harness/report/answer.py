"""The answer on the first page: the paragraph, where structure paid and data paid, who was ahead, what stays open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from harness.figures.load import Tables
from harness.report.blocks import Point, Said
from harness.report.conclusion import conclusion
from harness.report.findings import FAMILY_NAMES, UNDETERMINED, VERDICTS, family_verdict
from harness.report.frontier import exchange_answer, frontier_answer
from harness.report.laboratory import laboratory_answer
from harness.report.phrases import chance, counted, listed, shown, steps
from harness.report.seeds import TOO_FEW
from harness.report.structures import Contest, contests, named

Row: TypeAlias = dict[str, Any]  # of findings.csv
CLOSE = 0.01  # of the normalised score: smaller differences are named as such
WORDS = (
    "Scores are normalised, 0 for the random policy (for LQR, no action) and 1 for a fixed reference, at an equal "
    "budget of environment steps; brackets are 95 % intervals; P counts the parameters of a policy. The generic "
    "policy of an environment is its network with the most parameters. Structures (programs, linear, low rank, "
    "features, trees) are compared with it by the algorithms that ran on both; subspaces of a network, duplicated and "
    "nuisance features change the dimension alone and are no structures; a pair is a structure in an environment. "
    "Families are compared by their best cell, an algorithm with a policy. The algorithm of a structure and the cell "
    "of a family are chosen on other runs than those that judge; the best structure is named on all, with p corrected "
    "for every structure, and its interval is not. Tests ask how often a run of one side beats one of the other: they "
    "may decide where the interval of the difference holds 0. Steps are counted up to the budget."
)


def answer(tables: Tables, notes: str = "") -> tuple[Point, ...]:
    """Leads and sentences, every number from the tables; before the words what the study says that one must know."""
    known = [Point("To know of these runs:", (Said(notes.strip()),))] if notes else []
    rows = [row for row in tables.findings.to_dict("records") if row["free_n"] > 0 and row["gradient_n"] > 0]
    found = contests(tables)
    measured = laboratory_answer(tables.laboratory)
    if not rows and not found:
        text = "There is no result yet." if tables.findings.empty else "There is nothing to compare yet."
        return (*measured, *known) if measured else (Point("", (Said(text),)),)
    return (
        *([] if found else measured),
        conclusion(tables),
        *_structure(found),
        *exchange_answer(tables.exchange, tables.structures),
        *_families(rows),
        *frontier_answer(tables.frontier),
        *(measured if found else []),
        *_open(rows, found),
        *known,
        Point("How to read this.", (Said(WORDS),)),
    )


def _structure(found: Sequence[Contest]) -> list[Point]:
    """Where structure paid, and where the generic policy did."""
    if not found:
        return []
    paid = [contest for contest in found if contest.decided and contest.structure_ahead]
    lost = [contest for contest in found if contest.decided and not contest.structure_ahead]
    sources = ("structures", "dimension")
    return [
        Point("The best structure scored higher", (Said(_contests(paid), sources),)),
        Point("The generic policy scored higher than the best structure", (Said(_contests(lost), sources),)),
    ]


def _contests(decided: Sequence[Contest]) -> str:
    """The contests won by one side, winner first."""
    if not decided:
        return "in no environment, as far as these runs decide."
    parts = []
    for contest in decided:
        winner, loser = map(named, contest.sides)
        where = f"in {contest.environment} for {FAMILY_NAMES[contest.family]}"
        size = _lead(contest.test, contest.structure_ahead)
        parts.append(f"{where}: {winner} against {loser}, by {size}, {chance(contest.test['p_holm'])}")
    return f"{'; '.join(parts)}."


def _families(rows: Sequence[Row]) -> list[Point]:
    """Who needed fewer steps and who scored higher, each family by its best structure and algorithm."""
    if not rows:
        return []
    return [
        Point("Fewer steps until solved:", (Said(_won(rows, "faster", _steps), ("findings",)),)),
        Point("Higher score at the budget:", (Said(_won(rows, "ahead", _score), ("findings",)),)),
    ]


def _won(rows: Sequence[Row], column: str, describe: Callable[[Row], str]) -> str:
    """For each family the environments in which it won, with the numbers."""
    parts = []
    for family, name in FAMILY_NAMES.items():
        won = [describe(row) for row in rows if row[column] == family]
        if won:
            parts.append(f"{name} in {len(won)} of {counted(len(rows), 'environment')} ({'; '.join(won)})")
    return f"{'; '.join(parts)}." if parts else "nowhere decided."


def _steps(row: Row) -> str:
    """Both mean numbers of steps, and how surprising they would be of equals."""
    pair = (row["free_steps"], row["gradient_steps"])
    fewer, more = pair if row["faster"] == "gradient-free" else pair[::-1]
    other = f"{steps(more)}" if more < row["horizon"] else f"none within {steps(more)}"
    return f"{row['environment']}, {steps(fewer)} against {other}, {chance(row['steps_p_holm'])}"


def _score(row: Row) -> str:
    """By how much, and how surprising it would be of equals."""
    size = _lead(row, row["ahead"] == "gradient-free")
    return f"{row['environment']}, by {size}, {chance(row['p_holm'])}"


def _lead(row: Row, first: bool) -> str:
    """The difference of the scores, as a lead of the first side or of the second."""
    value, low, high = (row[name] for name in ("difference", "difference_low", "difference_high"))
    lead = (value, low, high) if first else (-value, -high, -low)
    return "less than 0.01" if abs(value) < CLOSE else shown(*lead)


def _open(rows: Sequence[Row], found: Sequence[Contest]) -> list[Point]:
    """What the runs do not decide."""
    parts = []
    for column, words in (("ahead", "which family scores higher"), ("faster", "which family needs fewer steps")):
        names = [str(row["environment"]) for row in rows if row[column] == UNDETERMINED]
        if names:
            parts.append(Said(f"{words} in {listed(names)};", ("findings",)))
    undecided: dict[str, list[str]] = {}
    for contest in found:
        if not contest.decided:
            undecided.setdefault(contest.environment, []).append(FAMILY_NAMES[contest.family])
    names = [f"{environment} ({listed(families)})" for environment, families in undecided.items()]
    if names:
        parts.append(Said(f"whether the best structure scores higher in {listed(names)};", ("structures",)))
    if not parts:
        return []
    few = [str(row["environment"]) for row in rows if TOO_FEW in {family_verdict(row, name) for name in VERDICTS}]
    if few:
        parts.append(Said(f"no test could decide between the families in {listed(few)}: too few seeds;", ("findings",)))
    last = Said(f"{parts[-1].text[:-1]}.", parts[-1].sources)
    return [Point("Undetermined:", (*parts[:-1], last))]
