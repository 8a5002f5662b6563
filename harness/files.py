"""Files written aside and renamed: a reader sees the old file or the new one, never a half.

A process that works in a folder is alone there; what killed ones left half-written is swept away by the next.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO, Any

KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class Unwritable(OSError):
    """A file that cannot be written, a full disk or a folder without permission; names the path and the reason."""


class Irregular(OSError):
    """What stands where a file should: a folder, a pipe, a socket, a device, a link that leads nowhere."""


class Unusable(OSError):
    """A folder that the program needs for itself and cannot work with; names the path and the reason."""


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file as a whole; the folder is made if need be.

    Raises:
        Unwritable: if the disk is full or the folder cannot be written; the old file stands, nothing is left beside it.
    """
    with replacing(path) as aside:
        _put(aside, content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside a file, to be written by whoever has it; at the end what is there takes the place of the file.

    Raises:
        Unwritable: as `write_bytes`.
    """
    with named(path), _discarding(_aside(path)):
        yield _aside(path)
        _aside(path).replace(path)


def write_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace several files, the last of which vouches for the others: it is not there while they are replaced.

    All of them are on the disk before the first is replaced, so that a full disk changes nothing.

    Raises:
        Unwritable: as `write_bytes`.
    """
    paths = [folder / name for name in contents]
    with _discarding(*map(_aside, paths)):
        for path in paths:
            with named(path):
                _put(_aside(path), contents[path.name])
        with named(folder):
            paths[-1].unlink(missing_ok=True)
            for path in paths:
                _aside(path).replace(path)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.aside")


def _put(path: Path, content: bytes) -> None:
    """Write a new file, down to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


@contextmanager
def _discarding(*asides: Path) -> Iterator[None]:
    """Whatever happens, nothing stays aside, nor what a killed process left there; the first fault is the one told."""
    for aside in asides:
        _sweep(aside)
    try:
        yield
    finally:
        for aside in asides:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


def _sweep(aside: Path) -> None:
    """Remove what processes that are dead by now were writing in the place of a file."""
    start, _, _ = aside.name.rpartition(f".{os.getpid()}.")
    for remains in aside.parent.glob(f"{escape(start)}.*.aside"):
        process = remains.name.removeprefix(f"{start}.").removesuffix(".aside")
        if process.isdecimal() and not is_alive(int(process)):
            with suppress(OSError):
                remains.unlink()


def is_alive(process: int) -> bool:
    """Whether a process lives, whoever's it is."""
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


@contextmanager
def named(path: Path) -> Iterator[None]:
    """A fault of the file system names the path: that of a full disk does not.

    Raises:
        Unwritable: in its place.
    """
    try:
        yield
    except OSError as fault:
        raise Unwritable(fault.errno, fault.strerror, str(path)) from fault


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One process at a time works in a folder, which is made if need be; others wait. A dead process holds no lock.

    The lock is a file beside the folder, and gone with the last who works there.
    What is left of files that a killed process was writing is removed, and it is tried whether files can be written
    here: whoever works for hours should know before.

    Raises:
        Unwritable: if they cannot.
    """
    trial = folder / "trial.aside"
    with named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f".{folder.name}.lock")):
        with named(folder):
            for remains in folder.glob("*.aside"):
                remains.unlink()
        write_bytes(trial, b"?" * 4096)
        trial.unlink()
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file, and remove it at the end.

    Who waited for it may then hold a file that is no longer there, while a third locks a new one: so whoever has the
    lock looks whether its file is still the one at the path, and if not begins again. Only the holder removes it.
    """
    while True:
        with named(path):
            handle = path.open("w")
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, path):
                try:
                    yield
                finally:
                    with suppress(OSError):
                        path.unlink()
                return


def _is_at(handle: IO[str], path: Path) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file as a whole; keys are sorted."""
    write_bytes(path, json_bytes(content))


def json_bytes(content: Any) -> bytes:
    """JSON with sorted keys, as it is written."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def checksum(path: Path) -> str:
    """Sha256 of a file's bytes; raises as `read_bytes`."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def is_there(path: Path) -> bool:
    """Whether something has this name, be it a link that leads nowhere: damage, not a file that is yet to come."""
    return os.path.lexists(path)


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        FileNotFoundError: nothing has this name.
        Irregular: something has it that is no file; a pipe would be waited for, perhaps for ever.
    """
    require_regular(path)
    return path.read_bytes()


def require_regular(path: Path) -> None:
    """Refuse what is no file; raises as `read_bytes`."""
    if path.is_symlink() and not path.exists():
        raise Irregular(errno.ENOENT, "is no file but a link that leads nowhere", str(path))
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "a device")
        raise Irregular(errno.EINVAL, f"is no file but {kind}", str(path))


def require_regular_or_none(paths: Iterable[Path]) -> None:
    """Refuse what is no file among what may be there or not; raises Irregular."""
    for path in filter(is_there, paths):
        require_regular(path)
