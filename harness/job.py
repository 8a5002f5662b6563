"""One job: one cell for a block of seeds, so that start-up is paid once; each seed is a run of its own.

A job can be killed at any instant: finished runs and long runs on their way stand in checkpoints beside the records,
and the next attempt goes on from them to the same bits. Runs that another block of the cell already holds are adopted,
and those that ended at a smaller budget are continued (`harness/extension.py`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.assembly import Assembly, assemble
from harness.cell import Cell
from harness.checkpoint import Damaged, load, save
from harness.declared import FILE, declared, declared_before
from harness.extension import Ended, keep, shorter
from harness.files import alone_in, require_regular_or_none, write_json
from harness.fingerprint import cell_fingerprint, cell_sources, import_bound
from harness.guard import AlgorithmFault
from harness.plugins import ROOT, contained
from harness.provenance import maker, provenance
from harness.pulse import signs
from harness.record import Finished, find, write
from harness.run import Schedule, Snapshot, Stopwatch, begin, run

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

    Raises:
        InputError, Irregular: if claims or a manifest are no file, or claims no text.
        Unwritable: if the records cannot be written; found out before anything runs.
        AlgorithmFault, EnvironmentFault: a plug-in broke its promises.
    """
    jobs = folder.parent.parent.glob("*/seeds-*")  # of all cells with these labels, whose manifests are read
    require_regular_or_none(job / "manifest.json" for job in jobs)
    with alone_in(folder), signs(folder) as beat:
        return _run_alone(cell, seeds, folder, announce, beat)


def _run_alone(
    cell: Cell, seeds: range, folder: Path, announce: Callable[[Finished], None], beat: Callable[[int], None]
) -> Path:
    """As `run_block`, in a folder where no other process works; `beat` is told of each step of a run."""
    claims, origin = declared(ROOT / FILE), provenance()  # before the data; what is unreadable is refused
    import_bound()
    with _named(cell, seeds[0]):
        assembly = assemble(cell, seeds[0])  # imports the last of what decides a number
    code, sources = cell_fingerprint(cell), cell_sources(cell)  # of what runs, whatever is saved from now on
    made_by = maker(code, origin)
    ended = shorter(cell, folder.parent.parent, made_by)
    finished = []
    for seed in seeds:
        beat(seed)
        with _named(cell, seed):
            finished.append(find(folder.parent, seed, made_by) or _run_seed(cell, seed, folder, made_by, ended, beat))
        announce(finished[-1])
    header = {
        "cell": asdict(cell),
        "cell_digest": cell.digest,
        "code": code,
        "sources": sources,
        "family": assembly.algorithm.family,
        "parameters": assembly.policy.dim,
        "claims": declared_before(claims, folder.parents[1].iterdir(), seeds),
    }
    manifest = write(folder, finished, header, origin)
    for seed in seeds:
        if (path := _checkpoint(folder, seed)).exists():
            keep(path, folder, seed)
    for leftover in folder.glob("seed-*.progress.json"):
        leftover.unlink()
    return manifest


def _checkpoint(folder: Path, seed: int) -> Path:
    return folder / f"seed-{seed:04d}.checkpoint.npz"


def _owner(cell: Cell, seed: int, made_by: str) -> str:
    """What a checkpoint belongs to."""
    return f"{cell.digest} {made_by} {seed}"


def _run_seed(
    cell: Cell, seed: int, folder: Path, made_by: str, ended: tuple[Ended, ...], beat: Callable[[int], None]
) -> Finished:
    """Run one seed, from its checkpoint or from the end of a shorter run if there is one."""
    assembly = assemble(cell, seed)
    path, owner = _checkpoint(folder, seed), _owner(cell, seed, made_by)
    ends = [(one.final(seed), _owner(one.cell, seed, made_by)) for one in ended]
    start = _start(assembly, cell, seed, [(path, owner), *ends])
    stopwatch = Stopwatch(dict(start.seconds))
    saved = stopwatch.worked

    def at_border(snapshot: Snapshot) -> None:
        nonlocal saved
        beat(seed)
        _check_metrics(snapshot)
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


def _check_metrics(snapshot: Snapshot) -> None:
    """Refuse the name of a metric that no file can hold, half a letter, or no terminal show; raises AlgorithmFault."""
    for name in snapshot.training[-1] if snapshot.training else ():
        if not name.isprintable():
            raise AlgorithmFault(f"turn {snapshot.turn}: the metric {ascii(name)[:60]} has a name that cannot be shown")


@contextmanager
def _named(cell: Cell, seed: int) -> Iterator[None]:
    """What a plug-in raises ends its job, with status 1 even if it was an exit, and says last whose run it was."""
    try:
        with contained():
            yield
    except Exception as fault:
        fault.add_note(f"in the run {' · '.join(cell.labels)} · seed {seed}")
        raise


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
        Schedule(cell.budget, cell.evaluation.every, cell.evaluation.episodes),
        exact_value=assembly.exact_value,
        start=start,
        stopwatch=stopwatch,
        at_border=at_border,
    )


def _start(assembly: Assembly, cell: Cell, seed: int, places: Iterable[tuple[Path, str]]) -> Snapshot:
    """The first snapshot that can be used, or the beginning; one that cannot be used is named and left.

    Args:
        assembly: of the run.
        cell: of the run.
        seed: of the run.
        places: snapshots that may be there, and whom each must belong to.
    """
    first = begin(assembly.algorithm, seed)
    for path, owner in places:
        try:
            found = load(path, first.state, owner)
        except FileNotFoundError:
            continue
        except Damaged as fault:
            warnings.warn(f"{fault}; without another snapshot the run starts from the beginning", stacklevel=2)
            continue
        short = found.status == "finished" and found.steps < cell.budget
        return replace(found, status="running") if short else found
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
