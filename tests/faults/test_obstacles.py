"""What would end Snakemake in a traceback, or keep it waiting: the Snakefile says it in one line and begins nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from project_copy import copy_project, snakemake

from faults.conftest import damages
from faults.test_disk import leave, mounted
from faults.test_pipes import OTHERS
from harness.errors import InputError
from harness.lock import HELD, hold
from harness.obstacles import require_way
from harness.plugins import ROOT
from harness.workflow import Workflow, open_study

FINDINGS = "results/tables/smoke/findings.csv"
RECORD = json.dumps({"rule": "tables", "input": ["a"], "shellcmd": "…", "starttime": 1.5, "incomplete": False}).encode()


@pytest.fixture(scope="module")
def smoke() -> Workflow:
    return open_study("smoke")


def refusal(smoke: Workflow, root: Path) -> str:
    with pytest.raises(InputError) as caught:
        require_way(smoke, root)
    assert not list((root / ".snakemake").glob("*trial*"))
    return str(caught.value)


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: other.__name__)
@pytest.mark.parametrize(
    "place",
    [
        "results/logs/smoke/progress.txt",
        "results/logs/smoke/silent.txt",
        "results/logs/smoke/follow.log",
        "results/logs/smoke/tables.log",
        "results/logs/smoke/report.log",
        "results/mirror/smoke.json",
        "results/mirror/smoke.passed",
        "log of a job",
        str(HELD),
    ],
)
def test_what_is_no_file_where_the_workflow_writes_is_named_before_it_begins(
    smoke: Workflow, tmp_path: Path, place: str, other: Callable[[Path], None]
) -> None:
    require_way(smoke, tmp_path)  # nothing is in the way of a study that was never run
    place = smoke.jobs[3].log.as_posix() if place == "log of a job" else place
    (tmp_path / place).parent.mkdir(parents=True)
    other(tmp_path / place)
    assert refusal(smoke, tmp_path) == f"{place}: {OTHERS[other]}: remove it"


def record(root: Path, content: bytes) -> Path:
    """A note of Snakemake's on the findings."""
    path = root / ".snakemake/metadata" / urlsafe_b64encode(FINDINGS.encode()).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]", b"7", b"null", b"\0" * 40, b'{"rule": "\xc3\xa4"}'])
def test_notes_of_snakemake_that_it_cannot_read_are_named_with_their_output_and_what_to_type(
    smoke: Workflow, tmp_path: Path, content: bytes
) -> None:
    path = record(tmp_path, content)
    told = f"Snakemake's notes on {FINDINGS} are damaged; to go on, type: rm -r .snakemake/metadata"
    assert refusal(smoke, tmp_path) == f".snakemake/metadata/{path.name}: {told}"


@pytest.mark.parametrize("content", [b"", b'{"rule": "tab', RECORD])
def test_notes_that_may_be_in_writing_are_left_to_snakemake(smoke: Workflow, tmp_path: Path, content: bytes) -> None:
    record(tmp_path, content)
    require_way(smoke, tmp_path)


def test_each_of_100_damages_of_a_note_is_refused_or_none_that_snakemake_stumbles_over(
    smoke: Workflow, tmp_path: Path
) -> None:
    from snakemake.persistence import MetadataRecord

    for damage in damages(100):
        path = record(tmp_path, damage.to(RECORD))
        try:
            require_way(smoke, tmp_path)
        except InputError:
            continue
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            continue  # Snakemake passes over it
        MetadataRecord.model_validate(read)


def test_a_disk_without_room_for_the_notes_of_snakemake_is_told_in_one_line(smoke: Workflow, tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    with mounted(tmp_path / ".snakemake", "-t", "tmpfs", "-o", "size=256k", "tmpfs"):
        filler = leave(tmp_path / ".snakemake", 8)
        told = "cannot be written: No space left on device; nothing was started, what stands stays"
        assert refusal(smoke, tmp_path) == f".snakemake: {told}"
        filler.unlink()
        require_way(smoke, tmp_path)


def test_snakemake_itself_says_no_more_than_that_line(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    (project / "results/logs/smoke/silent.txt").mkdir(parents=True)
    record(project, b"\xff")
    for words in ("silent.txt: is no file but a folder: remove it\n", "to go on, type: rm -r .snakemake/metadata\n"):
        told = snakemake(project, "smoke", "--dry-run")
        assert told.returncode == 1
        assert told.stdout.endswith(words)
        assert told.stdout.count("\n") == 2  # Snakemake's own first line, and this one
        shutil.rmtree(project / "results/logs", ignore_errors=True)


AT_ONCE = """\
import sys
from pathlib import Path
from harness.lock import tell_of_lock
tell_of_lock(Path(sys.argv[1]), "mine")
print("planned", flush=True)
input()
"""


def test_of_two_that_begin_at_once_the_one_that_is_refused_says_at_its_end_that_another_is_at_work(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-c", AT_ONCE, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, cwd=ROOT, **pipes) as second:
        assert second.stdout
        assert second.stdout.readline() == "planned\n"
        descriptor = hold(tmp_path)
        (tmp_path / ".snakemake/locks").mkdir(parents=True)
        (tmp_path / ".snakemake/locks/0.output.lock").touch()
        told = second.communicate("\n")[0]
    assert told == "note: another Snakemake is at work in this folder: wait until it ends, or stop it\n"
    os.close(descriptor)


def test_whoever_plans_meanwhile_is_not_taken_for_a_killed_one(tmp_path: Path) -> None:
    words = [sys.executable, "-c", AT_ONCE, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, cwd=ROOT, **pipes) as first:
        assert first.stdout
        assert first.stdout.readline() == "planned\n"
        (tmp_path / ".snakemake/locks").mkdir(parents=True)
        (tmp_path / ".snakemake/locks/0.output.lock").touch()  # its own, before its work begins
        with subprocess.Popen(words, cwd=ROOT, **pipes) as second:
            assert second.communicate("\n")[0].startswith("note: another Snakemake is at work in this folder")
        first.kill()
