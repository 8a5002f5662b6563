"""A copy of the project with a small finished study, `tiny`: jobs and tables are real, figure and report are stubs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from project_copy import copy_project, replace

from harness.products import products_in
from harness.vouched import write_all

STUDY = """\
title: Tiny
question: Does it hold?
seeds: {seeds}
block: {block}
evaluation: {{every: 300, episodes: 2}}
budget: 900
algorithms:
  random: {{algorithm: random_search}}
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [ars, random]
"""
ARS = "results/runs/CartPole-v1/linear/ars"

MAKE = """
import sys
from harness.threads import pin_threads
pin_threads()
from harness.job import run_block
from harness.plugins import ROOT
from harness.results import TABLE_SEED, records
from harness.tables import write_tables
from harness.workflow import open_study, tables_folder

workflow = open_study("tiny")
jobs = workflow.jobs[::-1] if "backwards" in sys.argv else workflow.jobs
part = [int(word) for word in sys.argv[1].split("/")]
for number, job in enumerate(jobs):
    if number % part[1] == part[0]:
        run_block(job.cell, range(job.first, job.last + 1), ROOT / job.folder, lambda run: None)
if "tables" in sys.argv:
    write_tables(records(workflow), tables_folder("tiny"), TABLE_SEED, 200)  # as `finished` lets the project say
"""


def project(folder: Path, block: int = 2, seeds: int = 3) -> Path:
    """A copy with the study and nothing made."""
    copy_project(folder)
    (folder / "studies" / "tiny.yaml").write_text(STUDY.format(block=block, seeds=seeds), encoding="utf-8")
    return folder


def words(*arguments: str) -> list[str]:
    """The command that makes jobs `part/of` and, told so, the tables."""
    return [sys.executable, "-W", "error", "-c", MAKE, *arguments]


def stub_figures(folder: Path, study: str) -> None:
    """One figure, as if it were made of the tables."""
    _, figures, _ = products_in(folder, study)
    write_all(figures.folder, {"headline.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, figures.sums, figures.of)


def stub_report(folder: Path, study: str) -> None:
    """A report, as if it were made of tables and figures."""
    *_, report = products_in(folder, study)
    write_all(report.folder, dict.fromkeys(report.files, b"a stub"), report.sums, report.of)


def finished(folder: Path) -> Path:
    """A project whose study is finished, in a git repository without commits."""
    project(folder)
    replace(folder / "harness" / "results.py", "RESAMPLES = 2000", "RESAMPLES = 200")
    subprocess.run(words("0/1", "tables"), cwd=folder, check=True, capture_output=True)
    stub_figures(folder, "tiny")
    stub_report(folder, "tiny")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder
