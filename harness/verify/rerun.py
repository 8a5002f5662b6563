"""Running recorded runs again, each alone and from the beginning, in folders that nothing else looks into."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from harness.cell import Cell, World
from harness.errors import InputError
from harness.files import Unwritable
from harness.kernel_folder import of_kernels
from harness.verify.claims import Claim


def rerun(claims: Sequence[Claim], scratch: Path, jobs: int) -> Generator[Path | str, None, None]:
    """For each run, in order, the folder of its new records, or why it could not be run.

    Args:
        claims: what to run; only their specs are used, with the sources of this project.
        scratch: an empty folder.
        jobs: how many at a time.

    Raises:
        InputError: one of those that work at a time was killed.
    """
    work = [(claim.cell.to_json(), claim.seed, scratch / str(place)) for place, claim in enumerate(claims)]
    if jobs == 1:
        yield from map(_again, work)
        return
    try:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            try:
                again = [pool.submit(_again, one) for one in work]
                yield from (one.result() for one in again)
            except BaseException:  # an interrupt, or nobody wants the rest: else the pool would end what was begun
                for worker in multiprocessing.active_children():
                    worker.terminate()
                raise
    except BrokenProcessPool as fault:
        reason = f"a worker was killed, perhaps for want of memory; go on with --jobs {jobs // 2}"
        raise InputError(f"verify --jobs {jobs}", reason) from fault


def _again(work: tuple[str, int, Path]) -> Path | str:
    """One run in a folder of its own: no other block to adopt from, no shorter run to continue."""
    from harness.job import run_block

    spec, seed, place = work
    folder = place / "cell" / f"seeds-{seed:04d}-{seed:04d}"
    try:
        cell = Cell.from_json(spec)
        require_known(cell.environment)
        run_block(cell, range(seed, seed + 1), folder, lambda run: None)
    except Unwritable:  # the scratch place is full: no finding about the run
        raise
    except Exception as fault:  # whatever a spec of other sources meets here is the finding
        if unusable := of_kernels(fault):
            raise unusable from fault
        return f"it cannot be run with the present sources: {type(fault).__name__}: {fault}"
    return folder


def require_known(world: World) -> None:
    """Refuse `module:id` of Gymnasium: it imports a module, and the spec may be a stranger's.

    Raises:
        ValueError: for such an environment.
    """
    if world.engine == "gymnasium" and ":" in str(world.gymnasium):
        raise ValueError(f"{world.gymnasium} names a module: only ids that Gymnasium itself registers are run")
