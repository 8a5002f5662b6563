"""What `harness explain` says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from harness.explain.account import of_runs
from harness.explain.rows import Number, find_number, runs_behind
from harness.explain.runs import find_runs, study_of
from harness.files import checksum
from harness.plugins import shown
from harness.tables import COLUMNS
from harness.verify.claims import Claim, of_study
from harness.workflow import open_study, tables_folder


def explain(words: Sequence[str]) -> Iterator[str]:
    """Lines that lead from a number of a table, or from the name of a run or cell, to all behind it.

    Raises:
        InputError: if the words name nothing, or more than one thing.
    """
    if len(words) > 2 and words[1] in COLUMNS:
        number = find_number(words[0], words[1], words[2:])
        yield from _number(number)
        yield from of_runs(_behind(words[0], number), words[0])
    else:
        claims = find_runs(words)
        study = words[0] if len(words) > 1 else study_of(claims[0].cell)
        yield f"asked for by: {f'studies/{study}.yaml' if study else 'no study of this project'}"
        yield f"spec: {claims[0].cell.to_json()}"
        yield from of_runs(claims, study)


def _number(number: Number) -> Iterator[str]:
    yield f"{number.column} = {number.value or 'not defined'}"
    yield f"{shown(number.file)}, line {number.line}, column {number.column} (rules: docs/tables.md)"
    yield f"sha256 {checksum(number.file)}"
    yield "row: " + ", ".join(f"{name} {value}" for name, value in number.row.items() if value)


def _behind(study: str, number: Number) -> list[Claim]:
    """The recorded runs behind a number, in the order of `runs.csv`."""
    with (tables_folder(study) / "runs.csv").open(newline="", encoding="utf-8") as file:
        rows = runs_behind(number, list(csv.DictReader(file)))
    recorded = {(*claim.cell.labels, claim.seed): claim for claim in of_study(open_study(study))}
    keys = [(row["environment"], row["policy"], row["algorithm"], int(row["seed"])) for row in rows]
    return [recorded[key] for key in keys if key in recorded]
