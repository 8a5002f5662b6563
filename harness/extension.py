"""A longer budget goes on where a shorter one ended.

Nothing in a run depends on its budget, so a longer run begins with the shorter one, bit for bit. A job keeps the
final snapshot of each of its runs beside the records, and a job of the same cell with more budget starts from it. These
snapshots are a help, not a record: no manifest names them, and without them a run starts from the beginning.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.cell import Cell
from harness.errors import InputError
from harness.manifest import read_manifest
from harness.provenance import maker

KEPT_BYTES = 1_000_000  # of a final snapshot: networks with Adam are below, replay buffers above


@dataclass(frozen=True)
class Ended:
    """A finished job of the same cell with a smaller budget."""

    cell: Cell
    folder: Path

    def final(self, seed: int) -> Path:
        """Where the end of a run is kept, if it is."""
        return final(self.folder, seed)


def final(folder: Path, seed: int) -> Path:
    """The final snapshot of a run of a job."""
    return folder / f"seed-{seed:04d}.final.npz"


def keep(checkpoint: Path, folder: Path, seed: int) -> None:
    """Make the last checkpoint of a run its final snapshot; a large one is thrown away."""
    if checkpoint.stat().st_size <= KEPT_BYTES:
        checkpoint.replace(final(folder, seed))
    else:
        checkpoint.unlink()
        final(folder, seed).unlink(missing_ok=True)  # an older one


def shorter(cell: Cell, labels_folder: Path, made_by: str) -> tuple[Ended, ...]:
    """Finished jobs of this cell with smaller budgets, made by the same code on the same platform; the longest first.

    Args:
        cell: what is to run.
        labels_folder: `results/runs/{environment}/{policy}/{algorithm}`.
        made_by: the `maker` of what is to run.
    """
    found = [ended for path in labels_folder.glob("*/seeds-*/manifest.json") for ended in _ended(path, made_by)]
    usable = [ended for ended in found if _continues(ended.cell, cell)]
    return tuple(sorted(usable, key=lambda ended: (-ended.cell.budget, ended.folder)))


def _continues(short: Cell, long: Cell) -> bool:
    """Whether the one is the beginning of the other; a budget between two borders ends in the middle of a row."""
    same = replace(short, budget=long.budget).digest == long.digest
    return same and short.budget < long.budget and short.budget % short.evaluation.every == 0


def _ended(manifest: Path, made_by: str) -> Iterable[Ended]:
    """The job of a manifest, if that can be read and is of this maker."""
    try:
        content = read_manifest(manifest)
        if maker(content["code"], content["provenance"]) == made_by:
            yield Ended(Cell.from_json(json.dumps(content["cell"])), manifest.parent)
    except (InputError, OSError) as fault:
        warnings.warn(f"the runs of {manifest} are not continued: {fault}", stacklevel=2)
