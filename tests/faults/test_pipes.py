"""What is no file where a file should be: a pipe, which would be waited for, a socket, a folder, a link to nowhere.

Each is refused in one line that names it; whoever waited would be killed after a minute, and the test fails.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import small_project

from faults.conftest import ended, forked
from faults.documents import ENVIRONMENTS, HEAD
from faults.places import move
from harness import workflow
from harness.cli import main
from harness.plugins import ROOT

PATIENCE = 20.0  # seconds, for what takes one
STUDY = (
    HEAD
    + """\
seeds: 2
block: 2
budget: 2000
evaluation: {every: 1000, episodes: 2}
grids: [{environments: [Pole], policies: [linear], algorithms: [ars]}]
"""
)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 107 bytes
        made.bind(path.name)
        os.chdir(here)


def folder(path: Path) -> None:
    path.mkdir()


def link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


OTHERS = {
    pipe: "is no file but a pipe",
    socket_at: "is no file but a socket",
    folder: "is no file but a folder",
    link_to_nowhere: "is no file but a link that leads nowhere",
    link_to_itself: "is no file but a link that leads nowhere",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished run and its tables."""
    project = small_project.write(tmp_path_factory.mktemp("project"), STUDY, ENVIRONMENTS)
    (project / ".kernels").symlink_to(ROOT / ".kernels")
    with pytest.MonkeyPatch.context() as patch:
        move(patch, project)
        assert main(job()) == 0
        assert main(["tables", "mine"]) == 0
        yield project


def job() -> list[str]:
    """The command of the one job."""
    (one,) = workflow.open_study("mine").jobs
    return ["job", "--spec", one.cell.to_json(), "--first", "0", "--last", "1"]


def told(words: list[str], log: Path) -> tuple[int, str]:
    """Exit status and standard error of a command, in a process of its own that is killed where it does not end."""

    def work() -> None:
        status = main(words)
        sys.stderr.flush()
        os._exit(status)

    child = forked(work, log)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return ended(child), log.read_text(encoding="utf-8")
        time.sleep(0.01)
    os.kill(child, 9)
    ended(child)
    raise AssertionError(f"{words[:2]} hangs")


def manifest() -> str:
    (one,) = workflow.open_study("mine").manifests
    return one


def record(name: str) -> Callable[[], str]:
    return lambda: str(Path(manifest()).with_name(name))


RUN = ["explain", "mine", "Pole", "linear", "ars", "0"]
READERS = {  # what stands where, and who reads it
    "manifest, tables": (manifest, ["tables", "mine"]),
    "manifest, verify": (manifest, ["verify", "mine"]),
    "manifest, verify of a folder": (manifest, ["verify", "results/runs"]),
    "manifest, explain": (manifest, RUN),
    "manifest, compare": (manifest, ["compare", "mine", "--against", "results/runs"]),
    "manifest, publish": (manifest, ["publish", "mine"]),
    "manifest, export": (manifest, ["export", "mine"]),
    "evaluations, tables": (record("evaluations.parquet"), ["tables", "mine"]),
    "timing, tables": (record("timing.parquet"), ["tables", "mine"]),
    "candidates, tables": (record("candidates.npz"), ["tables", "mine"]),
    "candidates, watch": (record("candidates.npz"), ["watch", "mine", "Pole"]),
    "training, export": (record("training.parquet"), ["export", "mine"]),
    "sums, figures": (lambda: "results/tables/mine/checksums.json", ["figures", "mine"]),
    "sums, export": (lambda: "results/tables/mine/checksums.json", ["export", "mine"]),
    "runs, report": (lambda: "results/tables/mine/runs.csv", ["report", "mine"]),
    "runs, watch": (lambda: "results/tables/mine/runs.csv", ["watch", "mine", "Pole"]),
    "runs, explain": (lambda: "results/tables/mine/runs.csv", ["explain", "mine", "runs", "Pole", "seed"]),
    "study": (lambda: "studies/mine.yaml", ["tables", "mine"]),
    "environments": (lambda: "envs.yaml", ["tables", "mine"]),
    "claims": (lambda: "claims.yaml", ["tables", "mine"]),
    "claims, job": (lambda: "claims.yaml", []),
    "manifest, job": (manifest, []),
    "bundle": (lambda: "mine.zip", ["verify", "mine.zip"]),
    "store": (lambda: "results/mlflow.db", ["ui", "mine"]),
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: other.__name__)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_in_one_line_that_names_it(
    project: Path, tmp_path: Path, reader: str, other: Callable[[Path], None]
) -> None:
    place, words = READERS[reader]
    words, path, kept = words or job(), project / place(), tmp_path / "kept"
    if path.exists():
        path.rename(kept)
    try:
        other(path)
        status, said = told(words, tmp_path / "log")
    finally:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if kept.exists():
            kept.rename(path)
    assert status == 2, said
    assert said.startswith("error: "), said
    assert said.count("\n") == 1, said
    assert path.name in said, said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("other", [other for other in OTHERS if other is not folder], ids=lambda other: other.__name__)
@pytest.mark.parametrize("name", ["seed-0000.checkpoint.npz", "candidates.npz", "seed-0000.final.npz"])
def test_what_is_no_snapshot_or_record_is_replaced_by_a_job_that_runs_again(
    project: Path, tmp_path: Path, name: str, other: Callable[[Path], None]
) -> None:
    home = (project / manifest()).parent
    sums = (home / "manifest.json").read_bytes()
    path = home / name
    path.unlink(missing_ok=True)
    other(path)
    if name.startswith("seed-"):
        (home / "manifest.json").unlink()
    status, said = told(job(), tmp_path / "log")
    assert status == 0, said
    assert path.is_file() or not os.path.lexists(path)
    assert digests_in((home / "manifest.json").read_bytes()) == digests_in(sums)


def digests_in(content: bytes) -> list[str]:
    return [run["digest"] for run in json.loads(content)["runs"]]
