"""What the Snakefile asks: the jobs of a study, what each must be told, and how long they will take."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness import cost
from harness.cell import SHORT
from harness.fingerprint import CARRIERS, cell_fingerprint, digest, sources
from harness.fit import check_fits
from harness.grid import Job, Planned, blocks, plan
from harness.plugins import ROOT
from harness.spec import Environment, load_environments
from harness.study import Study, load_study

JOB = (
    "results/runs/{environment}/{policy}/{algorithm}/{digest}/seeds-{first}-{last}/manifest.json"  # a job's last file
)
LOOKERS = {  # what decides a product, beside the runs
    "tables": ("harness.tables", "harness.tables.write"),
    "figures": ("harness.figures",),
    "report": ("harness.publish",),
}


@dataclass(frozen=True, eq=False)
class Workflow:
    """A study ready to run: everything is valid and fits together."""

    study: Study
    environments: Mapping[str, Environment]
    planned: tuple[Planned, ...]

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """Every job, in the order of the study."""
        return tuple(
            Job(one.cell, first, last) for one in self.planned for first, last in blocks(one.seeds, self.study.block)
        )

    @cached_property
    def manifests(self) -> tuple[str, ...]:
        """What the jobs make."""
        return tuple(job.manifest.as_posix() for job in self.jobs)

    @cached_property
    def _planned_by_digest(self) -> dict[tuple[str, ...], Planned]:
        return {(*one.cell.labels, one.cell.digest[:SHORT]): one for one in self.planned}

    def _cell(self, wildcards: Mapping[str, str]) -> Planned:
        names = ("environment", "policy", "algorithm", "digest")
        return self._planned_by_digest[tuple(wildcards[name] for name in names)]

    def spec(self, wildcards: Mapping[str, str]) -> str:
        """The cell of a job as JSON."""
        return self._cell(wildcards).cell.to_json()

    def code(self, wildcards: Mapping[str, str]) -> str:
        """Digest of the sources that decide a job's numbers: another digest, another run."""
        return cell_fingerprint(self._cell(wildcards).cell)

    def seconds(self, cores: int) -> float:
        """Roughly how long the jobs that are still to be done will take."""
        missing = [job for job in self.jobs if not (ROOT / job.manifest).exists()]
        return cost.core_seconds(missing) / cores

    def announcement(self, cores: int) -> str:
        """What is going to happen, in one paragraph."""
        missing = sum(not (ROOT / job.manifest).exists() for job in self.jobs)
        runs = sum(len(one.seeds) for one in self.planned)
        return (
            f"{self.study.title}: {len(self.planned)} cells, {runs} runs in {len(self.jobs)} jobs, {missing} to do; "
            f"about {in_words(self.seconds(cores))} with {cores} at a time, and half a minute for the report."
        )


    def farewell(self) -> str:
        """Where the result is, and what to do with it."""
        name = self.study.name
        return (
            f"\nThe report:            reports/{name}.html and reports/{name}.pdf"
            f"\nThe numbers:           results/tables/{name}/"
            f"\nAll runs in MLflow:    {_command('harness')} ui {name}\n"
        )


def _command(name: str) -> str:
    """A command of this Python's environment, as a person would type it here."""
    path = Path(sys.executable).parent / name
    return os.path.relpath(path) if path.is_relative_to(ROOT) else name


def open_study(name: str) -> Workflow:
    """Load, validate and check a study.

    Raises:
        InputError: for whatever is wrong, before anything has run.
    """
    environments = load_environments(ROOT)
    study = load_study(ROOT, name)
    planned = plan(study, environments)
    check_fits(planned)
    return Workflow(study, environments, planned)


def product_code(product: str) -> str:
    """Digest of the sources behind tables, figures or report: an edit makes them again, and nothing before them."""
    return digest(sources(LOOKERS[product], apart=CARRIERS))


def in_words(seconds: float) -> str:
    """`95.0` -> "1 min 35 s"."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours = minutes // 60
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def follow_in_mlflow(study: str) -> None:
    """Start the one process that shows finished runs in MLflow for as long as this process lives."""
    log = ROOT / "results" / "logs" / study / "follow.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "harness", "mirror", study, "--parent", str(os.getpid())]
    with log.open("w") as output:
        subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def tables_folder(study: str) -> Path:
    """Where the tables of a study lie."""
    return ROOT / "results" / "tables" / study


def figures_folder(study: str) -> Path:
    """Where the figures of a study lie."""
    return ROOT / "results" / "figures" / study
