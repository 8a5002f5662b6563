"""A disk that is really full, and one that is really read-only: a small tmpfs, filled byte by byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from finished_study import finished
from project_copy import copy_project, run, snakemake

import harness.run
from faults.conftest import RECORDS, SEEDS, ended, folder_in, forked, ran
from harness.cli import main
from harness.files import Unwritable
from harness.tables.read import read_job
from harness.tracking import store
from harness.vouched import require_whole, write_all

KIB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=256k", "tmpfs"):
        yield place


@contextmanager
def mounted(place: Path, *words: str) -> Iterator[None]:
    """Something mounted at a place."""
    command = ["mount", *words, str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of its own can be mounted by root alone")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished study whose results, reports and temporary files lie on one disk of 48 MiB."""
    project = finished(tmp_path_factory.mktemp("on a disk"))
    disk = project.parent / "disk"
    disk.mkdir()
    with ExitStack() as mounts:
        mounts.enter_context(mounted(disk, "-t", "tmpfs", "-o", "size=48m", "tmpfs"))
        for name in ("results", "reports"):
            shutil.copytree(project / name, disk / name)
            mounts.enter_context(mounted(project / name, "--bind", str(disk / name)))
        (disk / "tmp").mkdir()
        yield project


def leave(disk: Path, kib: int) -> Path:
    """Fill the disk but for so many KiB."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler = disk / "filler"
    filler.write_bytes(bytes(free - kib * KIB))
    return filler


def test_a_disk_that_fills_up_at_any_size_is_named_and_the_job_ends_well_once_there_is_room(
    disk: Path, expected: dict[int, str]
) -> None:
    full = 0
    for kib in range(0, 80, 4):
        root = disk / f"left-{kib}"
        root.mkdir()
        filler = leave(disk, kib)
        try:
            ran(root)
        except Unwritable as fault:
            full += 1
            assert str(root) in str(fault.filename)
            assert fault.strerror == "No space left on device"
            assert not (folder_in(root) / "manifest.json").exists()
        else:
            assert len(read_job(folder_in(root) / "manifest.json").runs) == len(SEEDS)
        assert not list(root.rglob("*.aside"))
        filler.unlink()
        assert ran(root) == expected, f"{kib} KiB left"
        for path in sorted(root.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert 5 <= full < 20  # from nothing at all to enough


def test_tables_that_stand_survive_a_full_disk(disk: Path) -> None:
    old = {"runs.csv": b"a" * 9_000, "findings.csv": b"b" * 9_000}
    write_all(disk, old)
    leave(disk, 16)
    with pytest.raises(Unwritable, match="No space left"):
        write_all(disk, {name: content * 2 for name, content in old.items()})
    require_whole(disk, "")
    assert {name: (disk / name).read_bytes() for name in old} == old
    assert not list(disk.glob("*.aside"))


def test_read_only_results_are_refused_before_anything_is_trained(
    disk: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(disk) == expected
    before = {name: (folder_in(disk) / name).read_bytes() for name in RECORDS}
    monkeypatch.setattr(harness.run, "_turned", lambda *_: pytest.fail("it trains"))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(Unwritable, match="Read-only file system") as caught:
        ran(disk, seeds=range(9, 12))
    assert str(disk) in caught.value.filename
    assert {name: (folder_in(disk) / name).read_bytes() for name in RECORDS} == before


def test_a_folder_without_permission_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    """As a user who is not root, who may write anywhere."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.owner() == "root" and parent != Path("/tmp") and parent.is_relative_to("/tmp"):
            parent.chmod(0o755)

    def work() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        harness.run._turned = None  # type: ignore[assignment]
        with pytest.raises(Unwritable, match="Permission denied") as caught:
            ran(tmp_path)
        assert str(tmp_path) in caught.value.filename

    tmp_path.chmod(0o555)
    assert ended(forked(work, tmp_path.parent / "log")) == 0, (tmp_path.parent / "log").read_text()


def test_the_command_line_says_a_full_disk_in_one_line(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from faults.conftest import CELL
    from harness import plugins

    leave(disk, 0)
    monkeypatch.setattr(plugins, "ROOT", disk)
    monkeypatch.setattr("harness.cost.core_seconds", lambda jobs: 1.0)
    monkeypatch.setattr("harness.cli.stages.ROOT", disk, raising=False)
    assert main(["job", "--spec", CELL.to_json(), "--first", "0", "--last", "1"]) == 1
    told = capsys.readouterr().err.strip()
    assert told.count("\n") == 0
    assert told.startswith(f"error: {disk}")
    assert "No space left on device" in told


def standing(project: Path) -> dict[str, bytes]:
    """Every file of a project's results and reports, and the bundles beside them."""
    files = [path for name in ("results", "reports") for path in (project / name).rglob("*") if path.is_file()]
    files += (project.parent / "disk").glob("*.zip")
    return {str(path): path.read_bytes() for path in files if path.suffix != ".log"}


STAGES = {  # with the KiB that are left: from nothing to almost enough
    "figures": (0, 200),
    "report": (0, 60),
    "publish": (0, 200, 900),
    "rebuild": (0, 100, 900),
    "export": (0, 300),
    "verify": (60, 300),  # with nothing at all, Python takes another temporary folder
}


@pytest.mark.slow_fault
@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_told_in_one_line_by_every_later_stage_and_what_stands_stays(study: Path, stage: str) -> None:
    """In the order of the stages, each of which ends well once there is room."""
    disk = study.parent / "disk"
    words = {"export": ["export", "tiny", "--out", str(disk / "out.zip")], "verify": ["verify", str(disk / "out.zip")]}
    command = words.get(stage, [stage, "tiny"])
    for kib in STAGES[stage]:
        before, filler = standing(study), leave(disk, kib)
        done = run(study, "harness", *command, TMPDIR=str(disk / "tmp"))
        filler.unlink()
        assert done.returncode == 1, (kib, done.stdout)
        told = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
        assert len(told) == 1 and "Traceback" not in done.stdout, done.stdout
        assert "No space left on device" in told[0] and str(disk.parent) in told[0], told
        if stage != "rebuild":  # which begins with an empty folder
            assert standing(study) == before
        assert not list(disk.rglob("*.aside")) and not list((disk / "tmp").iterdir())
    done = run(study, "harness", *command, TMPDIR=str(disk / "tmp"))
    assert done.returncode == 0, done.stdout
    assert not list(disk.rglob("*.aside")) and not list((disk / "tmp").iterdir())


@pytest.mark.slow_fault
def test_read_only_results_are_told_by_snakemake_in_one_line_before_anything_is_started(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "results").mkdir()
    with mounted(project / "results", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs"):
        done = snakemake(project, "smoke")
    assert done.returncode == 1
    told = [line for line in done.stdout.splitlines() if "Read-only file system" in line]
    assert told == [
        f"error: {project}/results/.workflow.lock cannot be written: Read-only file system; "
        "nothing was started, what stands stays"
    ]
    assert "Traceback" not in done.stdout and "Error in" not in done.stdout and 'File "' not in done.stdout


@pytest.mark.slow_fault
def test_a_store_that_cannot_be_made_for_want_of_room_leaves_nothing_behind_and_is_made_once_there_is_some(
    tmp_path: Path,
) -> None:
    (tmp_path / "results").mkdir()
    with mounted(tmp_path / "results", "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        for kib in (8, 100, 300):
            filler = leave(tmp_path / "results", kib)
            with pytest.raises(store.StoreError, match="no store can be made"):
                store.initialise(tmp_path / "results" / store.STORE)
            assert [path.name for path in (tmp_path / "results").iterdir()] == ["filler"]
            filler.unlink()
        store.initialise(tmp_path / "results" / store.STORE)
        assert store.find_fault(tmp_path / "results" / store.STORE) == ""
