"""The claims of a study: each statement with its verdict, the effect that it rests on, and how it was declared."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import pandas as pd

from harness.report.blocks import Block, Bullets, Cell, Table, Text
from harness.report.phrases import NOTHING, counted, listed, number, ratio, shown

Row = dict[str, Any]  # of claims.csv
SIGNS = {"above": "at least", "below": "at most"}
COLUMNS = ("claim", "effect", "read as", "p", "seeds", "more seeds", "without", "figure")
CAPTION = "Effects with 95 % intervals; p is corrected by Holm's method over all claims that are declared."
WORDS = (
    "Every claim was declared with its contrast, metric and margin: a verdict is on these (read as), no more of the "
    "sentence than they hold. It is supported where the effect is on the side "
    "asked for, contradicted where it is on the other, and undetermined where the corrected test (p at most 0.05) "
    "leaves both possible. More seeds: about how many would tell, if the effect of now were the true one. Without: the "
    "effect when the environment that moves it most is left out, which may undo what one environment alone has made. "
    "That is: what each side has; a claim on two pairs may be made by either of them."
)
LATE = (
    "was declared after the data, or reworded since: the data do not hold a record of this declaration. Such verdicts "
    "describe these runs and test nothing."
)


def claims(table: pd.DataFrame, pictures: Collection[str]) -> tuple[Block, ...]:
    """Blocks of the section, with links to those figures that the report has; none if no claim is declared."""
    rows: list[Row] = table.to_dict("records")
    if not rows:
        return ()
    lines = tuple(_line(row, pictures) for row in rows)
    numeric = (False, True, False, True, True, True, False, False)
    declared = Bullets(tuple(("", _declaration(row)) for row in rows))
    return (
        Text(WORDS),
        *_late(rows),
        Table(CAPTION, COLUMNS, numeric, lines),
        Text("What was declared", strong=True),
        declared,
    )


def _late(rows: list[Row]) -> tuple[Block, ...]:
    """A warning where a claim is not older than its data."""
    names = [str(row["claim"]) for row in rows if row["before"] == "after the data"]
    if not names:
        return ()
    which = "Every claim" if len(names) == len(rows) else f"Of {len(rows)} claims, {listed(names)}"
    return (Text(f"{which} {LATE}", strong=True),)


def _line(row: Row, pictures: Collection[str]) -> tuple[Cell, ...]:
    """One row of the table."""
    missing = math.isnan(row["effect"])
    rests, shown_by = str(row["figure"]).replace("_", " "), f"#figure-{row['figure']}"
    return (
        Cell(row["statement"], verdict=row["verdict"]),
        Cell(NOTHING if missing else effect(row)),
        Cell(f"{row['metric'].replace('_', ' ')} {asked(row)}: {row['contrast']}{sides(row)}"),
        Cell(number(row["p_holm"], 2)),
        Cell(NOTHING if missing else f"{row['n_seeds']:.0f}"),
        Cell(more(row)),
        Cell(without(row)),
        Cell(row["reason"]) if row["reason"] else Cell(rests, link=shown_by if row["figure"] in pictures else ""),
    )


def without(row: Row) -> str:
    """The environment on which the effect hangs most, and the effect without it."""
    return f"{row['without']}: {effect(row, '_without')}" if row["without"] else NOTHING


def sides(row: Row) -> str:
    """What each side has."""
    return f". That is {row['sides'].replace('-', '−')}" if row["sides"] else ""


def effect(row: Row, end: str = "") -> str:
    """A difference or a value 0.12 [0.03, 0.2], or a ratio × 2.1 [1.3, 3.4]; `end` of its columns' names."""
    numbers = (row[f"effect{end}"], row[f"low{end}"], row[f"high{end}"])
    return f"× {ratio(*numbers)}" if row["scale"] == "ratio" else shown(*numbers)


def asked(row: Row) -> str:
    """The margin: at least 0.1, at most × 0.5, within ± 0.05, within × 0.8 to 1.25."""
    margin, times = row["margin"], row["scale"] == "ratio"
    if row["direction"] == "within":
        return f"within × {number(1 / margin, 2)} to {number(margin, 3)}" if times else f"within ± {number(margin, 3)}"
    return f"{SIGNS[row['direction']]} {'× ' if times else ''}{number(margin, 3)}"


def more(row: Row) -> str:
    """Seeds that would tell, about."""
    if row["verdict"] != "undetermined" or math.isnan(row["more_seeds"]):
        return NOTHING
    return number(float(f"{row['more_seeds']:.2g}"))


def _declaration(row: Row) -> str:
    """How a claim was declared, in words."""
    runs = "" if math.isnan(row["runs"]) else f" ({counted(int(row['runs']), 'run')})"
    notes = f" {row['notes'].strip()}" if row["notes"] else ""
    return (
        f"{row['claim']} ({row['source']}). {row['contrast']}, in {listed(row['environments'].split())}: "
        f"{row['metric'].replace('_', ' ')} ({row['table']}), {asked(row)}{runs}. {row['margin_reason'].strip()} "
        f"Declared {row['declared']}, {row['before']}.{notes}"
    )
