"""From a study to what its runs left behind: the expected cells for the tables, and the last candidates."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from harness import plugins
from harness.arrays import read_npz
from harness.assembly import make_problem, space
from harness.cell import SHORT, Cell
from harness.errors import InputError
from harness.files import is_there, read_bytes, require_regular
from harness.grid import Job, blocks
from harness.interface import Candidate, Scaler
from harness.laboratory.plan import jobs as bench_jobs
from harness.manifest import read_manifest
from harness.policy import build
from harness.tables import BenchRecord, CellRecord, Tried, write_tables
from harness.tables.read import verify
from harness.tuned import load_draws
from harness.workflow import Workflow

TABLE_SEED = 20261122  # of every bootstrap
RESAMPLES = 2000
Manifests: TypeAlias = Mapping[str, tuple[Path, ...]]  # of the jobs of a cell or a bench, by its digest, shortened


def live(workflow: Workflow, root: Path | None = None) -> Manifests:
    """The manifests of all jobs of a study where Snakemake makes them, in this or another checkout."""
    runs = {
        one.cell.digest[:SHORT]: [Job(one.cell, *block).manifest for block in blocks(one.seeds, workflow.study.block)]
        for one in workflow.planned
    }
    benches = {
        one.bench.digest[:SHORT]: [job.manifest for job in bench_jobs([one], workflow.study.block)]
        for one in workflow.benches
    }
    return {
        digest: tuple((root or plugins.ROOT) / path for path in paths) for digest, paths in {**runs, **benches}.items()
    }


def tabulate(workflow: Workflow, folder: Path, manifests: Manifests, jobs: int = 1) -> None:
    """Write all tables of a study; raises as `write_tables`.

    Args:
        workflow: the study.
        folder: where they go; it has the name of the study.
        manifests: of the jobs that are there.
        jobs: workers at most, which change no byte.
    """
    known = (workflow.claims, tried(workflow), bench_records(workflow, manifests), workflow.study.parts)
    write_tables(records(workflow, manifests), folder, TABLE_SEED, RESAMPLES, *known, jobs)


def records(workflow: Workflow, manifests: Manifests | None = None) -> Iterator[CellRecord]:
    """Every cell that a study expects, whether its runs are there or not.

    Args:
        workflow: the study.
        manifests: of the jobs; None: where Snakemake makes them.
    """
    known = live(workflow) if manifests is None else manifests
    for planned in workflow.planned:
        cell = planned.cell
        entry = workflow.environments[cell.environment.name]
        kind = plugins.load("algorithms", cell.algorithm.file)
        explores = bool(vars(kind)["explores"])
        world = space(cell.environment)
        policy = build(cell.policy.file, dict(cell.policy.settings), world, explores, seed=0)
        environment, label, algorithm = cell.labels
        yield CellRecord(
            environment=environment,
            policy=label,
            algorithm=algorithm,
            family=str(vars(kind)["family"]),
            parameters=policy.dim,
            digest=cell.digest,
            seeds=tuple(planned.seeds),
            budget=cell.budget,
            manifests=known.get(cell.digest[:SHORT], ()),
            random=entry.scores.random,
            reference=entry.scores.reference,
            optimum=_optimum(cell),
            solved=entry.solved,
            targets=entry.targets,
            structure="program" if "." in cell.policy.file else cell.policy.file,
            problem=cell.environment.problem or cell.environment.gymnasium or environment,
            horizon=cell.environment.horizon,
            actions=world.actions,
        )


def tried(workflow: Workflow) -> tuple[Tried, ...]:
    """The tuned settings that a study uses, with all that was tried for them; none if it uses its own."""
    return tuple(Tried(tuned, load_draws(plugins.ROOT, tuned.file)) for tuned in workflow.study.tuned)


def shown_runs(workflow: Workflow, tables: Path) -> list[tuple[Cell, int]]:
    """The best finished run of each environment, which the report shows as a film: its cell and its seed."""
    environments = dict.fromkeys(planned.cell.environment.name for planned in workflow.planned)
    finished = finished_runs(workflow, tables)
    best = (best_runs(workflow, finished, environment)[:1] for environment in environments)
    return [(cell, seed) for found in best for cell, seed, _ in found]


def bench_records(workflow: Workflow, manifests: Manifests) -> Iterator[BenchRecord]:
    """Every bench that a study expects, whether it was measured or not."""
    for planned in workflow.benches:
        bench = planned.bench
        yield BenchRecord(bench, tuple(planned.seeds), manifests.get(bench.digest[:SHORT], ()))


def _optimum(cell: Cell) -> float | None:
    """The best expected return there is, where the problem knows it."""
    if cell.environment.engine != "compiled":
        return None
    problem = make_problem(cell.environment)
    return float(problem.optimal_value(cell.environment.horizon)) if hasattr(problem, "optimal_value") else None


def recorded(cell: Cell) -> list[Path]:
    """The manifests of all jobs of a cell that were ever run here, whatever their blocks."""
    return sorted((plugins.ROOT / cell.folder).glob("seeds-*/manifest.json"))


def candidate(manifests: Iterable[Path], seed: int) -> Candidate | None:
    """The last solution of a run, or None if it was not run, or published without.

    Args:
        manifests: of the jobs of its cell.
        seed: of the run.

    Raises:
        InputError: its records are damaged.
    """
    for path in filter(is_there, manifests):
        manifest = read_manifest(path)
        if any(run["seed"] == seed for run in manifest["runs"]) and "candidates.npz" in manifest["files"]:
            verify(file := path.with_name("candidates.npz"), manifest["files"]["candidates.npz"])
            try:
                arrays = read_npz(read_bytes(file))
                theta, mean, std = (arrays[f"seed-{seed}/{name}"] for name in ("theta", "mean", "std"))
            except (ValueError, KeyError) as fault:
                raise InputError(str(file), f"holds no last solution of seed {seed} ({fault})") from fault
            return Candidate(theta, Scaler(mean, std))
    return None


def finished_runs(workflow: Workflow, tables: Path) -> list[dict[str, str]]:
    """The rows of runs.csv, without runs that diverged or are missing.

    Raises:
        InputError: if the study has no tables yet.
    """
    path = tables / "runs.csv"
    if not path.exists():
        raise InputError(plugins.shown(path), f"not there yet: run `harness tables {workflow.study.name}`")
    require_regular(path)
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["status"] == "finished"]


def best_runs(
    workflow: Workflow,
    finished: Iterable[Mapping[str, str]],
    environment: str,
    policy: str | None = None,
    algorithm: str | None = None,
    seed: int | None = None,
) -> list[tuple[Cell, int, float]]:
    """Rows of `finished_runs` in an environment as (cell, seed, score), the best first; None leaves an axis open."""
    cells = {planned.cell.labels: planned.cell for planned in workflow.planned}
    axes = {"environment": environment, "policy": policy, "algorithm": algorithm, "seed": seed}
    wanted = {name: str(value) for name, value in axes.items() if value is not None}
    fitting = [row for row in finished if all(row[name] == value for name, value in wanted.items())]
    found = [
        (cells[row["environment"], row["policy"], row["algorithm"]], int(row["seed"]), float(row["score"]))
        for row in fitting
        if algorithm or row["family"] != "probe"  # a probe knows more than a competitor may
    ]
    return sorted(found, key=lambda run: -run[2])
