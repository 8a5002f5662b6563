"""Records: what a job leaves behind. Raw data are Parquet, candidates npz; the manifest, made last, vouches for both.

See `docs/architecture.md` for the columns. Only `timing.parquet` and the provenance know of clocks and machines, so two
runs are the same when their digests are.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.arrays import read_npz
from harness.declared import MEMORY, memory
from harness.errors import InputError
from harness.files import checksum, json_bytes, read_bytes, write_together
from harness.interface import Candidate, Scaler
from harness.manifest import SCHEMA, read_manifest
from harness.provenance import maker
from harness.run import PHASES, Snapshot
from harness.seal import sealed

SUMMARY = ("status", "reason", "turn", "steps", "episodes", "evaluation_steps")


@dataclass(frozen=True)
class Finished:
    """One run that came to its end: finished or diverged."""

    seed: int
    snapshot: Snapshot
    candidate: Candidate
    seconds: dict[str, float]

    def score(self, budget: int) -> float:
        """The return at the budget, as tables and MLflow have it: that of the last evaluation at or before it."""
        return [row["return_mean"] for row in self.snapshot.evaluations if row["steps"] <= budget][-1]

    @property
    def digest(self) -> str:
        """Sha256 of everything deterministic in the run."""
        known = {name: getattr(self.snapshot, name) for name in ("turn", "steps", "episodes", "status", "reason")}
        rows = [self.snapshot.evaluations, self.snapshot.training]
        total = hashlib.sha256(json.dumps([known, rows], sort_keys=True).encode())
        for array in (self.candidate.theta, self.candidate.scaler.mean, self.candidate.scaler.std):
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()


def write(folder: Path, runs: list[Finished], header: dict[str, Any], provenance: dict[str, Any]) -> Path:
    """Write the records of a job and, when they stand, its manifest.

    Args:
        folder: of the job; its name holds the block of seeds.
        runs: in the order of their seeds.
        header: what the manifest says of the cell: cell, cell_digest, family, parameters, and the claims that it knew.
        provenance: versions, platform, commit.

    Returns:
        The path of the manifest.
    """
    from harness.parquet import as_table, parquet_bytes  # now that there is something to write: 0.1 s of every job

    tables = {
        "evaluations.parquet": as_table([(run.seed, row) for run in runs for row in run.snapshot.evaluations]),
        "training.parquet": as_table([(run.seed, row) for run in runs for row in run.snapshot.training]),
        "timing.parquet": as_table([(run.seed, _timing(run)) for run in runs]),
    }
    contents = {name: parquet_bytes(table) for name, table in tables.items()} | {"candidates.npz": _candidates(runs)}
    manifest = {
        "schema": SCHEMA,
        **header,
        "runs": [_summary(run) for run in runs],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "provenance": provenance,
    }
    contents[MEMORY] = json_bytes(memory(header.get("claims", {}), (run.seed for run in runs)))
    write_together(folder, contents | {"manifest.json": json_bytes(sealed(manifest))})
    return folder / "manifest.json"


def _timing(run: Finished) -> dict[str, float]:
    return {f"seconds_{phase}": run.seconds[phase] for phase in (*PHASES, "total")}


def _summary(run: Finished) -> dict[str, Any]:
    return {"seed": run.seed, "digest": run.digest, **{name: getattr(run.snapshot, name) for name in SUMMARY}}


def _candidates(runs: list[Finished]) -> bytes:
    """The last solution of every run, as npz bytes."""
    arrays: dict[str, Any] = {}
    for run in runs:
        arrays[f"seed-{run.seed}/theta"] = run.candidate.theta  # [P]
        arrays[f"seed-{run.seed}/mean"] = run.candidate.scaler.mean  # [O]
        arrays[f"seed-{run.seed}/std"] = run.candidate.scaler.std  # [O]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def find(cell_folder: Path, seed: int, made_by: str) -> Finished | None:
    """The run of a seed that some block of the cell already holds, of the same `maker` and undamaged; else None."""
    for path in sorted(cell_folder.glob("seeds-*/manifest.json")):
        try:
            manifest = read_manifest(path)
            summary = next((run for run in manifest["runs"] if run["seed"] == seed), None)
            if summary is not None and maker(manifest["code"], manifest["provenance"]) == made_by:
                require_intact(path.parent, manifest["files"])
                return read_run(path.parent, summary)
        except (InputError, OSError, ValueError, KeyError) as fault:
            reason = str(fault).removeprefix(f"{path}: ")
            warnings.warn(f"the records beside {path} are not used: {reason}", stacklevel=2)
    return None


def require_intact(folder: Path, files: dict[str, str]) -> None:
    """Raise ValueError unless the files are those that the manifest vouches for."""
    altered = [name for name, known in files.items() if checksum(folder / name) != known]
    if altered:
        raise ValueError(f"{', '.join(altered)} was altered")


def read_run(folder: Path, summary: dict[str, Any]) -> Finished:
    """One run of a job, from its records."""
    return next(read_runs(folder, [summary], summary["seed"]))


def read_runs(folder: Path, summaries: Sequence[dict[str, Any]], only: int | None = None) -> Iterator[Finished]:
    """Runs of a job, each file read once.

    Args:
        folder: of the job.
        summaries: what its manifest says of the runs; all of them, where `only` is None.
        only: the seed of the one run that is wanted, which spares reading the others.
    """
    from harness.columns import MOST
    from harness.parquet import by_seed

    rows = sum(summary["turn"] + 1 for summary in summaries) if only is None else MOST  # an evaluation a turn at most
    evaluations, training, timing = (
        by_seed(folder / f"{name}.parquet", rows, only) for name in ("evaluations", "training", "timing")
    )
    arrays = read_npz(read_bytes(folder / "candidates.npz"))
    for summary in summaries:
        seed = summary["seed"]
        theta, mean, std = (arrays[f"seed-{seed}/{name}"] for name in ("theta", "mean", "std"))
        (clock,) = timing[seed]
        seconds = {name.removeprefix("seconds_"): value for name, value in clock.items()}
        known = {name: summary[name] for name in SUMMARY}
        snapshot = Snapshot(None, evaluations=evaluations[seed], training=training[seed], **known)
        yield Finished(seed, snapshot, Candidate(theta, Scaler(mean, std)), seconds)


def read_rows(folder: Path, summary: dict[str, Any]) -> Snapshot:
    """One run of a job without its candidate and its seconds: what is published of large ones."""
    from harness.parquet import by_seed

    seed = summary["seed"]
    rows = (by_seed(folder / f"{name}.parquet", seed=seed)[seed] for name in ("evaluations", "training"))
    evaluations, training = rows
    known = {name: summary[name] for name in SUMMARY}
    return Snapshot(None, evaluations=evaluations, training=training, **known)
