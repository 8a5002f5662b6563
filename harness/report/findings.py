"""Findings: sentences computed from the tables, each with the numbers and the interval that it rests on.

A sentence claims an order only where the table does, and the table only where a test does; otherwise its verdict is
`undetermined`.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from harness.figures.load import Tables
from harness.report.phrases import counted, interval, number, ratio, shown, steps, steps_interval
from harness.report.structures import Contest, contests, side, tested

Finding: TypeAlias = tuple[str, str]  # verdict, sentence
UNDETERMINED = "undetermined"
FAMILY_NAMES = {"gradient-free": "gradient-free search", "policy-gradient": "policy gradients"}
LEVEL = 0.05
ROUNDING = 1e-12


def environment_findings(tables: Tables) -> tuple[Finding, ...]:
    """One finding per environment: the best cell of each family, and which is ahead."""
    budgets = tables.scores.set_index(["environment", "policy", "algorithm"])["budget"].to_dict()
    return tuple(_environment(row, budgets) for row in tables.findings.to_dict("records"))


def _environment(row: dict[str, Any], budgets: dict[tuple[str, str, str], float]) -> Finding:
    """The sentences of one environment."""
    sides = [side for side in ("free", "gradient") if row[f"{side}_n"] > 0]
    if not sides:
        return UNDETERMINED, f"{row['environment']}: no run yet."
    if len(sides) == 1:
        missing = FAMILY_NAMES[_family("gradient" if sides == ["free"] else "free")]
        return "", f"{row['environment']}: {_cell(row, sides[0])}. There is no run of {missing} to compare with."
    chance = f"{shown(row['probability'], row['low'], row['high'])} (p\u00a0=\u00a0{number(row['p'], 2)})"
    first = f"{row['environment']}: {_cell(row, 'free')}; {_cell(row, 'gradient')}."
    second = f"A gradient-free run scores higher than a policy-gradient run with probability {chance}"
    second += ": the order is open." if row["ahead"] == UNDETERMINED else "."
    allowed = {budgets.get((row["environment"], row[f"{side}_policy"], row[f"{side}_algorithm"])) for side in sides}
    third = _speed(row) + ("" if len(allowed) == 1 else " The two had different budgets.")
    verdict = UNDETERMINED if row["ahead"] == UNDETERMINED else f"{row['ahead']} ahead"
    return verdict, f"{first} {second} {third}".strip()


def _family(side: str) -> str:
    return "gradient-free" if side == "free" else "policy-gradient"


def _cell(row: dict[str, Any], side: str) -> str:
    """The best cell of one family in words."""
    score = interval(row[f"{side}_iqm"], row[f"{side}_low"], row[f"{side}_high"])
    return (
        f"the best {_family(side)} cell is {row[f'{side}_algorithm']} with {row[f'{side}_policy']} "
        f"(P = {row[f'{side}_parameters']:.0f}), scoring {score} over {counted(int(row[f'{side}_n']), 'run')}"
    )


def _speed(row: dict[str, Any]) -> str:
    """Which of the two cells needs fewer steps to the threshold."""
    free, gradient = row["free_ert"], row["gradient_ert"]
    reached = [name for name, time in (("gradient-free", free), ("policy-gradient", gradient)) if math.isfinite(time)]
    if not reached:
        return "Neither reached the threshold."
    if len(reached) == 1:
        time = free if reached == ["gradient-free"] else gradient
        return f"Only the {reached[0]} cell reached the threshold, in {steps(time)} expected steps."
    times = f"Expected steps to the threshold: {steps(free)} gradient-free against {steps(gradient)} policy gradient"
    if not math.isfinite(row["ert_ratio"]):
        return f"{times}."
    words = ratio(row["ert_ratio"], row["ert_ratio_low"], row["ert_ratio_high"])
    if row["faster"] == UNDETERMINED:
        return f"{times}, a ratio of {words}: the order is open."
    return f"{times}, a ratio of {words}: {row['faster']} is faster."


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


def structure_findings(tables: Tables) -> tuple[Finding, ...]:
    """For every environment and family with several structures: the best one against the generic policy."""
    return tuple(_structures(contest) for contest in contests(tables))


def _structures(contest: Contest) -> Finding:
    """Both sides, how many of their runs reached the threshold, and the test."""
    cells = (contest.structured, contest.generic)
    sides = [f"{side(cell)} by {cell['algorithm']}" for cell in cells]
    text = f"{contest.environment}, {FAMILY_NAMES[contest.family]}: {sides[0]}; generic {sides[1]}."
    reached = [f"{cell['success_rate'] * cell['n']:.0f} of {cell['n']:.0f}" for cell in cells]
    text = f"{text} Solved by {reached[0]} and {reached[1]} runs; {tested(contest)}"
    if contest.decided:
        return f"{contest.sides[0]['policy']} ahead", f"{text}."
    return UNDETERMINED, f"{text}: the order is open."


def pair_finding(comparisons: pd.DataFrame) -> tuple[Finding, ...]:
    """How many pairs of algorithms the data tell apart."""
    tested = comparisons[np.isfinite(comparisons["p_holm"])]
    if tested.empty:
        return ()
    apart = int((tested["p_holm"] < LEVEL).sum())
    sentence = (
        f"Of {counted(len(tested), 'pair')} of algorithms on the same structure and environment, {apart} are told "
        f"apart by their scores at the {LEVEL:.0%} level, corrected by Holm's method within each environment and "
        "structure."
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


def ert_text(row: dict[str, Any]) -> str:
    """One cell of the table of steps to the threshold."""
    times = steps_interval(row["ert"], row["ert_low"], row["ert_high"])
    return f"{times} · {row['success_rate'] * row['n']:.0f}/{row['n']:.0f}"
