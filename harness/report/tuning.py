"""The section on tuning: what it was worth, what it cost, and how sensitive each method is to its settings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.figures.load import Tables
from harness.figures.order import algorithm_order, policy_order
from harness.report.blocks import Block, Table, Text, plain_table
from harness.report.phrases import NOTHING, counted, fixed, listed, shown, steps, tally

RULE = (
    "For every algorithm the same number of settings was tried with the same seeds and the same budget: its default, "
    "and draws from the search space that is declared beside its settings. A run ends with the turn that reaches or "
    "passes its budget, so that the steps charged differ. A draw is the same setting in every "
    "environment. The score is the area under the normalised learning curve, of each run at least −1, averaged over "
    "tuning seeds; the highest wins, of equal ones the earlier draw; "
    "a setting whose first turn uses up the budget in every run cannot win where another comes to a second "
    "(a rule on turns, not on scores, added when the first runs of the studies had shown such settings). "
    "Winners then ran on fresh seeds: on the tuning seeds the best of many looks better than it is."
)
CELL = ["environment", "policy", "algorithm"]
TIE = 0.001  # of the score: a setting so near to the best might as well have won
COLUMNS = ("algorithm", "structure", "random", "default", "one for all", "best here", "tuning", "ERT", "with tuning")
CAPTION = (
    "area under the curve with a random setting (interval over settings), the default, one setting for all, and the "
    "best here; steps that tuning took; expected steps until solved, without and with them. ° on tuning seeds."
)


def tuning(tables: Tables, pictures: tuple[Block, Block]) -> tuple[Block, ...]:
    """Blocks of the section; none if the study uses no tuned settings.

    Args:
        tables: of the study.
        pictures: of the readings and of the sensitivity.
    """
    if tables.readings.empty:
        return ()
    readings, settings = pictures
    tried = tables.tuning
    words = (Text(RULE), Text(f"{_size(tables)} {charged(tried)}"), Text(ties(tried)))
    return (*words, readings, *reading_tables(tables.readings), settings)


def _size(tables: Tables) -> str:
    """How much was tried, and whether the budgets of tuning and study can be compared."""
    tried, fresh = tables.tuning, tables.readings[tables.readings["seeds"] == "fresh"]
    settings, seeds = counted(int(tried["draw"].nunique()), "setting"), counted(int(tried["n"].max()), "seed")
    size = f"{settings} of each algorithm, {seeds} each, {steps(tried['steps'].sum())} steps in all."
    budgets = tried.groupby("environment")["budget"].max()
    other = sorted(set(fresh.loc[fresh["budget"] != fresh["environment"].map(budgets), "environment"]))
    if not other:
        return size
    return f"{size} In {', '.join(other)} the budget of tuning was not that of the study: areas differ by it too."


def charged(tried: pd.DataFrame) -> str:
    """What one run cost, in budgets: the cheapest and the dearest setting of each algorithm."""
    shares = tried["steps"] / (tried["n"] * tried["budget"])
    ends = shares.groupby(tried["algorithm"]).agg(["min", "max"])
    parts = [
        f"{name} {fixed(ends.loc[name, 'min'], 2)} to {fixed(ends.loc[name, 'max'], 2)}"
        for name in algorithm_order(tried)
    ]
    return f"Mean charge of a setting per seed, in budgets, lowest to highest over all cells: {', '.join(parts)}."


def ties(tried: pd.DataFrame) -> str:
    """Where tuning could not tell settings apart; a cell is an environment, a policy and an algorithm."""
    scores = tried.groupby(CELL)["score"]
    several = scores.size() > 1
    equal = several & (scores.max() == scores.min())
    near = several & (scores.agg(lambda group: (group >= group.max() - TIE).sum()) > 1)
    names = listed([" · ".join(cell) for cell in equal.index[equal]])
    alike = f", so that tuning could not tell them apart and the first, the default, counts as best: {names}"
    return (
        f"In {tally(int(equal.sum()))} of {counted(len(scores), 'cell')} (environment · structure · algorithm) all "
        f"settings have the same score{alike if names else ''}. In {tally(int(near.sum()))}, "
        f"{'these included, ' if names else ''}another setting lies within {TIE:g} of the best."
    )


def reading_tables(readings: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment."""
    return tuple(
        plain_table(f"{environment}: {CAPTION}", COLUMNS, "llrrrrrrr", list(_rows(group)))
        for environment, group in readings.groupby("environment")
    )


def _rows(group: pd.DataFrame) -> list[tuple[str, ...]]:
    """A row per algorithm and structure."""
    known = {(row["algorithm"], row["policy"], row["reading"]): row for row in group.to_dict("records")}
    policies = policy_order(group.assign(parameters=float("nan")))
    rows = []
    for algorithm in algorithm_order(group):
        for policy in policies:
            if (algorithm, policy, "each") in known:
                four = [known[algorithm, policy, name] for name in ("random", "default", "one", "each")]
                each = four[-1]
                costs = (steps(each[name]) for name in ("tuning_steps", "ert", "ert_with_tuning"))
                rows.append((algorithm, policy, *map(_score, four), *costs))
    return rows


def _score(row: dict[str, Any]) -> str:
    """A score; marked if it stands on tuning seeds, where only the mean over random settings is not too good."""
    text = shown(row["score"], row["low"], row["high"]) if row["low"] == row["low"] else fixed(row["score"], 2)
    return NOTHING if row["score"] != row["score"] else text + ("" if row["seeds"] == "fresh" else "°")
