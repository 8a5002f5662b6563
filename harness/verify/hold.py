"""All records held to what vouches for them, nothing rerun: sealed manifests, checksums, and digests made again.

The digest of a run is that of its content, so a value that was changed is found even where every checksum of a file was
made to fit. Who makes digests fit too has to make the tables again, and is found by a rerun alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.manifest import OF_BENCH, read_manifest
from harness.record import read_runs, require_intact
from harness.verify.claims import Claim

LAST_SOLUTIONS = "candidates.npz"


class Held(NamedTuple):
    """What came of holding all records."""

    runs: int
    jobs: int
    left: int  # runs without their last solution, whose digests cannot be made again
    faults: tuple[str, ...]  # one for each run or job that does not hold

    @property
    def lines(self) -> Iterator[str]:
        """`records: 6 runs in 4 jobs, each file with its checksum, each run with its digest`, or what is at fault."""
        what = f"records: {self.runs} runs in {self.jobs} jobs"
        if self.faults:
            yield f"{what}; these are not what their manifests vouch for:"
            yield from (f"  {fault}" for fault in self.faults)
        else:
            yield f"{what}, each file with its checksum, each run with its digest"
        if self.left:
            yield f"  {self.left} are there without their last solution: of their digests a rerun alone can tell"


def hold(claims: Sequence[Claim]) -> Held:
    """Hold every job of the runs to its manifest, and every run to its digest; the runs of a job follow one another."""
    jobs = [list(job) for _, job in groupby(claims, key=lambda claim: claim.folder)]
    left = sum(LAST_SOLUTIONS in claim.left for claim in claims)
    return Held(len(claims), len(jobs), left, tuple(fault for job in jobs for fault in _faults(job)))


def _faults(job: Sequence[Claim]) -> Iterator[str]:
    """What is wrong with a job, in a line, or with each of its runs."""
    first = job[0]
    try:
        require_intact(first.folder, first.files)
        if LAST_SOLUTIONS in first.left:
            return
        runs = list(read_runs(first.folder, [claim.run for claim in job]))
    except Exception as fault:  # a lost file, or one that Parquet, zipfile or NumPy cannot read: a dozen kinds
        yield f"{_block(job)}: {fault}"
        return
    for claim, run in zip(job, runs, strict=True):
        if run.digest != claim.digest:
            yield f"{claim.name}: its files do not have the digest that its manifest states"


def _block(job: Sequence[Claim]) -> str:
    """A job as a person would call it."""
    return f"{' · '.join(job[0].cell.labels)}, seeds {job[0].seed}-{job[-1].seed}"


def hold_benches(manifests: Iterable[Path]) -> Iterator[str]:
    """What is wrong with jobs of the laboratory, a line for each that is not what its manifest vouches for."""
    for path in manifests:
        try:
            require_intact(path.parent, read_manifest(path, OF_BENCH)["files"])
        except (InputError, OSError, ValueError) as fault:
            yield f"{'/'.join(path.parts[-6:-1])}: {fault}"
