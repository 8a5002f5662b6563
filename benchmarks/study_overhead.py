"""A whole study by Snakemake on all cores: wall clock × cores, over the seconds inside ask, rollout, tell, evaluate.

Twelve jobs of ten seconds or more each (four in a quick run). Apart from that the same without tables, figures and
report, and the share of the MLflow mirror: the seconds of the processor that one whole pass takes, import of MLflow
included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyarrow import parquet

from benchmarks.measure import Goal, Row, Settings
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
    share = seen.processor / seconds
    return Row("MLflow: one pass over all", "s", seen.processor, "wall × cores", seconds, share, goal=Goal(most=0.05))
