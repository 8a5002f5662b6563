"""Tables of algorithms (rows) by structures (columns), one for each environment: scores, gaps and steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.figures.load import Anchors
from harness.figures.order import RIVALS, algorithm_order, policy_order
from harness.report import findings
from harness.report.blocks import Cell, Table
from harness.report.phrases import shown

SCORE = "score at the budget"


def score_tables(scores: pd.DataFrame, frozen: Mapping[str, Anchors]) -> tuple[Table, ...]:
    """One table per environment: algorithms by structures; bold if the interval, as shown, reaches that of the best."""
    known = scores[np.isfinite(scores["iqm"])]
    rivals = known[known["family"].isin(list(RIVALS))].sort_values("iqm")
    tips = rivals.drop_duplicates(["environment", "policy"], keep="last")
    bars = {(row["environment"], row["policy"]): row["iqm_low"] for row in tips.to_dict("records")}
    places = {name: decimals(scale) for name, scale in frozen.items()}

    def cell(row: dict[str, Any]) -> Cell:
        digits, bar = places.get(row["environment"], 1), bars.get((row["environment"], row["policy"]), np.inf)
        strong = row["family"] in RIVALS and round(row["iqm_high"], digits) >= round(bar, digits)
        return Cell(shown(row["iqm"], row["iqm_low"], row["iqm_high"], digits), bool(strong))

    return _by_environment(known, cell, SCORE)


def beside(table: Table, gaps: Table | None) -> Table:
    """The columns of optimality gaps at the right of those of scores."""
    if gaps is None:
        return table
    lines = {row[0].text: row[1:] for row in gaps.rows}
    rows = tuple((*row, *lines.get(row[0].text, (Cell(""),) * (len(gaps.columns) - 1))) for row in table.rows)
    columns = (*table.columns, *(f"gap, {name}" for name in gaps.columns[1:]))
    caption = f"{table.caption} Gap: optimum − exact return, median / largest over seeds."
    return Table(caption, columns, (*table.numeric, *gaps.numeric[1:]), rows)


def decimals(scale: Anchors) -> int:
    """As many as show a thousandth of the way from the random score to the reference."""
    span = abs(scale.reference - scale.random)
    return int(np.clip(3 - math.floor(math.log10(span)), 0, 6)) if span > 0.0 else 1


def gap_tables(scores: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment whose optimum is known, with the caption of its scores: gaps by structures."""

    def cell(row: dict[str, Any]) -> Cell:
        return Cell(f"{findings.gap(row['gap_median'])} / {findings.gap(row['gap_maximum'])}")

    known = scores[np.isfinite(scores["gap_median"])]
    return _by_environment(known, cell, SCORE)


def target_tables(dimension: pd.DataFrame, restricted: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment: expected steps to the threshold, restricted mean, and runs that reached it."""
    means = {(row["environment"], row["policy"], row["algorithm"]): row for row in restricted.to_dict("records")}

    def cell(row: dict[str, Any]) -> Cell:
        mean = means[row["environment"], row["policy"], row["algorithm"]]["mean"]
        return Cell(findings.ert_text(row, mean))

    caption = "expected steps to the threshold (ERT) · restricted mean · runs that reached it"
    return _by_environment(dimension[dimension["n"] > 0], cell, caption)


def _by_environment(known: pd.DataFrame, cell: Callable[[dict[str, Any]], Cell], caption: str) -> tuple[Table, ...]:
    """Tables of algorithms (rows) by structures (columns)."""
    result = []
    for environment, group in known.groupby("environment"):
        policies = policy_order(group)
        cells = {(row["algorithm"], row["policy"]): cell(row) for row in group.to_dict("records")}
        rows = tuple(
            (Cell(name), *(cells.get((name, policy), Cell("")) for policy in policies))
            for name in algorithm_order(group)
        )
        numeric = (False, *(True,) * len(policies))
        result.append(Table(f"{environment}: {caption}.", ("algorithm", *policies), numeric, rows))
    return tuple(result)
