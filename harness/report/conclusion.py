"""The answer in one paragraph: what structure was worth to which family, and how much stays open.

Programs stand apart from other structures: they alone know the problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pandas as pd

from harness.figures.load import Tables
from harness.report.blocks import Point, Said
from harness.report.findings import UNDETERMINED
from harness.report.phrases import counted, listed, tally

PROGRAM = "program"  # and programs.NAME: labels of policies with parameters that mean something
Count: TypeAlias = tuple[str, str, int, int, int]  # kind, unit, contests, won by the structure, by the generic policy
SIDES = {"gradient-free": "gradient-free search", "policy-gradient": "policy gradients"}


def conclusion(tables: Tables) -> Point:
    """The paragraph; a sentence for which there are no data is left out."""
    sentences = (
        Said(short(tables.structures), ("structures",)),
        Said(scores(tables.structures), ("structures",)),
        Said(data(tables.structures), ("structures",)),
        Said(starts(tables.runs), ("runs",)),
        Said(undecided(tables), ("findings", "frontier")),
    )
    return Point("", tuple(said for said in sentences if said.text))


def short(structures: pd.DataFrame) -> str:
    """In plain words: what the contests that are decided say of steps until solved, by family and kind."""
    if len(structures) and not structures["faster"].isin(["structure", "generic"]).any():
        return "These runs do not show that a structure saves data, nor that it costs any."
    parts = []
    for words, counts in _counted(structures, "faster"):
        kinds: dict[str, list[str]] = {}
        for kind, _, _, won, lost in counts:
            kinds.setdefault(_effect(won, lost), []).append(kind)
        parts.append(f"with {words} {', '.join(f'{listed(names)} {effect}' for effect, names in kinds.items())}")
    return f"Where these runs decide, {'; '.join(parts)}." if parts else ""


def _effect(won: int, lost: int) -> str:
    """What a structure does to the data that are needed, from how often it needed fewer steps and how often more."""
    if won and lost:
        return "save data in some places and cost it in others"
    return "save data" if won else "cost data" if lost else "are not shown to save data or to cost it"


def scores(structures: pd.DataFrame) -> str:
    """How often a structure scores higher than the largest network, and how often lower, by family and kind."""
    counts = _counts(structures, "ahead", "score higher", "lower")
    return f"At an equal budget, against the largest network, {counts}; the rest is undetermined." if counts else ""


def data(structures: pd.DataFrame) -> str:
    """How often it needs fewer steps until solved, and how often more."""
    counts = _counts(structures, "faster", "need fewer steps", "more")
    return f"Until solved, {counts}." if counts else ""


def _counts(structures: pd.DataFrame, column: str, better: str, worse: str) -> str:
    """`with F programs B in 1 of 4 environments and W in none, other structures B in ...` for each family."""
    parts = []
    for words, counts in _counted(structures, column):
        kinds = [
            f"{kind} {better} in {tally(won)} of {counted(asked, unit)} and {worse} in {tally(lost)}"
            for kind, unit, asked, won, lost in counts
        ]
        parts.append(f"with {words} {', '.join(kinds)}")
    return "; ".join(parts)


def _counted(structures: pd.DataFrame, column: str) -> Iterator[tuple[str, list[Count]]]:
    """The contests of each family, in words, by kind of structure."""
    known = structures.assign(program=structures["structure_policy"].str.startswith(PROGRAM))
    for family, words in SIDES.items():
        counts = []
        for program, kind, unit in ((True, "programs", "environment"), (False, "other structures", "pair")):
            rows = known[(known["family"] == family) & (known["program"] == program)]
            if len(rows):
                won, lost = (int((rows[column] == side).sum()) for side in ("structure", "generic"))
                counts.append((kind, unit, len(rows), won, lost))
        if counts:
            yield words, counts


def starts(runs: pd.DataFrame) -> str:
    """How many programs began as a solution: what the structure knows, not what was learnt.

    All methods start a seed with the same parameters; a start solves if it still did at a run's second evaluation.
    """
    rows = runs[runs["policy"].str.startswith(PROGRAM) & (runs["status"] == "finished")]
    if rows.empty:
        return ""
    solved = rows["steps_to_solved"].eq(0).groupby([rows[name] for name in ("environment", "policy", "seed")]).any()
    share = f"{tally(int(solved.sum()))} of {counted(len(solved), 'start')}"
    return f"A program drawn at random solves its environment before any data in {share}."


def undecided(tables: Tables) -> str:
    """How much the runs leave open."""
    rows = tables.findings[(tables.findings["free_n"] > 0) & (tables.findings["gradient_n"] > 0)]
    places = tables.frontier[np.isfinite(tables.frontier["probability"])]
    parts = []
    if len(rows):
        scores, speed = (int((rows[column] == UNDETERMINED).sum()) for column in ("ahead", "faster"))
        parts.append(f"which family scores higher in {tally(scores)} of {counted(len(rows), 'environment')}")
        parts.append(f"which one needs fewer steps in {tally(speed)}")
    if len(places):
        share = (places["ahead"] == UNDETERMINED).mean()
        parts.append(f"which is ahead on {100 * share:.0f}\u00a0% of the map of policies and data")
    return f"Not told apart, which does not mean equal: {listed(parts)}." if parts else ""
