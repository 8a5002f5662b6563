"""Sources that are saved while a process runs: what it has imported is then no longer what stands on the disk.

Whatever would be called by the digest of the new text while the old code runs (a kernel, the records of a run) would
be stale for ever. So a process remembers how its sources stood before it imported any that counts, and reads none as
the source of its numbers that has been saved since.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.plugins import ROOT, shown

ROOMS = ("harness", "algorithms", "policies", "environments")


class Stamp(NamedTuple):
    """What no save leaves as it was; the time of content alone can be set back, and copies keep it."""

    file: int
    changed: int  # ns


@cache
def remembered() -> Mapping[Path, Stamp]:
    """The stamp of every source when this process first asked, which is before it imports any that counts."""
    return {source: _stamp(source) for room in ROOMS for source in (ROOT / room).rglob("*.py")}


def read_source(source: Path) -> bytes:
    """The bytes of a source, which are those that this process imported, or will.

    Raises:
        InputError: if it was saved since the process began.
    """
    content = source.read_bytes()
    if source in remembered() and remembered()[source] != _stamp(source):
        raise InputError(
            shown(source), "was saved while this process was at work with what stood there before: begin again"
        )
    return content


def _stamp(source: Path) -> Stamp:
    status = source.stat()
    return Stamp(status.st_ino, status.st_ctime_ns)
