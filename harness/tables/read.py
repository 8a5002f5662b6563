"""Reading finished jobs: a job is whole or refused by name.

`manifest.json` is written last, so a job without it is not there yet. With it, every file that it lists must have the
checksum that it states: a result that was cut short, changed or lost is an error, never a smaller table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.columns import read_table
from harness.errors import InputError
from harness.files import Irregular, checksum, is_there, read_bytes
from harness.interface import Floats
from harness.manifest import AGAIN, EVALUATIONS, TIMING, read_manifest
from harness.tables.cells import CellRecord, CellRuns, JobRecord, RunRecord, assemble

SECONDS = ("seconds_ask", "seconds_rollout", "seconds_tell", "seconds_evaluate", "seconds_total")


def read_cell(record: CellRecord) -> CellRuns:
    """The cell with those of its expected runs that have come back.

    Raises:
        InputError: a job is damaged, contradicts another one, or is of another schema.
    """
    runs: dict[int, RunRecord] = {}
    jobs = {manifest: read_job(manifest) for manifest in sorted(record.manifests) if is_there(manifest)}
    for manifest, job in jobs.items():
        for run in job.runs:
            if runs.setdefault(run.seed, run).digest != run.digest:
                raise InputError(str(manifest), f"seed {run.seed} differs from that of another job; {AGAIN}")
    found = tuple(runs[seed] for seed in sorted(runs.keys() & set(record.seeds)))
    return assemble(record, found, tuple(job.claims for job in jobs.values()))


def read_job(path: Path) -> JobRecord:
    """All runs of a job, its files verified."""
    manifest = read_manifest(path)
    for name, stated in manifest["files"].items():
        verify(path.parent / name, stated)
    rows = sum(run["turn"] + 1 for run in manifest["runs"])  # an evaluation a turn at most, and one before the first
    evaluations = read_columns(path.parent / EVALUATIONS, ("seed", "steps", "episodes", "return_mean", "exact"), rows)
    timing = read_columns(path.parent / TIMING, ("seed", *SECONDS), len(manifest["runs"]))
    runs = tuple(read_run(line, evaluations, timing) for line in manifest["runs"])
    return JobRecord(runs, manifest.get("claims", {}))


def verify(path: Path, stated: str) -> None:
    """Refuse a file that is not the one of the manifest."""
    try:
        found = checksum(path)
    except FileNotFoundError as error:
        raise InputError(str(path), f"is listed in its manifest but lost; {AGAIN}") from error
    except Irregular as error:
        raise InputError(str(path), f"{error.strerror}; {AGAIN}") from error
    if found != stated:
        raise InputError(str(path), f"is damaged (sha256 {found[:12]}…, its manifest says {stated[:12]}…); {AGAIN}")


def read_columns(path: Path, names: tuple[str, ...], rows: int) -> dict[str, Floats]:
    """Columns of a Parquet file of so many rows at most as float64 [rows]; nulls are NaN.

    A file without rows may lack columns.

    Raises:
        InputError: for whatever is wrong with it.
    """
    table = read_table(read_bytes(path), str(path), names, rows)
    if not table.num_rows:
        return {name: np.empty(0) for name in names}
    return {name: table.column(name).to_numpy().astype(np.float64) for name in names}


def read_run(line: dict[str, Any], evaluations: dict[str, Floats], timing: dict[str, Floats]) -> RunRecord:
    """One run out of the files of its job; `line` is its entry in the manifest."""
    mine = evaluations["seed"] == line["seed"]
    clock = timing["seed"] == line["seed"]
    return RunRecord(
        seed=line["seed"],
        status=line["status"],
        reason=line["reason"],
        turns=line["turn"],
        steps=line["steps"],
        episodes=line["episodes"],
        digest=line["digest"],
        evaluated=evaluations["steps"][mine].astype(np.int64),
        played=evaluations["episodes"][mine].astype(np.int64),
        returns=evaluations["return_mean"][mine],
        exact=evaluations["exact"][mine] == 1,
        seconds=np.array([timing[name][clock].sum() for name in SECONDS]),
    )
