"""One at a time in a folder, and nothing of it stays behind."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from pathlib import Path

from harness.files import alone_in, write_bytes, write_together


def test_of_8_who_come_25_times_each_one_at_a_time_is_in_the_folder_and_no_lock_stays(tmp_path: Path) -> None:
    folder, inside, most = tmp_path / "seeds-0000-0009", 0, 0

    def come() -> None:
        nonlocal inside, most
        for _ in range(25):
            with alone_in(folder):
                inside += 1
                most = max(most, inside)
                time.sleep(1e-4)
                inside -= 1

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert [path.name for path in tmp_path.rglob("*")] == [folder.name]


def test_who_waited_for_a_lock_that_was_removed_meanwhile_takes_the_new_one(tmp_path: Path) -> None:
    folder, entered = tmp_path / "folder", threading.Event()
    lock = tmp_path / ".folder.lock"

    def come() -> None:
        with alone_in(folder):
            entered.set()

    with lock.open("w") as removed, lock.open("w"):
        fcntl.flock(removed, fcntl.LOCK_EX)
        waiting = threading.Thread(target=come)
        waiting.start()
        time.sleep(0.1)
        lock.unlink()
        newer = lock.open("w")
        fcntl.flock(newer, fcntl.LOCK_EX)
    time.sleep(0.1)  # the old lock is free, and means nothing any more
    assert not entered.is_set()
    newer.close()
    waiting.join(timeout=10.0)
    assert entered.is_set()
    assert not lock.exists()


def test_what_a_dead_process_was_writing_is_gone_with_the_next_file_of_its_name_and_that_of_a_living_one_stays(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead = [tmp_path / f".{name}.{ended.pid}.aside" for name in ("a.svg", "b.svg", "a.svg.x")]
    living = tmp_path / f".a.svg.{os.getppid()}.aside"
    for path in (*dead, living):
        path.write_bytes(b"half")
    write_bytes(tmp_path / "a.svg", b"whole")
    assert [path.exists() for path in (*dead, living)] == [False, True, True, True]
    write_together(tmp_path, {"c.svg": b"whole", "b.svg": b"whole"})
    assert [path.exists() for path in (*dead, living)] == [False, False, True, True]
