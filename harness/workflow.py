"""What the Snakefile asks: the jobs of a study, what each must be told, and how long they will take."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness import cost, progress, pulse
from harness.cell import SHORT, canonical
from harness.claims.declaration import Claim, check_labels, load_claims
from harness.errors import InputError
from harness.files import is_there
from harness.fingerprint import CARRIERS, cell_fingerprint, digest, sources
from harness.fit import check_fits
from harness.grid import Job, Planned, blocks, plan
from harness.laboratory.bench import Bench, BenchJob
from harness.laboratory.measure import bench_fingerprint
from harness.laboratory.plan import PlannedBench, check_benches
from harness.laboratory.plan import jobs as bench_jobs
from harness.laboratory.plan import plan as plan_benches
from harness.plugins import ROOT
from harness.spec import Environment, load_environments
from harness.study import Study, load_study, studies

DEFAULT = "quickstart"  # the study of a bare `snakemake`
JOB = "results/runs/{environment}/{policy}/{algorithm}/{digest}/seeds-{first}-{last}/manifest.json"  # a job's last file
BENCH = "results/laboratory/{environment}/{policy}/{algorithm}/{digest}/seeds-{first}-{last}/manifest.json"
LOOKERS = {  # what decides a product, beside the runs
    "tune": ("harness.tuning",),
    "tables": ("harness.results", "harness.tables.write"),
    "figures": ("harness.figures",),
    "report": ("harness.publish",),
}


@dataclass(frozen=True, eq=False)
class Workflow:
    """A study ready to run: everything is valid and fits together."""

    study: Study
    environments: Mapping[str, Environment]
    planned: tuple[Planned, ...]
    claims: tuple[Claim, ...]  # all that are declared, on whatever study
    benches: tuple[PlannedBench, ...] = ()

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

    @property
    def products(self) -> tuple[str, ...]:
        """What the study is for: its report and all that it stands on, or its tuned settings.

        Whatever lies beneath the report is named, else Snakemake would not miss what is lost of it.
        """
        name = self.study.name
        if self.study.tuning:
            return (f"tuned/{name}.yaml", f"tuned/{name}.csv", f"results/mirror/{name}.passed")
        made = f"results/tables/{name}/findings.csv", f"results/figures/{name}/headline.svg"
        seen_to = f"results/mirror/{name}.passed"
        return (f"reports/{name}.html", f"reports/{name}.pdf", *made, seen_to, *self.manifests, *self.measurements)

    @cached_property
    def measurements(self) -> tuple[str, ...]:
        """What the jobs of the laboratory make."""
        return tuple(job.manifest.as_posix() for job in bench_jobs(self.benches, self.study.block))

    def require_runs(self) -> None:
        """Refuse a study of which nothing was run yet; raises InputError, which says how it is."""
        if not any(is_there(ROOT / path) for path in (*self.manifests, *self.measurements)):
            again = f"snakemake --cores 2 --config study={self.study.name}"
            raise InputError(f"studies/{self.study.name}.yaml", f"has no finished run: `{again}`")

    def bench_job(self, wildcards: Mapping[str, str]) -> BenchJob:
        """The laboratory's job that makes a manifest."""
        return BenchJob(self._bench(wildcards), int(wildcards["first"]), int(wildcards["last"]))

    def bench_spec(self, wildcards: Mapping[str, str]) -> str:
        """The bench of a job as JSON."""
        return self._bench(wildcards).to_json()

    def bench_code(self, wildcards: Mapping[str, str]) -> str:
        """Digest of the sources that decide what a bench measures."""
        return bench_fingerprint(self._bench(wildcards))

    @cached_property
    def _benches_by_digest(self) -> dict[str, Bench]:
        return {one.bench.digest[:SHORT]: one.bench for one in self.benches}

    def _bench(self, wildcards: Mapping[str, str]) -> Bench:
        return self._benches_by_digest[wildcards["digest"]]

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

    def job(self, wildcards: Mapping[str, str]) -> Job:
        """The job that makes a manifest."""
        return Job(self._cell(wildcards).cell, int(wildcards["first"]), int(wildcards["last"]))

    def start(
        self, asked: Iterable[Mapping[str, str]], cores: int, to_measure: Iterable[Mapping[str, str]] = ()
    ) -> str:
        """Begin to count the jobs and to mirror their runs; returns what is going to happen, in one sentence.

        Args:
            asked: wildcards of the runs that are to be done.
            cores: jobs at a time.
            to_measure: wildcards of the laboratory's jobs that are to be done.
        """
        todo: list[Job | BenchJob] = [*map(self.job, asked), *map(self.bench_job, to_measure)]
        here = min(cores, cost.cores_of_this_machine())  # with more jobs than cores each of them is slower
        seconds = cost.seconds(todo, here)
        logs = ROOT / "results" / "logs" / self.study.name
        progress.begin(logs / "progress.txt", len(todo), cost.core_seconds(todo), seconds, cost.REPORT_SECONDS)
        follow_in_mlflow(self.study.name, logs / "follow.log")
        told = self._watch([job for job in todo if isinstance(job, Job)], logs / "silent.txt")
        runs = sum(len(one.seeds) for one in self.planned)
        return (
            f"{self.study.title}: {len(self.planned)} cells, {runs} runs in {len(self.jobs)} jobs, "
            f"{f'{len(self.measurements)} jobs of the laboratory, ' if self.benches else ''}{len(todo)} to do; "
            f"about {progress.in_words(seconds + cost.REPORT_SECONDS)} with {cores} at a time"
            f"{'' if here == cores else f' on {here} cores'}, the report included.{told}"
        )

    def _watch(self, todo: Iterable[Job], notes: Path) -> str:
        """Have silent jobs named from now on; returns, in lines of their own, those that were silent the last time."""
        watched = [*map(_watched, todo)]
        before = pulse.remembered(notes, [one.name for one in watched])
        pulse.watch(watched, notes, lambda line: print(line, flush=True))
        return "".join(f"\n{line}" for line in before)

    def abandoned(self) -> list[str]:
        """A line for each job that ended without a word, and left its lock."""
        every: list[Job | BenchJob] = [*self.jobs, *bench_jobs(self.benches, self.study.block)]
        return [*pulse.abandoned((_name(job), pulse.lock_of(ROOT / job.folder)) for job in every)]

    def date_back(self) -> None:
        """Date what a clock that ran ahead has made to now: Snakemake would refuse whatever is made from it."""
        name, now = self.study.name, time.time()
        made = (f"tables/{name}/findings.csv", f"figures/{name}/headline.svg", f"mirror/{name}.passed")
        for path in (*self.manifests, *self.measurements, *(f"results/{place}" for place in made)):
            if (ROOT / path).exists() and (ROOT / path).stat().st_mtime > now:
                os.utime(ROOT / path)

    def table_terms(self) -> str:
        """Digest of what the tables are told beside the runs: tuning, scores and targets, claims."""
        tuned = [one.file.draws for one in self.study.tuned]
        declared = [[claim.name, claim.digest] for claim in self.claims]
        return digest_of([tuned, declared, *(asdict(self.environments[name]) for name in self._names)])

    def report_terms(self) -> str:
        """Digest of what the report is told beside the tables."""
        entries = {name: asdict(self.environments[name]) for name in self._names}
        return digest_of([self.study.title, self.study.question, entries])

    @property
    def _names(self) -> list[str]:
        """The environments of the study."""
        return list(dict.fromkeys(planned.cell.environment.name for planned in self.planned))


def _watched(job: Job) -> pulse.Watched:
    return pulse.Watched(_name(job), pulse.lock_of(ROOT / job.folder), ROOT / job.log)


def _name(job: Job | BenchJob) -> str:
    labels = job.cell.labels if isinstance(job, Job) else ("laboratory", *job.bench.labels)
    return f"{' · '.join(labels)}, seeds {job.first}-{job.last}"


def study_in(config: Mapping[str, Any]) -> str:
    """The study that Snakemake's `--config` names.

    Raises:
        InputError: for any other key, or where no name is given.
    """
    for key in config:
        if key != "study":
            raise InputError("--config", f"unknown key {ascii(key)[:80]}", str(key)[:80], ["study"])
    name = config.get("study", DEFAULT)
    if name is None:
        raise InputError("--config study=", "names no study", "", studies(ROOT))
    if not isinstance(name, str):
        raise InputError(
            "--config study", f"Snakemake reads the value as {ascii(name)[:80]}, which is no name of a study"
        )
    return name


def open_study(name: str) -> Workflow:
    """Load, validate and check a study.

    Raises:
        InputError: for whatever is wrong, before anything has run.
    """
    environments = load_environments(ROOT)
    study = load_study(ROOT, name)
    planned = plan(study, environments)
    check_fits(planned)
    benches = plan_benches(study, environments)
    check_benches(benches)
    claims = load_claims(ROOT)
    labels = {"runs": [one.cell.labels for one in planned], "laboratory": [one.bench.labels for one in benches]}
    check_labels(claims, name, labels)
    return Workflow(study, environments, planned, claims, benches)


def product_code(product: str) -> str:
    """Digest of the sources behind tables, figures or report: an edit makes them again, and nothing before them."""
    files = sources(LOOKERS[product], apart=CARRIERS)
    templates = {template for file in files for template in file.parent.glob("templates/*")}
    return digest([*files, *templates])


def digest_of(value: Any) -> str:
    """Sha256 of plain data."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def follow_in_mlflow(study: str, log: Path) -> None:
    """Start the one process that shows finished runs in MLflow for as long as this process lives."""
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
