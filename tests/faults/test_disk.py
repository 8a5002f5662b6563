"""A disk that is really full, and one that is really read-only: a small tmpfs, filled byte by byte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness.run
from faults.conftest import RECORDS, SEEDS, ended, folder_in, forked, ran
from harness.cli import main
from harness.files import Unwritable
from harness.tables.read import read_job
from harness.tables.write import require_whole, write_all

KIB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of its own can be mounted by root alone")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


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
            assert len(read_job(folder_in(root) / "manifest.json")) == len(SEEDS)
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
