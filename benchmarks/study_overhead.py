"""A whole study by Snakemake on all cores: wall clock × cores, over the seconds inside ask, rollout, tell, evaluate.

Twelve jobs of ten seconds or more each (four in a quick run). Apart from that the same without tables, figures and
report, and the share of the MLflow mirror: the seconds of the processor that one whole pass takes, import of MLflow
included, after which the store must hold every run to its last step. And the quickstart, whose jobs take a few
seconds (not in a quick run).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pyarrow import parquet

from benchmarks.measure import Goal, Row, Settings
from benchmarks.peers import ROOT
from benchmarks.programs import all_cores, project, python, snakemake, watch

TITLE = "The overhead of a study"
STUDY = """\
title: Overhead
question: Where does the time go?
seeds: {seeds}
block: 1
evaluation: {{every: 2000000, episodes: 20}}
budget: 200000000
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [ars, openai_es]
"""
PHASES = ("ask", "rollout", "tell", "evaluate")


def run(settings: Settings) -> Iterator[Row]:
    """One study of long jobs, then the mirror alone."""
    seeds = 2 if settings.quick else 6
    with all_cores() as cores, project("overhead", STUDY.format(seeds=seeds)) as folder:
        whole = watch(snakemake("overhead", "--cores", str(cores), "--quiet", "all"), folder)
        inside = worked(folder)
        last = max(path.stat().st_mtime for path in folder.glob("results/runs/**/manifest.json"))
        first = min(path.stat().st_mtime for path in folder.glob("results/logs/*/*/*/*.log"))
        jobs = 2 * seeds
        note = f"{jobs} jobs of {inside / jobs:.1f} s on {cores} cores"
        figures = ("wall × cores", whole.wall * cores)
        yield Row(
            "the whole study, report included",
            "s",
            figures[1],
            "inside the runs",
            inside,
            figures[1] / inside,
            goal=Goal(most=1.25),
            note=note,
        )
        runs = (last - first) * cores
        yield Row("from the first job to the last", "s", runs, "inside the runs", inside, runs / inside, note=note)
        yield mirrored(folder, whole.wall * cores)
    if not settings.quick:
        yield quickstart()


def quickstart() -> Row:
    """The study of README's first command, with the kernels that this checkout has compiled."""
    study = (ROOT / "studies" / "quickstart.yaml").read_text(encoding="utf-8")
    with all_cores() as cores, project("quickstart", study) as folder:
        whole = watch(snakemake("quickstart", "--cores", str(cores), "--quiet", "all"), folder)
        inside, jobs = worked(folder), len(list(folder.glob("results/runs/**/manifest.json")))
        note = f"{jobs} jobs of {inside / jobs:.1f} s on {cores} cores"
        seconds = whole.wall * cores
        return Row(
            "the quickstart, report included", "s", seconds, "inside the runs", inside, seconds / inside, note=note
        )


def worked(folder: Path) -> float:
    """Seconds inside the phases of all runs."""
    tables = [parquet.read_table(path) for path in folder.glob("results/runs/**/timing.parquet")]
    return float(sum(table.column(f"seconds_{phase}").to_numpy().sum() for table in tables for phase in PHASES))


def mirrored(folder: Path, seconds: float) -> Row:
    """A pass of the mirror over the finished study, into a new store; nothing may be lost."""
    for store in folder.glob("results/mlflow.db*"):
        store.unlink()
    for ledger in folder.glob("results/mirror/*"):
        ledger.unlink()
    seen = watch(python("-m", "harness", "sync", "overhead"), folder)
    require_all(folder)
    share = seen.processor / seconds
    return Row("MLflow: one pass over all", "s", seen.processor, "wall × cores", seconds, share, goal=Goal(most=0.05))


def require_all(folder: Path) -> None:
    """Raise RuntimeError unless the store holds the last point of the curve of every run, under its identity."""
    manifests = [json.loads(path.read_bytes()) for path in folder.glob("results/runs/**/manifest.json")]
    wanted = sorted((one["seed"], float(one["steps"])) for manifest in manifests for one in manifest["runs"])
    with closing(sqlite3.connect(folder / "results" / "mlflow.db")) as store:
        shown = store.execute(
            "SELECT tags.value, max(step) FROM tags JOIN metrics USING (run_uuid) "
            "WHERE tags.key = 'seed' AND metrics.key = 'steps' GROUP BY run_uuid"
        ).fetchall()
    if sorted((int(seed), float(step)) for seed, step in shown) != wanted:
        raise RuntimeError(f"MLflow shows {len(shown)} of {len(wanted)} runs, or not to their last steps")
