"""The whole workflow where people really run it: killed, interrupted, twice at once, in odd places; by Snakemake."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project_copy import copy_project

from harness.lock import hold, said_of_lock

TARGET = "results/tables/smoke/findings.csv"
WORDS = [sys.executable, "-m", "snakemake", "--cores", "2"]


def environment(**changes: str | None) -> dict[str, str]:
    """This environment without what the tests or Snakemake set, and with changes; None removes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "HARNESS"))}
    return {name: value for name, value in (kept | changes).items() if value is not None}


def start(project: Path, *words: str, settings: dict[str, str] | None = None, umask: int = -1) -> subprocess.Popen[str]:
    """Snakemake as in a terminal of its own: Ctrl-C reaches it and its children."""
    return subprocess.Popen(
        [*WORDS, *words, "--config", "study=smoke"],
        cwd=project,
        env=settings or environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        umask=umask,
    )


def finished(project: Path, *words: str, **more: object) -> str:
    process = start(project, *words, **more)  # type: ignore[arg-type]
    told = process.communicate(timeout=300)[0]
    assert process.returncode == 0, told
    return str(told)


def digests(project: Path) -> dict[str, str]:
    """Digest of every run by cell and seed."""
    return {
        f"{path.parents[1].relative_to(project)} {run['seed']}": run["digest"]
        for path in project.glob("results/runs/*/*/*/*/seeds-*/manifest.json")
        for run in json.loads(path.read_text())["runs"]
    }


def tables(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / TARGET).parent.glob("*.csv") if path.stem != "timing"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing happened."""
    project = copy_project(tmp_path_factory.mktemp("undisturbed"))
    finished(project, TARGET)
    return project


@pytest.mark.slow_fault
@pytest.mark.parametrize(
    "fault", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda fault: fault.name
)
def test_a_workflow_that_was_stopped_says_what_to_type_and_ends_with_the_same_bits(
    undisturbed: Path, tmp_path: Path, fault: signal.Signals
) -> None:
    project, rng = copy_project(tmp_path), random.Random(fault.name)
    whole = len(digests(undisturbed))
    for _ in range(3):
        process = start(project, TARGET)
        before = len(digests(project))
        while len(digests(project)) <= before < whole and process.poll() is None:
            time.sleep(0.05)
        time.sleep(rng.uniform(0.0, 1.0))
        if fault in (signal.SIGINT, signal.SIGHUP):  # of a terminal: its jobs hear it too
            os.killpg(process.pid, fault)
        else:
            process.send_signal(fault)  # its jobs live on
        process.communicate(timeout=300)  # SIGTERM lets it wait for the jobs at work
        again = start(project, TARGET, "--dry-run")
        told = again.communicate(timeout=300)[0]
        if any((project / ".snakemake" / "locks").glob("*")):
            assert "type: snakemake --unlock --config study=smoke" in told
            finished(project, "--unlock")
    finished(project, TARGET)
    assert digests(project) == digests(undisturbed)
    assert tables(project) == tables(undisturbed)
    assert not list(project.rglob("*.aside"))


@pytest.mark.slow_fault
def test_a_second_snakemake_in_one_folder_is_refused_in_words_and_harms_nothing(
    undisturbed: Path, tmp_path: Path
) -> None:
    project = copy_project(tmp_path)
    first = start(project, TARGET)
    while not digests(project):
        time.sleep(0.05)
    second = start(project, TARGET)
    told = second.communicate(timeout=300)[0]
    assert second.returncode != 0
    assert "another Snakemake is at work in this folder" in told
    assert "Traceback" not in told
    assert first.communicate(timeout=300)[0]
    assert first.returncode == 0
    assert digests(project) == digests(undisturbed)


@pytest.mark.slow_fault
def test_an_odd_path_umask_and_a_missing_home_change_no_bit(undisturbed: Path, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "ein schöner Ort (π) & 'mehr'")
    settings = environment(HOME=None, TERM=None, LANG="C", LC_ALL="C", TZ="Asia/Kathmandu", PYTHONHASHSEED="77")
    finished(project, "reports/smoke.html", settings=settings, umask=0o077)
    assert digests(project) == digests(undisturbed)
    assert tables(project) == tables(undisturbed)
    assert (project / "reports/smoke.pdf").stat().st_mode & 0o077 == 0


@pytest.mark.slow_fault
def test_results_with_a_date_in_the_future_or_the_past_are_what_they_were(undisturbed: Path, tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    finished(project, TARGET)
    for moment in (4e9, 1e9):
        for path in (project / "results/runs").rglob("*"):
            os.utime(path, (moment, moment))
        finished(project, TARGET, "--forcerun", "tables")
        assert tables(project) == tables(undisturbed)


@pytest.mark.slow_fault
def test_a_clock_that_is_set_back_an_hour_after_each_stage_changes_no_bit_and_leaves_nothing_to_do(
    undisturbed: Path, tmp_path: Path
) -> None:
    project, ahead = copy_project(tmp_path), set[Path]()
    process = start(project, TARGET)
    while process.poll() is None:
        for path in {*project.glob("results/runs/*/*/*/*/seeds-*/manifest.json"), *project.glob(TARGET)} - ahead:
            now = time.time()
            os.utime(path, (now + 3600.0, now + 3600.0))
            ahead.add(path)
        time.sleep(0.01)
    told = process.communicate()[0]
    assert process.returncode == 0, told
    assert len(ahead) > 10
    assert tables(project) == tables(undisturbed)
    assert "Nothing to be done" in finished(project, TARGET)


def locked(project: Path) -> Path:
    """A lock as a killed Snakemake leaves it."""
    lock = project / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    return lock


def test_a_lock_that_a_killed_snakemake_left_is_said_in_one_line_with_what_to_type(tmp_path: Path) -> None:
    assert said_of_lock(tmp_path, "mine") == ""
    locked(tmp_path)
    told = said_of_lock(tmp_path, "mine")
    assert told.endswith("type: snakemake --unlock --config study=mine")
    assert "\n" not in told
    descriptor = hold(tmp_path)
    assert said_of_lock(tmp_path, "mine").startswith("another Snakemake is at work in this folder")
    os.close(descriptor)
    assert said_of_lock(tmp_path, "mine") == told
