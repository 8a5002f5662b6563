"""The stages of the workflow, as Snakemake calls them: job, tune, tables, figures, report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.names import check_name
from harness.node import Node

if TYPE_CHECKING:
    from harness.grid import Job
    from harness.products import Product


def add_commands(commands: Any) -> None:
    """Add the stages."""
    job = commands.add_parser("job", help="(stage) one cell for a block of seeds")
    job.add_argument("--spec", required=True, help="the cell as JSON")
    job.add_argument("--first", required=True, type=int)
    job.add_argument("--last", required=True, type=int)
    job.set_defaults(act=run_job)
    measure = commands.add_parser("measure", help="(stage) one bench of the laboratory for a block of seeds")
    measure.add_argument("--spec", required=True, help="the bench as JSON")
    measure.add_argument("--first", required=True, type=int)
    measure.add_argument("--last", required=True, type=int)
    measure.set_defaults(act=run_bench)
    for name, act, text in (
        ("tables", make_tables, "(stage) the tables of a study, from the runs that are there"),
        ("figures", make_figures, "(stage) the figures of a study, from its tables"),
        ("tune", tune_settings, "(stage) the tuned settings of a study of tuning, from its runs"),
        ("report", make_report, "(stage) HTML and PDF of a study, from its tables and figures"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("study")
        if act is not tune_settings:
            parser.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="workers at most (default: 1)")
        parser.set_defaults(act=act)


def _jobs(text: str) -> int:
    """A number of workers."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of workers: 1 or more")
    return int(text)


def run_job(options: argparse.Namespace) -> int:
    """Run the seeds of one cell; a line when it is done.

    Ctrl-C ends a job at once, as a kill does: Python's own handler would wait for compiled code to return.
    """
    import signal

    import numpy as np

    from harness import cost, progress
    from harness.compiler import load_compiler

    load_compiler()
    from harness.job import run_block
    from harness.plugins import ROOT
    from harness.record import Finished

    job = job_of(options)
    kept = signal.signal(signal.SIGINT, signal.SIG_DFL)
    work = cost.core_seconds([job])  # before its kernel is compiled
    ends: list[Finished] = []
    try:
        run_block(job.cell, range(job.first, job.last + 1), ROOT / job.folder, ends.append)
    finally:
        place = progress.count(work)  # a job that fails is over too
        signal.signal(signal.SIGINT, kept)
    scores = [run.score(job.cell.budget) for run in ends]
    diverged = sum(run.snapshot.status == "diverged" for run in ends)
    note = f", {diverged} diverged" if diverged else ""
    seconds = sum(run.seconds["total"] for run in ends)
    print(
        f"{place}{' · '.join(job.cell.labels)}, seeds {job.first}-{job.last}: "
        f"median score {np.median(scores):.4g} in {seconds:.1f} s{note}",
        flush=True,
    )
    return 0


def run_bench(options: argparse.Namespace) -> int:
    """Measure the seeds of one bench; a line when it is done."""
    from harness import cost, progress
    from harness.laboratory.bench import Bench, BenchJob
    from harness.laboratory.job import measure_block
    from harness.plugins import ROOT

    _check_seeds(options)
    try:
        job = BenchJob(Bench.from_json(options.spec), options.first, options.last)
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise InputError("--spec", f"not the JSON of a bench: {type(fault).__name__}: {fault}") from fault
    _check_labels(job.bench.labels)
    work = cost.core_seconds([job])  # before its kernel is compiled
    try:
        measure_block(job.bench, range(job.first, job.last + 1), ROOT / job.folder)
    finally:
        place = progress.count(work)  # a job that fails is over too
    print(f"{place}laboratory: {' · '.join(job.bench.labels)}, seeds {job.first}-{job.last}", flush=True)
    return 0


def _check_labels(labels: Iterable[str]) -> None:
    """Labels are folders: one that is no name would lead elsewhere."""
    for label in labels:
        check_name(Node(label, "--spec"), label)


def _check_seeds(options: argparse.Namespace) -> None:
    if not 0 <= options.first <= options.last:
        raise InputError("--first, --last", f"{options.first}-{options.last} is no block of seeds")


def job_of(options: argparse.Namespace) -> Job:
    """The job that a command line describes.

    Raises:
        InputError: if there are no such seeds, or the text is not that of a cell.
    """
    from harness.cell import Cell
    from harness.grid import Job

    _check_seeds(options)
    try:
        job = Job(Cell.from_json(options.spec), options.first, options.last)
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise InputError("--spec", f"not the JSON of a cell: {type(fault).__name__}: {fault}") from fault
    _check_labels(job.cell.labels)
    return job


def make_tables(options: argparse.Namespace) -> int:
    """Write results/tables/{study}."""
    from harness.results import live, tabulate
    from harness.workflow import open_study, tables_folder

    workflow = open_study(options.study)
    workflow.require_runs()
    tabulate(workflow, tables_folder(options.study), live(workflow), options.jobs)
    return 0


def tune_settings(options: argparse.Namespace) -> int:
    """Write tuned/{study}.yaml and .csv."""
    from harness.plugins import ROOT
    from harness.tuning import tune
    from harness.workflow import open_study

    tune(open_study(options.study), ROOT / "tuned")
    return 0


def make_figures(options: argparse.Namespace) -> int:
    """Write results/figures/{study}."""
    from harness.figures import draw_all
    from harness.workflow import figures_folder, tables_folder

    tables, *_ = _made(options.study)
    tables.whole()
    draw_all(tables_folder(options.study), figures_folder(options.study), options.jobs)
    return 0


def make_report(options: argparse.Namespace) -> int:
    """Write reports/{study}.html and .pdf."""
    from harness.publish import write_report
    from harness.workflow import open_study

    for product in _made(options.study)[:2]:
        product.whole()
    for path in write_report(open_study(options.study), options.jobs):
        print(path, file=sys.stderr)
    return 0


def _made(study: str) -> tuple[Product, ...]:
    """What was made of a study: tables, figures, report; InputError if there is no such study, or not even tables."""
    from harness.names import find
    from harness.plugins import ROOT
    from harness.products import products_in
    from harness.study import studies
    from harness.workflow import open_study, tables_folder

    find(Node(None, "studies/"), study, studies(ROOT), "study")
    if not (tables_folder(study) / "findings.csv").exists():
        open_study(study).require_runs()
        raise InputError(f"results/tables/{study}", f"not there yet: run `harness tables {study}` first")
    return products_in(ROOT, study)
