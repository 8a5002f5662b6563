"""One job: one cell for a block of seeds, so that start-up is paid once; each seed is a run of its own.

A job can be killed at any instant: finished runs and long runs on their way stand in checkpoints beside the records,
and the next attempt goes on from them to the same bits. Runs that another block of the cell already holds are adopted.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.assembly import Assembly, assemble
from harness.cell import Cell
from harness.checkpoint import Damaged, load, save
from harness.files import write_json
from harness.fingerprint import cell_fingerprint
from harness.provenance import provenance
from harness.record import Finished, find, write
from harness.run import Protocol, Snapshot, Stopwatch, begin, run

CHECKPOINT_SECONDS = 10.0  # of work between two checkpoints of a run
LIVE_SECONDS = 30.0  # a run that takes longer shows its progress


def run_block(cell: Cell, seeds: range, folder: Path, announce: Callable[[Finished], None]) -> Path:
    """Run every seed of a block and write its records.

    Args:
        cell: what to run.
        seeds: the block.
        folder: of the job, `.../seeds-{first}-{last}`.
        announce: called as each run comes to its end.

    Returns:
        The path of the manifest.
    """
    code = cell_fingerprint(cell)
    folder.mkdir(parents=True, exist_ok=True)
    finished = []
    for seed in seeds:
        finished.append(find(folder.parent, seed, code) or _run_seed(cell, seed, folder, code))
        announce(finished[-1])
    assembly = assemble(cell, seeds[0])
    header = {
        "cell": asdict(cell),
        "cell_digest": cell.digest,
        "code": code,
        "family": assembly.algorithm.family,
        "parameters": assembly.policy.dim,
    }
    manifest = write(folder, finished, header, provenance())
    for leftover in (*folder.glob("seed-*.checkpoint.npz"), *folder.glob("seed-*.progress.json")):
        leftover.unlink()
    return manifest


def _run_seed(cell: Cell, seed: int, folder: Path, code: str) -> Finished:
    """Run one seed, from its checkpoint if there is one."""
    assembly = assemble(cell, seed)
    path = folder / f"seed-{seed:04d}.checkpoint.npz"
    owner = f"{cell.digest} {code} {seed}"
    start = _start(assembly, seed, path, owner)
    stopwatch = Stopwatch(dict(start.seconds))
    saved = stopwatch.worked

    def at_border(snapshot: Snapshot) -> None:
        nonlocal saved
        if stopwatch.worked - saved > CHECKPOINT_SECONDS:
            saved = stopwatch.worked
            save(path, replace(snapshot, seconds={**stopwatch.seconds, "total": saved}), owner)
            if saved > LIVE_SECONDS:
                _show_progress(folder / f"seed-{seed:04d}.progress.json", cell, seed, snapshot)

    with np.errstate(all="ignore"):  # what is not finite is found and recorded by the loop
        end = stopwatch.time("total", _whole, assembly, cell, seed, start, stopwatch, at_border)
    end = replace(end, seconds=stopwatch.seconds)
    save(path, end, owner)
    return Finished(seed, end, assembly.algorithm.solution(end.state), stopwatch.seconds)


def _whole(
    assembly: Assembly,
    cell: Cell,
    seed: int,
    start: Snapshot,
    stopwatch: Stopwatch,
    at_border: Callable[[Snapshot], None],
) -> Snapshot:
    return run(
        assembly.algorithm,
        assembly.engine,
        seed,
        Protocol(cell.budget, cell.evaluation.every, cell.evaluation.episodes),
        exact_value=assembly.exact_value,
        start=start,
        stopwatch=stopwatch,
        at_border=at_border,
    )


def _start(assembly: Assembly, seed: int, path: Path, owner: str) -> Snapshot:
    """The checkpoint of an earlier attempt, or the beginning; a checkpoint that cannot be used is named and left."""
    first = begin(assembly.algorithm, seed)
    if not path.exists():
        return first
    try:
        return load(path, first.state, owner)
    except Damaged as fault:
        warnings.warn(f"{fault}; the run starts from the beginning", stacklevel=2)
        return first


def _show_progress(path: Path, cell: Cell, seed: int, snapshot: Snapshot) -> None:
    """What a long run has reached so far, for whoever looks on."""
    environment, policy, algorithm = cell.labels
    shown: dict[str, Any] = {
        "seed": seed,
        "cell": {"environment": environment, "policy": policy, "algorithm": algorithm},
        "cell_digest": cell.digest,
        "budget": cell.budget,
        "steps": [row["steps"] for row in snapshot.evaluations],
        "return_mean": [row["return_mean"] for row in snapshot.evaluations],
    }
    write_json(path, shown)
