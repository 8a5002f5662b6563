"""What is mirrored and what is not: `results/mirror/{study}.json`, sealed, written whole or not at all.

It is read without MLflow. One that is damaged vouches for nothing, and is written anew by the next pass of the mirror.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.files import is_there, read_bytes, write_bytes, write_json
from harness.seal import SEAL, require_seal, sealed
from harness.tracking import records
from harness.workers import each

SCHEMA = 1
WAITING = "not mirrored yet"
ANEW = "the store was made anew"
DAMAGED = "its ledger was damaged, or written by another version"


@dataclass(frozen=True)
class Ledger:
    """The state of the view of one study after a pass of the mirror."""

    study: str
    store: str  # the name of the SQLite file in `results/`, or the address of a server, without a password
    mirrored: Mapping[str, str] = field(default_factory=dict)  # identity -> digest
    unmirrored: Mapping[str, str] = field(default_factory=dict)  # identity or manifest -> reason
    complaint: str = ""  # of the store as a whole
    views: Mapping[str, str] = field(default_factory=dict)  # name -> fragment of the address in the UI
    schema: int = SCHEMA


class Unmirrored(NamedTuple):
    """A run that the files hold and the view does not."""

    run: str  # identity
    reason: str


def path(results: Path, study: str) -> Path:
    """Where the ledger of a study lies."""
    return results / "mirror" / f"{study}.json"


def write(results: Path, ledger: Ledger) -> None:
    """Replace the ledger of a study as a whole."""
    write_json(path(results, ledger.study), sealed(asdict(ledger)))


def read(results: Path, study: str) -> Ledger:
    """The ledger of a study; an empty one where there is none, and one that says so where it cannot be used."""
    file = path(results, study)
    if not is_there(file):
        return Ledger(study, store="")
    try:
        written = read_bytes(file)
        content = json.loads(written)
        require_seal(content, written)
        del content[SEAL]
        ledger = Ledger(**content)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        ledger = Ledger(study, store="", schema=0)
    return ledger if ledger.schema == SCHEMA else Ledger(study, store="", complaint=DAMAGED)


def empty(results: Path, store: str) -> None:
    """Let every ledger of a store say that it shows nothing: a new one stands in its place."""
    for file in (results / "mirror").glob("*.json"):
        known = read(results, file.stem)
        if known.store == store:
            write(results, Ledger(file.stem, store, complaint=ANEW))


def emptied(results: Path) -> list[str]:
    """The studies whose runs a new store has not been shown since."""
    names = sorted(file.stem for file in (results / "mirror").glob("*.json"))
    return [name for name in names if read(results, name).complaint == ANEW]


def unmirrored(results: Path, study: str, manifests: Sequence[Path], jobs: int = 1) -> list[Unmirrored]:
    """Runs of the manifests that exist and that the view lacks or shows as they were before, with the reason.

    Holds also where the mirror was killed or never started: it compares the files with what the ledger vouches for.

    Args:
        results: the folder of the ledger.
        study: its name.
        manifests: of its jobs, there or not.
        jobs: workers at most that read them.
    """
    ledger = read(results, study)
    gone = not ledger.store.startswith("http") and not (results / ledger.store).is_file()

    def lacking(manifest: Path) -> list[Unmirrored]:
        try:
            runs = records.read_job(manifest).runs
        except records.RecordError as error:
            return [Unmirrored(run, str(error)) for run in records.identities(manifest)]
        return [
            Unmirrored(run.identity, ledger.unmirrored.get(run.identity) or ledger.complaint or WAITING)
            for run in runs
            if gone or ledger.mirrored.get(run.identity) != run.digest
        ]

    found = each(lacking, [manifest for manifest in manifests if is_there(manifest)], jobs)
    return [run for runs in found for run in runs]


def passed(results: Path, study: str) -> Path:
    """The file by which Snakemake knows that the view was seen to; it names the runs that the report says it lacks."""
    return results / "mirror" / f"{study}.passed"


def tell_report(results: Path, study: str, missing: Sequence[Unmirrored]) -> bool:
    """Write down which runs are not shown; whether that is news, for which Snakemake makes the report again."""
    content = "".join(f"{run}\t{reason}\n" for run, reason in missing).encode()
    file = passed(results, study)
    if is_there(file) and read_bytes(file) == content:
        return False
    write_bytes(file, content)
    return True
