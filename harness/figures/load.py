"""The tables of a study (docs/tables.md), read once and strictly: names stay text, numbers are floats, empty is NaN."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

TEXT = frozenset(
    (
        "environment",
        "policy",
        "algorithm",
        "family",
        "status",
        "reason",
        "without",
        "sides",
        "digest",
        "level",
        "environments",
        "first",
        "second",
        "first_family",
        "second_family",
        "second_algorithm",
        "second_policy",
        "first_algorithm",
        "first_policy",
        "free_policy",
        "free_algorithm",
        "gradient_policy",
        "gradient_algorithm",
        "structure_policy",
        "structure_algorithm",
        "generic_policy",
        "generic_algorithm",
        "ahead",
        "claim",
        "statement",
        "source",
        "contrast",
        "metric",
        "scale",
        "direction",
        "table",
        "figure",
        "declared",
        "before",
        "margin_reason",
        "notes",
        "faster",
        "verdict",
        "profile",
        "policy_kind",
        "regressor",
        "faster_lowest",
        "faster_highest",
        "generic",
        "bound",
        "question",
        "measure",
        "reading",
        "change",
        "settings",
        "digests",
        "seeds",
        "kind",
        "objective",
        "truth",
        "options",
    )
)
TRUTH = frozenset(("solved", "censored", "everywhere", "paired", "best", "best_here", "best_everywhere"))


class Tables(NamedTuple):
    """One data frame per file of results/tables/{study}/."""

    runs: pd.DataFrame
    curves: pd.DataFrame
    scores: pd.DataFrame
    targets: pd.DataFrame
    survival: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    dimension: pd.DataFrame
    findings: pd.DataFrame
    structures: pd.DataFrame
    restricted: pd.DataFrame
    ratios: pd.DataFrame
    profiles: pd.DataFrame
    scaling: pd.DataFrame
    crossover: pd.DataFrame
    exchange: pd.DataFrame
    frontier: pd.DataFrame
    sensitivity: pd.DataFrame
    claims: pd.DataFrame
    tuning: pd.DataFrame
    readings: pd.DataFrame
    laboratory: pd.DataFrame


class Anchors(NamedTuple):
    """The frozen scores of an environment, NaN where the study has no targets for it."""

    random: float
    reference: float
    solved: float


def load(folder: Path) -> Tables:
    """All tables of a folder.

    Raises:
        FileNotFoundError: a table is missing; every study has all of them, if need be with a header only.
    """
    return Tables(*(read(folder / f"{name}.csv") for name in Tables._fields))


def read(path: Path) -> pd.DataFrame:
    """One table; an algorithm called `nan` or `1e3` keeps its name."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in table.columns:
        if column in TRUTH:
            table[column] = table[column] == "True"
        elif column not in TEXT:
            table[column] = table[column].replace("", "nan").astype(float)
    return table


def anchors(targets: pd.DataFrame) -> dict[str, Anchors]:
    """Random, reference and solved score of each environment, read off its ladder (normalised 0, 1 and `solved`)."""
    result = {}
    for environment, rungs in targets.groupby("environment"):
        rungs = rungs.drop_duplicates("target").sort_values("target")
        low, high = rungs.iloc[0], rungs.iloc[-1]
        rise = high["normalised_target"] - low["normalised_target"]
        span = (high["target"] - low["target"]) / rise if rise else float("nan")
        random = low["target"] - low["normalised_target"] * span
        solved = rungs.loc[rungs["solved"], "target"]
        result[str(environment)] = Anchors(random, random + span, solved.iloc[0] if len(solved) else float("nan"))
    return result
