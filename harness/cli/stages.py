"""The stages of the workflow, as Snakemake calls them: job, tables, figures, report."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from harness.errors import InputError

TABLE_SEED = 20261122  # of every bootstrap
RESAMPLES = 2000


def add_commands(commands: Any) -> None:
    """Add the stages."""
    job = commands.add_parser("job", help="(stage) one cell for a block of seeds")
    job.add_argument("--spec", required=True, help="the cell as JSON")
    job.add_argument("--first", required=True, type=int)
    job.add_argument("--last", required=True, type=int)
    job.set_defaults(act=run_job)
    for name, act, text in (
        ("tables", make_tables, "(stage) the tables of a study, from the runs that are there"),
        ("figures", make_figures, "(stage) the figures of a study, from its tables"),
        ("report", make_report, "(stage) HTML and PDF of a study, from its tables and figures"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("study")
        parser.set_defaults(act=act)


def run_job(options: argparse.Namespace) -> int:
    """Run the seeds of one cell; a line when it is done."""
    import numpy as np

    from harness import cost, progress
    from harness.cell import Cell
    from harness.grid import Job
    from harness.job import run_block
    from harness.plugins import ROOT
    from harness.record import Finished

    job = Job(Cell.from_json(options.spec), options.first, options.last)
    ends: list[Finished] = []
    run_block(job.cell, range(job.first, job.last + 1), ROOT / job.folder, ends.append)
    scores = [run.snapshot.evaluations[-1]["return_mean"] for run in ends]
    diverged = sum(run.snapshot.status == "diverged" for run in ends)
    note = f", {diverged} diverged" if diverged else ""
    seconds = sum(run.seconds["total"] for run in ends)
    print(
        f"{' · '.join(job.cell.labels):60s} seeds {job.first}-{job.last}  median score {np.median(scores):9.4g}"
        f"  {seconds:6.1f} s{note}",
        flush=True,
    )
    return 0


def make_tables(options: argparse.Namespace) -> int:
    """Write results/tables/{study}."""
    from harness.results import records
    from harness.tables import write_tables
    from harness.workflow import open_study, tables_folder

    write_tables(records(open_study(options.study)), tables_folder(options.study), TABLE_SEED, RESAMPLES)
    return 0


def make_figures(options: argparse.Namespace) -> int:
    """Write results/figures/{study}."""
    from harness.figures import draw_all
    from harness.workflow import figures_folder, tables_folder

    _need(options.study, "tables")
    draw_all(tables_folder(options.study), figures_folder(options.study))
    return 0


def make_report(options: argparse.Namespace) -> int:
    """Write reports/{study}.html and .pdf."""
    from harness.publish import write_report
    from harness.workflow import open_study

    _need(options.study, "tables")
    for path in write_report(open_study(options.study)):
        print(path, file=sys.stderr)
    return 0


def _need(study: str, stage: str) -> None:
    """Raise InputError if an earlier stage was not made."""
    from harness.workflow import tables_folder

    if not (tables_folder(study) / "findings.csv").exists():
        raise InputError(f"results/tables/{study}", f"not there yet: run `harness {stage} {study}` first")
