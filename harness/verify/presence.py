"""Is every job there that a study asks for, and every run that its tables show? What is gone is not found altered."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cell import SHORT
from harness.grid import Job
from harness.laboratory.bench import BenchJob
from harness.laboratory.plan import jobs as bench_jobs
from harness.products import Finding
from harness.verify.claims import Claim
from harness.workflow import Workflow

MOST = 5  # that are named
SHOWING = ("runs.csv", "laboratory.csv")  # the tables with a row for each run, and for each seed of a bench


def hold_presence(
    workflow: Workflow | None, runs: Sequence[Claim], benches: Sequence[Path], tables: Path | None
) -> Finding:
    """Hold the records to what should be there.

    Args:
        workflow: the study; None where the present one may be another than that of the records.
        runs: that are there.
        benches: manifests of the laboratory's jobs that are there.
        tables: made of all that was there, and whole; None where there are none.
    """
    there = {claim.digest for claim in runs} | {key for path in benches for key in _measured(path)}
    lost = {key: name for key, name in (_shown(tables) if tables else ()) if key not in there}
    gone = f"the tables show {len(lost)} that are lost: {_few([*lost.values()])}" if lost else ""
    if workflow is None:
        return Finding((f"records: {gone}",) if gone else (), not lost)
    every = [*workflow.jobs, *bench_jobs(workflow.benches, workflow.study.block)]
    missing = [*_missing(workflow, runs, benches)]
    if not missing:
        return Finding((f"jobs: all {len(every)} of the study", *([f"  {gone}"] if gone else [])), not lost)
    again = f"`snakemake --cores 2 --config study={workflow.study.name}`"
    why = f"{gone}; {again} makes them again" if gone else f"the study is not finished; {again} goes on"
    told = f"jobs: {len(every) - len(missing)} of {len(every)}; missing: {_few(missing)}"
    return Finding((told, f"  {why}"), False)


def _missing(workflow: Workflow, runs: Sequence[Claim], benches: Sequence[Path]) -> Iterator[str]:
    """The names of the jobs of which a seed is in no record, whatever its block."""
    there = {(claim.cell.digest, claim.seed) for claim in runs}
    for job in workflow.jobs:
        if not all((job.cell.digest, seed) in there for seed in range(job.first, job.last + 1)):
            yield _name(job, job.cell.labels)
    measured = {key for path in benches for key in _measured(path)}
    for one in bench_jobs(workflow.benches, workflow.study.block):
        if not measured.issuperset(_seeds(one.bench.digest, one.first, one.last)):
            yield f"laboratory, {_name(one, one.bench.labels)}"


def _name(job: Job | BenchJob, labels: Sequence[str]) -> str:
    return f"{' · '.join(labels)}, seeds {job.first}-{job.last}"


def _measured(manifest: Path) -> list[str]:
    """What the place of a manifest says of a job of the laboratory, which is published as it is."""
    _, first, last = manifest.parent.name.split("-")
    return _seeds(manifest.parents[1].name, int(first), int(last))


def _seeds(digest: str, first: int, last: int) -> list[str]:
    return [f"{digest[:SHORT]}/{seed}" for seed in range(first, last + 1)]


def _shown(tables: Path) -> Iterator[tuple[str, str]]:
    """Each run and each measured seed that tables show: by what it is known here, and its name."""
    for table in SHOWING:
        with (tables / table).open(newline="", encoding="utf-8") as file:
            for row in filter(lambda row: row["digest"], csv.DictReader(file)):
                name = " · ".join(row[key] for key in ("environment", "policy", "algorithm"))
                key = row["digest"] if table == "runs.csv" else f"{row['digest'][:SHORT]}/{row['seed']}"
                yield key, f"{name} · seed {row['seed']}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(names[:MOST])}{more}"
