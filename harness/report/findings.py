"""Findings: sentences computed from the tables, each with the numbers and the interval that it rests on.

A sentence claims an order only where the table does, and the table only where a test does; otherwise its verdict is
`undetermined`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from harness.figures.load import Tables
from harness.report.blocks import Cell, Table
from harness.report.phrases import (
    MINUS,
    NOTHING,
    chance,
    counted,
    interval,
    number,
    shown,
    steps,
    steps_interval,
    tally,
)
from harness.report.seeds import TOO_FEW, judged
from harness.report.structures import Contest, contests, side

Finding: TypeAlias = tuple[str, str]  # verdict, sentence
UNDETERMINED = "undetermined"
CHANCE = (
    "p tests the chance that a run of one side is better than a run of the other, ties counted half: not the "
    "difference or the steps beside it, whose interval is of another effect."
)
FAMILIES = (
    "Which family is ahead. The best cells are described by the runs that made them the best; differences and steps "
    "are those of cells chosen on other runs than those that judge them, up to the smallest budget. Difference: "
    "normalised score, gradient-free − policy-gradient. Steps: restricted mean until solved, gradient-free against "
    f"policy-gradient, and how many fewer. {CHANCE} This p is corrected for all environments; intervals are wider than "
    "the test."
)
CONTESTS = (
    "Whether the best structure is ahead of the generic policy. The best cells are described by the runs that made "
    "them the best; differences and steps are those of algorithms chosen on other runs than those that judge them, up "
    "to the smallest budget. Difference: normalised score, structure − generic. Steps: restricted mean until solved, "
    f"structure against generic, and how many fewer. {CHANCE} This p is corrected for all structures of all "
    "environments and families."
)
FAMILY_NAMES = {"gradient-free": "gradient-free search", "policy-gradient": "policy gradients"}
VERDICTS = ("ahead", "faster")
LEVEL = 0.05
ROUNDING = 1e-12


def family_table(findings: pd.DataFrame) -> tuple[Table, ...]:
    """One row per environment: the best cell of each family, who scores higher, and who needs fewer steps."""
    known = findings[(findings["free_n"] > 0) | (findings["gradient_n"] > 0)]
    rows = tuple(_environment(row) for row in known.to_dict("records"))
    columns = (
        "environment",
        "best gradient-free cell",
        "best policy-gradient cell",
        "score, difference",
        "steps saved",
    )
    return (Table(FAMILIES, columns, (False,) * 5, rows),) if rows else ()


def _environment(row: dict[str, Any]) -> tuple[Cell, ...]:
    """The cells of one environment."""
    start = (Cell(row["environment"]), *(Cell(_cell(row, side)) for side in ("free", "gradient")))
    if not (row["free_n"] > 0 and row["gradient_n"] > 0):
        return (*start, Cell(NOTHING), Cell(NOTHING))
    return (*start, *_contrast(row, "free", "gradient", [family_verdict(row, name) for name in VERDICTS]))


def family_verdict(row: dict[str, Any], name: str) -> str:
    """Who is ahead or faster; equally many runs are paired, since all cells of a study have its seeds."""
    return judged(row[name], row["free_n"], row["gradient_n"], paired=row["free_n"] == row["gradient_n"])


def _contrast(row: dict[str, Any], first: str, second: str, verdicts: Sequence[str]) -> tuple[Cell, Cell]:
    """By how much one side scores higher, and how many steps it saves, each with its verdict."""
    if math.isnan(row["p"]):
        return Cell("", verdict=TOO_FEW), Cell("", verdict=TOO_FEW)
    lead = shown(row["difference"], row["difference_low"], row["difference_high"])
    fewer = [float(row[name]) for name in ("saved", "saved_low", "saved_high")]
    ends = [f"{MINUS if value < 0 else ''}{steps(abs(value))}" for value in fewer]
    saved = (
        f"{steps(row[f'{first}_steps'])} against {steps(row[f'{second}_steps'])}: {ends[0]} [{ends[1]}, {ends[2]}], "
        f"{chance(row['steps_p_holm'])}"
    )
    score = f"{lead}, {chance(row['p_holm'])}"
    return Cell(score, verdict=verdicts[0]), Cell(saved, verdict=verdicts[1])


def _cell(row: dict[str, Any], side: str) -> str:
    """The best cell of one family in words."""
    if not row[f"{side}_n"] > 0:
        return "no run"
    score = interval(row[f"{side}_iqm"], row[f"{side}_low"], row[f"{side}_high"])
    size, runs = f"P\u00a0=\u00a0{row[f'{side}_parameters']:.0f}", counted(int(row[f"{side}_n"]), "run")
    return f"{row[f'{side}_algorithm']}, {row[f'{side}_policy']} ({size}): {score}; {runs}"


def family_findings(summary: pd.DataFrame) -> tuple[Finding, ...]:
    """The families over all environments, only where they have the same environments."""
    rows = summary[(summary["level"] == "family") & summary["family"].isin(list(FAMILY_NAMES)) & (summary["n"] > 0)]
    if len(rows) != 2:
        return ()
    free, gradient = (rows[rows["family"] == family].iloc[0] for family in FAMILY_NAMES)
    texts = [shown(row["normalised_iqm"], row["normalised_low"], row["normalised_high"]) for row in (free, gradient)]
    start = (
        f"Over all their runs, gradient-free search has a normalised score of {texts[0]} "
        f"({counted(int(free['n']), 'run')}) and policy gradients of {texts[1]} ({counted(int(gradient['n']), 'run')})"
    )
    if free["environments"] != gradient["environments"]:
        return ((UNDETERMINED, f"{start}, but not in the same environments: the two numbers are not comparable."),)
    end = "They describe this study's mixture of algorithms and structures, not the families at their best."
    return (("", f"{start}. {end}"),)


def structure_table(tables: Tables) -> tuple[Table, ...]:
    """For every environment and family with several structures: the best one against the generic policy."""
    rows = tuple(_structures(contest) for contest in contests(tables))
    sides = ("best structure", "generic policy", "solved")
    columns = ("environment", "family", *sides, "score, difference", "steps saved")
    return (Table(CONTESTS, columns, (False,) * 7, rows),) if rows else ()


def _structures(contest: Contest) -> tuple[Cell, ...]:
    """Both sides, how many of their runs reached the threshold, and the tests."""
    cells = (contest.structured, contest.generic)
    sides = [Cell(f"{side(cell)} by {cell['algorithm']}") for cell in cells]
    reached = [f"{cell['success_rate'] * cell['n']:.0f}/{cell['n']:.0f}" for cell in cells]
    solved = Cell(" and ".join(reached))
    row = contest.test
    numbers = row["structure_n"], row["generic_n"]
    verdicts = [judged(row[name], *numbers, paired=row["paired"]) for name in VERDICTS]
    tests = _contrast(row, "structure", "generic", verdicts)
    return (Cell(contest.environment), Cell(contest.family), *sides, solved, *tests)


def pair_finding(comparisons: pd.DataFrame) -> tuple[Finding, ...]:
    """How many pairs of algorithms the data tell apart."""
    tested = comparisons[np.isfinite(comparisons["p_holm"])]
    if tested.empty:
        return ()
    apart = int((tested["p_holm"] < LEVEL).sum())
    sentence = (
        f"Of {counted(len(tested), 'pair')} of algorithms on the same structure and environment, "
        f"{tally(apart)} {'is' if apart == 1 else 'are'} told apart by their scores at the {100 * LEVEL:.0f}\u00a0% "
        "level, corrected by Holm's method within each environment and structure."
    )
    return (("", sentence),)


def gap_findings(scores: pd.DataFrame) -> tuple[Finding, ...]:
    """Where the optimum is known: who comes closest, in the problem's own units."""
    known = scores[np.isfinite(scores["gap_median"]) & scores["family"].isin(list(FAMILY_NAMES))]
    return tuple(("", _gap(str(environment), group)) for environment, group in known.groupby("environment"))


def gap(value: float) -> str:
    """A gap; what lies within rounding of the optimum is 0."""
    return "0" if abs(value) < ROUNDING else number(value, 3)


def _gap(environment: str, cells: pd.DataFrame) -> str:
    """The smallest and the largest median gap, of those that do not know the model."""
    order = cells.sort_values(["gap_median", "algorithm"])
    best, worst = order.iloc[0], order.iloc[-1]
    return (
        f"{environment}: the optimum is known. The smallest median optimality gap is that of {best['algorithm']} with "
        f"{best['policy']}, {gap(best['gap_median'])} (largest over seeds {gap(best['gap_maximum'])}); the "
        f"largest median is that of {worst['algorithm']} with {worst['policy']}, {gap(worst['gap_median'])}."
    )


def completeness_sentence(runs: pd.DataFrame) -> str:
    """How many runs there are."""
    counts = runs["status"].value_counts()
    finished, diverged, missing = (int(counts.get(status, 0)) for status in ("finished", "diverged", "missing"))
    return (
        f"Of {counted(len(runs), 'run')} that the study asks for, {finished} finished, {diverged} diverged and "
        f"{missing} {'is' if missing == 1 else 'are'} missing. Diverged runs count in every statistic; missing runs "
        "count in none."
    )


def ert_text(row: dict[str, Any], mean: float) -> str:
    """One cell of the table of steps to the threshold: ERT, restricted mean, runs that reached it."""
    times = steps_interval(row["ert"], row["ert_low"], row["ert_high"])
    return f"{times} · {steps(mean)} · {row['success_rate'] * row['n']:.0f}/{row['n']:.0f}"


def ratio_sentences(ratios: pd.DataFrame) -> tuple[str, ...]:
    """How many pairs of cells that differ in one thing are told apart by their restricted means."""
    sides = {"family": ("the gradient-free method", "the policy gradient"), "structure": ("the smaller", "the larger")}
    words = {"family": "of two methods on one structure", "structure": "of one method on two structures"}
    sentences = []
    for contrast, rows in ratios.groupby("contrast"):
        name, counts = str(contrast), rows["faster"].value_counts()
        won = [tally(int(counts.get(place, 0))) for place in ("first", "second", UNDETERMINED)]
        sentences.append(
            f"{counted(len(rows), 'pair')} {words[name]}: {sides[name][0]} needs fewer steps in {won[0]}, "
            f"{sides[name][1]} in {won[1]}; {won[2]} undetermined."
        )
    return tuple(sentences)
