"""Killed at any instant, a job goes on to the same bits; a dead process leaves no lock; two wait for each other."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faults.conftest import CELL, RECORDS, ended, folder_in, forked, ran
from harness import files, job
from harness.rollouts import kernel
from harness.tracking import store

KILLS = 50


def undisturbed(root: Path) -> None:
    """A block that writes a checkpoint at every border, so that most of its time is spent in writing."""
    job.CHECKPOINT_SECONDS = job.LIVE_SECONDS = 0.0
    ran(root)


def test_fifty_kills_at_random_instants_lose_no_bit(tmp_path: Path, expected: dict[int, str]) -> None:
    rng, log = random.Random(0), tmp_path / "log"
    start = time.perf_counter()
    assert ended(forked(lambda: undisturbed(tmp_path / "whole"), log)) == 0, log.read_text()
    whole = time.perf_counter() - start
    killed = resumed = trial = 0
    while killed < KILLS:
        trial += 1
        root = tmp_path / str(trial)
        child = forked(lambda: undisturbed(root), log)  # noqa: B023
        time.sleep(rng.uniform(0.0, whole))
        os.kill(child, signal.SIGKILL)
        killed += ended(child) == -signal.SIGKILL
        resumed += bool(list(folder_in(root).glob("*.npz")))
        assert ran(root) == expected, f"trial {trial}"
        assert not list(root.rglob("*.aside"))
    assert resumed > KILLS / 5  # not all of them died before there was anything to lose


@contextmanager
def stopped_at(number: int, fault: Callable[[str], Any]) -> Iterator[list[int]]:
    """Let the `number`-th step of writing fail: making a folder, opening, writing (half of it), syncing, renaming."""
    count = [0]

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            count[0] += 1
            if count[0] == number:
                fault(str(arguments[0]))
            return work(*arguments, **named)

        return stepped

    class Torn(io.FileIO):
        """A file of which half is on the disk when the fault comes."""

        def write(self, content: Any) -> int:
            count[0] += 1
            if count[0] == number:
                super().write(content[: len(content) // 2])
                fault("")
            return super().write(content)

    kept = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        return counted(Torn)(path, "w") if mode == "wb" else kept(path, mode, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", opened)
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "mkdir", counted(Path.mkdir))
        yield count


def full(path: str) -> None:
    """No space left."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def die(path: str) -> None:
    """As by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_job_killed_at_every_single_step_of_writing_loses_no_bit(tmp_path: Path, expected: dict[int, str]) -> None:
    number, died = 1, True
    while died:
        root = tmp_path / str(number)

        def work(number: int = number, root: Path = root) -> None:
            with stopped_at(number, die):
                ran(root)

        died = ended(forked(work, tmp_path / "log")) == -signal.SIGKILL
        assert ran(root) == expected, f"step {number}"
        assert not list(root.rglob("*.aside"))
        number += 1
    assert number > 30


def test_a_full_disk_at_every_single_step_of_writing_is_named_and_loses_no_bit(
    tmp_path: Path, expected: dict[int, str]
) -> None:
    number, failed = 1, True
    while failed:
        root = tmp_path / str(number)
        with stopped_at(number, full) as count:
            try:
                ran(root)
            except OSError as fault:
                assert str(root) in str(fault)
                assert "No space left on device" in str(fault)
            failed = count[0] >= number
        assert not list(root.rglob("*.aside"))
        assert failed or folder_in(root).joinpath("manifest.json").exists()
        assert ran(root) == expected, f"step {number}"
        number += 1
    assert number > 30


def test_records_that_stand_survive_a_full_disk_at_every_step_of_replacing_them(
    tmp_path: Path, expected: dict[int, str]
) -> None:
    """Until the first file is renamed, all old ones stand; nothing is renamed before all new ones are on the disk."""
    assert ran(tmp_path) == expected
    folder = folder_in(tmp_path)
    before = {name: (folder / name).read_bytes() for name in RECORDS}
    number, failed, stood = 1, True, 0
    while failed:
        with stopped_at(number, full) as count:
            try:
                files.write_together(folder, {name: content + b" " for name, content in before.items()})
            except files.Unwritable:
                stood += {name: (folder / name).read_bytes() for name in RECORDS if (folder / name).exists()} == before
            failed = count[0] >= number
        files.write_together(folder, before)
        number += 1
    assert stood == 4 * len(RECORDS)  # folder, file, content and sync of each; then the renames, which need no space


def test_two_processes_with_one_job_wait_for_each_other(tmp_path: Path, expected: dict[int, str]) -> None:
    children = [forked(lambda: undisturbed(tmp_path), tmp_path / f"log-{n}") for n in range(4)]
    assert [ended(child) for child in children] == [0] * 4
    assert ran(tmp_path) == expected


@pytest.mark.parametrize("place", ["job", "kernels", "mirror"])
def test_a_dead_process_holds_no_lock(tmp_path: Path, place: str, expected: dict[int, str]) -> None:
    locks = {
        "job": folder_in(tmp_path).with_name(f".{folder_in(tmp_path).name}.lock"),
        "kernels": tmp_path / "key.lock",
        "mirror": tmp_path / store.LOCK,
    }
    locks[place].parent.mkdir(parents=True, exist_ok=True)

    def hold() -> None:
        handle = locks[place].open("w")
        fcntl.flock(handle, fcntl.LOCK_EX)
        locks[place].with_suffix(".held").touch()
        time.sleep(60)

    child = forked(hold, tmp_path / "log")
    while not locks[place].with_suffix(".held").exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert locks[place].exists()
    start = time.monotonic()
    if place == "job":
        assert ran(tmp_path) == expected
    elif place == "kernels":
        with kernel._locked(tmp_path, "key"):
            pass
    else:
        with store.locked(tmp_path, seconds=1.0):
            pass
    assert time.monotonic() - start < 10.0


def test_a_clock_that_goes_backwards_changes_no_bit_and_no_duration(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(range(2_000_000_000, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments) * 10**9)
    assert ran(tmp_path) == expected
    import pyarrow.parquet as pq

    timing = pq.read_table(folder_in(tmp_path) / "timing.parquet").to_pydict()
    assert all(0.0 <= value < 60.0 for name in timing if name != "seed" for value in timing[name])


def test_the_estimate_of_what_is_left_survives_a_clock_that_goes_backwards() -> None:
    from harness import progress

    header = {"work": 10.0, "seconds": 100.0, "after": 5.0}
    assert progress.seconds_left(header, 5.0, -1e9) == progress.seconds_left(header, 5.0, 0.0)
    assert progress.in_words(progress.seconds_left(header, 0.0, -1e9))


def test_the_cell_is_one_that_writes_often() -> None:
    assert CELL.budget / CELL.evaluation.every == 40
