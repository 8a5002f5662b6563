"""A cell of a table: its row, found by the words that tell rows apart, and the runs behind it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.plugins import shown
from harness.tables import COLUMNS
from harness.tables.write import require_whole
from harness.workflow import tables_folder

CELL = ("environment", "policy", "algorithm")
KEYS = {  # of each table: the columns that tell its rows apart, in the order in which they are given
    "runs": (*CELL, "seed"),
    "curves": (*CELL, "steps"),
    "scores": CELL,
    "targets": (*CELL, "target"),
    "runlengths": (*CELL, "steps", "share"),
    "summary": ("level", "family", "algorithm", "policy"),
    "comparisons": ("environment", "policy", "first", "second"),
    "dimension": CELL,
    "findings": ("environment",),
    "structures": ("environment", "family", "structure_policy"),
    "timing": CELL,
}


@dataclass(frozen=True)
class Number:
    """One cell of a table."""

    file: Path
    line: int  # of the file, the head being line 1
    column: str
    row: dict[str, str]

    @property
    def value(self) -> str:
        """As it stands in the file."""
        return self.row[self.column]


def find_number(study: str, table: str, words: Sequence[str]) -> Number:
    """The cell of a table that words name: the values of its key columns, then a column.

    Raises:
        InputError: if there is no such table, column or row, or if several rows fit.
    """
    file = tables_folder(study) / f"{table}.csv"
    if not file.exists():
        raise InputError(shown(file), f"not there yet: run `harness tables {study}`")
    require_whole(file.parent, f"harness tables {study}")
    *values, column = words
    keys = KEYS.get(table, COLUMNS[table][:1])
    usage = f"harness explain {study} {table} {' '.join(key.upper() for key in keys)} COLUMN"
    if column not in COLUMNS[table]:
        raise InputError(usage, f"there is no column '{column}'", column, COLUMNS[table])
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(enumerate(csv.DictReader(lines), start=2))
    given = dict(zip(keys, values, strict=False))
    fitting = [(line, row) for line, row in rows if all(_same(row[key], word) for key, word in given.items())]
    if len(fitting) != 1 or len(values) > len(keys):
        raise InputError(usage, f"{len(fitting)} rows of {shown(file)} fit {' '.join(values) or 'no words'}")
    line, row = fitting[0]
    return Number(file, line, column, row)


def _same(text: str, word: str) -> bool:
    """Equal texts, or equal numbers in other letters."""
    try:
        return text == word or float(text) == float(word)
    except ValueError:
        return False


def runs_behind(number: Number, runs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of `runs.csv` that a row was made from.

    Args:
        number: a cell of a table.
        runs: every row of `runs.csv` of the same study.
    """
    row = number.row
    sides = [name.removesuffix("_policy") for name in row if name.endswith("_policy")]
    if sides:  # two cells against each other: findings.csv, structures.csv
        names = ("policy", "algorithm")
        wanted = [
            {"environment": row["environment"], **{name: row[f"{side}_{name}"] for name in names}} for side in sides
        ]
    elif "second" in row:
        cell = {"environment": row["environment"], "policy": row["policy"]}
        wanted = [{**cell, "algorithm": row[name]} for name in ("first", "second")]
    else:
        keys = ("environment", "policy", "algorithm", "family", "seed")
        wanted = [{key: row[key] for key in keys if row.get(key)}]  # an empty cell, as in summary.csv, asks for all
    return [run for run in runs if any(all(run[key] == word for key, word in one.items()) for one in wanted)]
