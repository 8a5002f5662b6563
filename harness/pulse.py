"""Signs of life: a job dates its lock whenever it has come further, and one that has long not done so is named.

Whether an `ask` or a `step` hangs or is only slow nobody can tell, and a clock must not decide what a result is: so
nothing is ended here. A person is told which cell is silent, since when, in which line it stands and how to end it;
the next start says so again. Time is monotonic: a clock that is put right makes nobody silent.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SILENT_SECONDS = 300.0  # without an evaluation: worth saying, again after twice as long
BEAT_SECONDS = 1.0  # between two signs
ERRORS = 2  # the file descriptor that becomes the log of a job
FRAME = re.compile(r'File "(?:.*/)?([^/"]+)", line (\d+) in (\S+)')


@dataclass(frozen=True)
class Watched:
    """A job as the one who watches knows it."""

    name: str  # as a person would call it
    lock: Path
    log: Path


def lock_of(folder: Path) -> Path:
    """The lock of the job that works in a folder: there while it works, or if it was killed."""
    return folder.with_name(f".{folder.name}.lock")


@contextmanager
def signs(folder: Path) -> Iterator[Callable[[int], None]]:
    """Gives what a job calls with its seed whenever it has come further.

    While it does not, its log gains the line where it stands.

    The line is written by a thread without Python's lock, so that compiled code that never returns is named too.
    """
    lock, last, run = lock_of(folder), time.monotonic(), -1

    def beat(seed: int) -> None:
        nonlocal last, run
        if seed != run or time.monotonic() - last >= BEAT_SECONDS:
            last, run = time.monotonic(), seed
            _beat(lock, f"{os.getpid()} {seed}")

    _beat(lock, f"{os.getpid()}")
    try:
        yield beat
    finally:
        faulthandler.cancel_dump_traceback_later()


def _beat(lock: Path, text: str) -> None:
    with suppress(OSError):  # for the eye alone: a full disk shows where results are written
        lock.write_text(f"{text}\n")
    faulthandler.dump_traceback_later(SILENT_SECONDS, repeat=True, file=ERRORS)


def watch(jobs: list[Watched], notes: Path, say: Callable[[str], None]) -> None:
    """Name silent jobs for as long as this process lives, in a thread that nobody waits for.

    Args:
        jobs: to watch, whether they have begun or not.
        notes: a file that keeps what was said of the jobs that are silent.
        say: prints a line.
    """

    def look() -> None:
        seen: dict[str, tuple[int, float, float]] = {}
        while True:
            for line in silent(jobs, seen, time.monotonic()):
                say(line)
                with suppress(OSError), notes.open("a", encoding="utf-8") as file:
                    file.write(f"{line}\n")
            time.sleep(SILENT_SECONDS / 10)

    threading.Thread(target=look, daemon=True, name="pulse").start()


def silent(jobs: list[Watched], seen: dict[str, tuple[int, float, float]], now: float) -> Iterator[str]:
    """A line for each job that has been silent for long, and again after twice as long.

    Args:
        jobs: to look at.
        seen: of each job its last sign, when that was first seen, and the silence to speak of next; kept up to date.
        now: monotonic seconds.
    """
    for job in jobs:
        sign = _sign(job.lock)
        last, since, limit = seen.get(job.name, (None, now, SILENT_SECONDS))
        if sign is None or sign != last:
            seen.pop(job.name, None)
            if sign is not None:
                seen[job.name] = (sign, now, SILENT_SECONDS)
        elif now - since >= limit and (pid := _holder(job.lock)):
            seen[job.name] = (sign, since, 2 * limit)
            minutes = (now - since) / 60
            yield f"no sign of life from {job.name} for {minutes:.1f} min{_place(job.log)}; to end it: kill {pid}"


def remembered(notes: Path, jobs: Iterable[str]) -> list[str]:
    """What was said of jobs that are still to be done, the last of each; the file is begun anew."""
    try:
        lines = notes.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    notes.unlink(missing_ok=True)
    names = list(jobs)
    last = {name: line for line in lines for name in names if f" from {name} for " in line}
    return [f"last time: {line.partition('; to end it')[0]}" for line in last.values()]


def abandoned(jobs: Iterable[tuple[str, Path]]) -> Iterator[str]:
    """A line for each job, a name and a lock, that ended without a word: its lock is left, and nobody holds it."""
    for name, lock in jobs:
        if lock.exists() and not _holder(lock):
            words = lock.read_text(encoding="utf-8", errors="replace").split()
            run = f", in the run of seed {words[1]}" if len(words) > 1 else ""
            yield f"Ended without a word, as by a kill: {name}{run}"


def _sign(lock: Path) -> int | None:
    """The date of a lock, None where no job works."""
    try:
        return lock.stat().st_mtime_ns
    except OSError:
        return None


def _holder(lock: Path) -> str:
    """The process that works under a lock; nothing if it is dead."""
    try:
        with lock.open("r+", encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return [*file.read().split(), "its process"][0]
    except OSError:
        return ""
    return ""


def _place(log: Path) -> str:
    """The line in which a job stands, as its log has it."""
    try:
        dump = log.read_text(encoding="utf-8", errors="replace").rpartition("Timeout (")[2]
    except OSError:
        return ""
    frame = FRAME.search(dump)
    return f", in {frame[1]}, line {frame[2]}, {frame[3]}" if frame else ""
