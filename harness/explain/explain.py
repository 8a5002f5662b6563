"""What `harness explain` says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cell import SHORT
from harness.errors import InputError
from harness.explain.account import of_benches, of_runs
from harness.explain.rows import Number, find_number, is_measured, runs_behind
from harness.explain.runs import find_benches, find_runs, study_behind
from harness.explain.tried import of_draw
from harness.files import checksum, is_there
from harness.plugins import shown
from harness.published.rebuild import records_of
from harness.results import Manifests, live
from harness.tables import COLUMNS
from harness.verify.claims import PUBLISHED, Claim, bench_manifests, read_claims, run_manifests
from harness.workflow import open_study


def explain(words: Sequence[str]) -> Iterator[str]:
    """Lines that lead from a number of a table, or from the name of a run or cell, to all behind it.

    Raises:
        InputError: if the words name nothing, or more than one thing.
    """
    if not all(words):
        raise InputError("explain", "the empty word names nothing (a shell variable that is not set?)")
    if len(words) > 2 and words[1] in COLUMNS:
        number = find_number(words[0], words[1], words[2:])
        yield from _number(number)
        yield from _behind(words[0], words[1], number)
    elif len(words) == 1 and (benches := find_benches(words[0])):
        yield from of_benches(benches, study_behind(benches[0]))
    else:
        claims = find_runs(words)
        study = words[0] if len(words) > 1 else study_behind(claims[0].folder / "manifest.json")
        yield f"asked for by: {f'studies/{study}.yaml' if study else 'no study of this project'}"
        yield f"spec: {claims[0].cell.to_json()}"
        yield from of_runs(claims, study)


def _number(number: Number) -> Iterator[str]:
    yield f"{number.column} = {number.value or 'not defined'}"
    yield f"{shown(number.file)}, line {number.line}, column {number.column} (rules: docs/tables.md)"
    yield f"sha256 {checksum(number.file)}"
    yield "row: " + ", ".join(f"{name} {value}" for name, value in number.row.items() if value)


def _behind(study: str, table: str, number: Number) -> Iterator[str]:
    """The jobs behind a number: those of this project, or the published ones where its table is."""
    workflow = open_study(study)
    if table == "tuning":
        yield from of_draw(workflow, number.row)
        return
    jobs = records_of(study) if number.file.is_relative_to(PUBLISHED) else live(workflow)
    if is_measured(number.row):
        yield from of_benches(list(_benches(jobs, number)), study)
        return
    with number.file.with_name("runs.csv").open(newline="", encoding="utf-8") as file:
        rows = runs_behind(number, list(csv.DictReader(file)))
    recorded = {claim.digest: claim for claim in _runs(jobs)}
    found = [recorded[row["digest"]] for row in rows if row["digest"] in recorded]
    yield from of_runs(found, study)
    if lost := sum(bool(row["digest"]) for row in rows) - len(found):
        yield ""
        yield f"{lost} more runs stand in the table and are not recorded here."


def _runs(jobs: Manifests) -> list[Claim]:
    """All runs that are there."""
    return read_claims(run_manifests(path for paths in jobs.values() for path in paths if is_there(path)))


def _benches(jobs: Manifests, number: Number) -> Iterator[Path]:
    """The jobs of the laboratory behind a row: those of one bench, or, of a claim, those of its environments."""
    for path in bench_manifests(path for paths in jobs.values() for path in paths if is_there(path)):
        digest, environment = path.parents[1].name, path.parents[4].name
        of_bench = digest == number.row.get("digest", digest)[:SHORT]
        if of_bench and environment in number.row.get("environments", environment).split():
            yield path
