"""The answer on the first page: where structure paid, where data paid, who needed fewer steps, what stays open."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from harness.figures.load import Tables
from harness.report.findings import FAMILY_NAMES, UNDETERMINED
from harness.report.frontier import exchange_answer, frontier_answer
from harness.report.phrases import MINUS, counted, listed, number, ratio, shown
from harness.report.structures import Contest, contests, side

Point: TypeAlias = tuple[str, str]  # a lead, and what follows it
Row: TypeAlias = dict[str, Any]  # of findings.csv
CLOSE = 0.01  # of the normalised score: smaller differences are named as such
WORDS = (
    "Scores are normalised, 0 for the random policy and 1 for a fixed reference, at an equal budget of environment "
    "steps; brackets are 95 % intervals; P counts the parameters of a policy. The generic policy of an environment is "
    "the one with the most parameters: structures are compared with it by the algorithms that "
    "ran on both, with p corrected for all such contests; families by their best cell, an algorithm with a structure."
)


def answer(tables: Tables) -> tuple[Point, ...]:
    """Leads and sentences, every number from the tables."""
    rows = [row for row in tables.findings.to_dict("records") if row["free_n"] > 0 and row["gradient_n"] > 0]
    found = contests(tables)
    if not rows and not found:
        return (("", "There is no result yet." if tables.findings.empty else "There is nothing to compare yet."),)
    return (
        *_structure(found),
        *exchange_answer(tables.exchange),
        *_families(rows, tables),
        *frontier_answer(tables.frontier),
        *_open(rows, found),
        ("How to read this.", WORDS),
    )


def _structure(found: Sequence[Contest]) -> list[Point]:
    """Where structure paid, and where the generic policy did."""
    if not found:
        return []
    paid = [contest for contest in found if contest.decided and contest.structure_ahead]
    lost = [contest for contest in found if contest.decided and not contest.structure_ahead]
    return [
        ("Structure paid", _contests(paid)),
        ("A generic policy paid", _contests(lost)),
    ]


def _contests(decided: Sequence[Contest]) -> str:
    """The contests won by one side, winner first."""
    if not decided:
        return "in no environment, as far as these runs decide."
    parts = []
    for contest in decided:
        winner, loser = map(side, contest.sides)
        p = number(contest.test["p_holm"], 2)
        family = FAMILY_NAMES[contest.family]
        parts.append(f"in {contest.environment} for {family}: {winner} against {loser}, p\u00a0=\u00a0{p}")
    return f"{'; '.join(parts)}."


def _families(rows: Sequence[Row], tables: Tables) -> list[Point]:
    """Who needed fewer steps and who scored higher, each family with its best structure and algorithm."""
    if not rows:
        return []
    reached = {_key(row): (row["success_rate"] * row["n"], row["n"]) for row in tables.dimension.to_dict("records")}
    scores = {_key(row): row["normalised_iqm"] for row in tables.scores.to_dict("records")}
    return [
        ("Fewer steps until solved:", _won(rows, "faster", lambda row: _steps(row, reached))),
        ("Higher score at the budget:", _won(rows, "ahead", lambda row: _score(row, scores))),
    ]


def _won(rows: Sequence[Row], column: str, describe: Callable[[Row], str]) -> str:
    """For each family the environments in which it won, with the numbers."""
    parts = []
    for family, name in FAMILY_NAMES.items():
        won = [describe(row) for row in rows if row[column] == family]
        if won:
            parts.append(f"{name} in {len(won)} of {counted(len(rows), 'environment')} ({'; '.join(won)})")
    return f"{'; '.join(parts)}." if parts else "nowhere decided."


def _key(row: Row, side: str = "") -> tuple[str, str, str]:
    return row["environment"], row[f"{side}policy"], row[f"{side}algorithm"]


def _steps(row: Row, reached: dict[tuple[str, str, str], tuple[float, float]]) -> str:
    """How many times fewer steps, or that only one family got there."""
    free = row["faster"] == "gradient-free"
    values = [row[name] for name in ("ert_ratio", "ert_ratio_low", "ert_ratio_high")]
    if not free:
        values = [1.0 / value if value else math.inf for value in (values[0], values[2], values[1])]
    if math.isfinite(values[0]):
        return f"{row['environment']}, {ratio(*values)} times fewer"
    successes, n = reached[_key(row, "free_" if free else "gradient_")]
    return f"{row['environment']}, solved by {successes:.0f} of its {n:.0f} runs and none of the other's"


def _score(row: Row, scores: dict[tuple[str, str, str], float]) -> str:
    """Both scores, and the probability that a run of the winner is the higher one."""
    free, gradient = scores[_key(row, "free_")], scores[_key(row, "gradient_")]
    chance = [row["probability"], row["low"], row["high"]]
    if row["ahead"] == "gradient-free":
        high, low = free, gradient
    else:
        high, low, chance = gradient, free, [1.0 - chance[0], 1.0 - chance[2], 1.0 - chance[1]]
    values = "less than 0.01 apart" if abs(high - low) < CLOSE else f"{high:.2f} against {low:.2f}".replace("-", MINUS)
    test = f"p\u00a0=\u00a0{number(row['p'], 2)}"
    return f"{row['environment']}, {values}; its run is the higher one with probability {shown(*chance)}, {test}"


def _open(rows: Sequence[Row], found: Sequence[Contest]) -> list[Point]:
    """What the runs do not decide."""
    parts = []
    for column, words in (("ahead", "which family scores higher"), ("faster", "which family needs fewer steps")):
        names = [str(row["environment"]) for row in rows if row[column] == UNDETERMINED]
        if names:
            parts.append(f"{words} in {listed(names)}")
    undecided: dict[str, list[str]] = {}
    for contest in found:
        if not contest.decided:
            undecided.setdefault(contest.environment, []).append(FAMILY_NAMES[contest.family])
    names = [f"{environment} ({listed(families)})" for environment, families in undecided.items()]
    if names:
        parts.append(f"whether structure helps in {listed(names)}")
    text = f"{'; '.join(parts)}. That does not mean equal: these runs do not decide."
    return [("Undetermined:", text)] if parts else []
