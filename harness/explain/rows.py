"""A cell of a table: its row, found by the words that tell rows apart, and the runs behind it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.files import is_there
from harness.plugins import shown
from harness.published.read import checked, studies
from harness.tables import COLUMNS
from harness.verify.claims import PUBLISHED
from harness.vouched import require_whole
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
    "survival": (*CELL, "steps", "share"),
    "restricted": CELL,
    "ratios": ("environment", "contrast", "first_policy", "first_algorithm", "second_policy", "second_algorithm"),
    "profiles": ("level", "family", "algorithm", "policy", "profile", "x"),
    "scaling": ("environment", "policy_kind", "algorithm", "family", "regressor"),
    "crossover": ("environment", "policy_kind", "first", "second"),
    "exchange": ("environment", "family", "algorithm", "policy", "target"),
    "frontier": ("environment", "policy", "steps"),
    "sensitivity": ("environment", "question", "measure", "reading"),
    "claims": ("claim",),
    "tuning": (*CELL, "draw"),
    "readings": (*CELL, "reading"),
    "laboratory": (*CELL, "seed", "point", "digest"),
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
    file = _tables(study, table) / f"{table}.csv"
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


def _tables(study: str, table: str) -> Path:
    """Where the tables of a study are: made here, or else published and as they were published."""
    here = tables_folder(study)
    if is_there(here / f"{table}.csv") or study not in studies():
        return here
    checked(PUBLISHED / study)
    return PUBLISHED / study / "tables"


def _same(text: str, word: str) -> bool:
    """Equal texts, or equal numbers in other letters."""
    try:
        return text == word or float(text) == float(word)
    except ValueError:
        return False


def runs_behind(number: Number, runs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of `runs.csv` that a row was made from; of a fitted line or a reading also those of its rivals.

    Args:
        number: a cell of a table.
        runs: every row of `runs.csv` of the same study.
    """
    wanted = cells_behind(number.row)
    return [run for run in runs if any(all(run[key] == word for key, word in one.items()) for one in wanted)]


def cells_behind(row: dict[str, str]) -> list[dict[str, str]]:
    """What the runs behind a row have in common, one entry for each side; an empty one fits every run."""
    if is_measured(row):
        return []
    if "free_policy" in row:  # findings.csv: the best of all cells of each family
        return [{"environment": row["environment"], "family": name} for name in ("gradient-free", "policy-gradient")]
    sides = [name.removesuffix("_policy") for name in row if name.endswith("_policy")]
    if "structure_policy" in row:  # structures.csv: all cells of either policy in the family
        names = _known(row, ("environment", "family"))
        return [{**names, "policy": row[f"{side}_policy"]} for side in sides]
    if sides:  # two cells against each other: ratios.csv
        return [
            {"environment": row["environment"], **{name: row[f"{side}_{name}"] for name in ("policy", "algorithm")}}
            for side in sides
        ]
    if "first" in row and "policy" in row:  # a comparison of two algorithms
        return [_known(row, ("environment", "policy")) | {"algorithm": row[name]} for name in ("first", "second")]
    if "best_everywhere" in row:  # a draw of tuning: its runs are those of another study, its digests say which
        return []
    if "generic" in row:  # an exchange rate
        names = _known(row, ("environment", "family", "algorithm"))
        return [{**names, "policy": row[name]} for name in ("policy", "generic")]
    environments = [] if row.get("environment") == "all" else row.get("environment", "").split()
    rest = _known(row, ("policy", "algorithm", "family", "seed"))
    return [{**rest, "environment": name} for name in environments] or [rest]


def is_measured(row: dict[str, str]) -> bool:
    """Whether a row is made from updates that the laboratory measured, or judges a claim by them, and not from runs."""
    return "objective" in row or row.get("table") == "laboratory.csv"


def _known(row: dict[str, str], keys: Sequence[str]) -> dict[str, str]:
    """Those of the columns that the row has and that are not empty, as in summary.csv, where that asks for all."""
    return {key: row[key] for key in keys if row.get(key)}
