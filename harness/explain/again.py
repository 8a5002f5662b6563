"""What a person types to have jobs made again: own ones in their place, published ones in a scratch place."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cell import Cell
from harness.fingerprint import cell_fingerprint
from harness.laboratory.bench import Bench
from harness.laboratory.measure import bench_fingerprint
from harness.laboratory.plan import jobs as bench_jobs
from harness.plugins import shown
from harness.verify.claims import PUBLISHED
from harness.workflow import open_study


@dataclass(frozen=True)
class Recorded:
    """A job as its manifest has it: of runs, or of the laboratory."""

    spec: Cell | Bench
    folder: Path
    seeds: tuple[int, ...]
    code: str  # digest of the sources that made it
    files: Mapping[str, str]
    provenance: Mapping[str, Any]

    @property
    def present(self) -> str:
        """Digest of the present sources."""
        return cell_fingerprint(self.spec) if isinstance(self.spec, Cell) else bench_fingerprint(self.spec)

    @property
    def published(self) -> bool:
        """Whether it lies among the published records."""
        return self.folder.resolve().is_relative_to(PUBLISHED)


def commands(jobs: Sequence[Recorded], study: str | None) -> Iterator[str]:
    """What makes jobs again, and the tables after them; a job that no study asks for is told its spec.

    Args:
        jobs: all of runs, or all of the laboratory.
        study: one that asks for them, or None where no study does.
    """
    commits = dict.fromkeys(str(job.provenance.get("commit") or "COMMIT") for job in jobs if job.code != job.present)
    yield from (f"git checkout {shlex.quote(one)}  # the sources have changed: explain again there" for one in commits)
    published = [job for job in jobs if job.published]
    yield from (f"harness verify {shlex.quote(shown(job.folder))} --all" for job in published)
    if study is None:
        yield from map(_told, (job for job in jobs if not job.published))
        return
    manifests = " ".join(shlex.quote(path) for path in _live(jobs, study))
    whole = "  # whole, below results/" if published else ""
    yield f"snakemake --cores 2 --force {manifests} --config study={study}{whole}"
    if published:
        yield f"harness rebuild {study}  # its tables, figures and report, of what is published"
    else:
        yield f"harness tables {study}"


def _told(job: Recorded) -> str:
    """The stage that makes a job, with its spec."""
    stage = "job" if isinstance(job.spec, Cell) else "measure"
    return f"harness {stage} --spec {shlex.quote(job.spec.to_json())} --first {job.seeds[0]} --last {job.seeds[-1]}"


def _live(jobs: Sequence[Recorded], study: str) -> list[str]:
    """Where Snakemake makes the manifests, wherever these lie: a job here may hold the runs of several there."""
    wanted = {(job.spec.digest, seed) for job in jobs for seed in job.seeds}
    workflow = open_study(study)
    makes = [(one.cell.digest, one.first, one.last, one.manifest) for one in workflow.jobs]
    benches = bench_jobs(workflow.benches, workflow.study.block)
    measures = [(one.bench.digest, one.first, one.last, one.manifest) for one in benches]
    return [
        manifest.as_posix()
        for digest, first, last, manifest in (*makes, *measures)
        if any((digest, seed) in wanted for seed in range(first, last + 1))
    ]
