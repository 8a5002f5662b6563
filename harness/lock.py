"""Is another Snakemake at work in this project, or was one killed here? Snakemake's own lock files do not tell.

The one that works holds a lock that dies with its process.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HELD = Path("results", ".workflow.lock")


def hold(root: Path) -> int:
    """Hold the project for as long as this process lives, or share it; the file descriptor is never to be closed."""
    (root / HELD).parent.mkdir(exist_ok=True)
    descriptor = os.open(root / HELD, os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def tell_of_lock(root: Path, study: str) -> None:
    """Say what is to be known of Snakemake's lock: now, or when this process ends, if another one was faster.

    The project is held from now on: whoever meets the lock that Snakemake is going to make must not take it for a dead
    one's. Where it cannot be held there will be no lock either, and `in_one_line` says why.
    """
    if note := said_of_lock(root, study):
        print(f"note: {note}", file=sys.stderr)
        return
    with suppress(OSError):
        atexit.register(_tell_at_end, root, study, hold(root))


def _tell_at_end(root: Path, study: str, descriptor: int) -> None:
    os.close(descriptor)
    if note := said_of_lock(root, study):
        print(f"note: {note}", file=sys.stderr)


@contextmanager
def in_one_line() -> Iterator[None]:
    """What cannot be written when the work begins, read-only results or a full disk, ends it in one line."""
    try:
        yield
    except OSError as fault:
        place = fault.filename or "results"
        sys.exit(f"error: {place} cannot be written: {fault.strerror}; nothing was started, what stands stays")


def said_of_lock(root: Path, study: str) -> str:
    """What a person should know and type where Snakemake has left its lock; nothing where it has not."""
    if not any((root / ".snakemake" / "locks").glob("*")):
        return ""
    if _is_held(root / HELD):
        return "another Snakemake is at work in this folder: wait until it ends, or stop it"
    return f"a Snakemake was killed in this folder; to go on, type: snakemake --unlock --config study={study}"


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
