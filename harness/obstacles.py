"""What would end Snakemake with words of its own, or let it wait for ever: found before it plans, told in one line."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.files import Irregular, Unwritable, read_bytes, require_regular_or_none, write_bytes
from harness.tracking.store import address

if TYPE_CHECKING:
    from harness.workflow import Workflow

RECORDS = Path(".snakemake", "metadata")  # what Snakemake notes of every file that it made
STAGES = ("tune", "tables", "figures", "mirror", "report", "verify")  # each writes a log
TRIAL = 1 << 16  # bytes
NOTES = ("progress.txt", "silent.txt", "follow.log")


def require_way(workflow: Workflow, root: Path) -> None:
    """Refuse what stands in the way of a study.

    Raises:
        InputError: naming what is no file where one will be written beside the records, a note of Snakemake's that it
            could not read, a full disk, or a store of MLflow that is none.
    """
    address(root / "results")
    name = workflow.study.name
    logs = [Path("results", "logs", name, file) for file in (*NOTES, *(f"{stage}.log" for stage in STAGES))]
    view = [Path("results", "mirror", f"{name}.{ending}") for ending in ("json", "passed")]
    places = [*logs, *view, *(job.log for job in workflow.jobs), Path("results", ".workflow.lock")]
    try:
        write_bytes(trial := root / ".snakemake" / f"{os.getpid()}.trial", b"?" * TRIAL)
        trial.unlink()
        require_regular_or_none(root / place for place in places)
        damaged = next(_damaged(root / RECORDS), None)
    except Unwritable as fault:
        raise InputError(
            ".snakemake", f"cannot be written: {fault.strerror}; nothing was started, what stands stays"
        ) from fault
    except Irregular as fault:
        raise InputError(Path(fault.filename).relative_to(root).as_posix(), f"{fault.strerror}: remove it") from fault
    if damaged:
        place, made = damaged.relative_to(root).as_posix(), _output(damaged.relative_to(root / RECORDS))
        raise InputError(place, f"Snakemake's notes on {made} are damaged; to go on, type: rm -r {RECORDS}")


def _damaged(folder: Path) -> Iterator[Path]:
    """Records that are no text or no mapping; one that is cut off may be in writing, and Snakemake passes over it."""
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        content = read_bytes(path)
        if content and not (content.isascii() and content.startswith(b"{")):
            yield path


def _output(record: Path) -> str:
    """The file that a record is of: its name is that of the record in Base64, in pieces if it is long."""
    try:
        return urlsafe_b64decode("".join(part.removeprefix("@") for part in record.parts)).decode()
    except ValueError:
        return "a file"
