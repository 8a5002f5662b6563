"""The verdict on one run: EXACT, WITHIN or DIFFERENT.

EXACT      the digest of the rerun is the recorded one.
WITHIN     it is not, but the score of the rerun lies between the lowest and the highest of the n recorded scores of its
           cell. If the rerun were a fresh draw from the distribution of those runs, it would lie there with
           probability (n - 1) / (n + 1): so says exchangeability alone, without any other assumption.
DIFFERENT  neither, or the record is damaged, or the run cannot be run.

WITHIN is weak evidence: an interval of ten seeds is wide, and misses 2 of 11 fair reruns. It says that the conclusion
may stand, not that the computation was repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from harness.checkpoint import Damaged
from harness.fingerprint import cell_fingerprint
from harness.interface import Candidate
from harness.manifest import read_manifest
from harness.record import read_rows, read_run, require_intact
from harness.run import Snapshot
from harness.verify.claims import Claim
from harness.verify.compare import Difference, first_difference

EXACT, WITHIN, DIFFERENT = "EXACT", "WITHIN", "DIFFERENT"


@dataclass(frozen=True)
class Judgement:
    """What came of running one run again."""

    claim: Claim
    verdict: str
    reason: str = ""  # the test, or the fault
    difference: Difference | None = None
    code: str = ""  # digest of the present sources; nothing where the cell cannot be run
    outside: float | None = None  # probability that a fresh run lies outside the interval; None where none was tested

    @property
    def other_code(self) -> bool:
        """Whether the present sources are not those that made the record."""
        return bool(self.code) and self.code != self.claim.code


def judge(claim: Claim, rerun: Path | str, peers: Sequence[Claim]) -> Judgement:
    """Hold a run against its rerun.

    Args:
        claim: the recorded run.
        rerun: folder of the new records, or why there are none.
        peers: all recorded runs of the same cell, the run itself among them.
    """
    try:
        recorded, candidate = recorded_run(claim)
        scores = [score(recorded_run(peer)[0], peer.cell.budget) for peer in peers]
    except Damaged as fault:
        return Judgement(claim, DIFFERENT, f"the record is damaged: {fault}")
    if isinstance(rerun, str):
        return Judgement(claim, DIFFERENT, rerun)
    code = cell_fingerprint(claim.cell)
    found = read_run(rerun, read_manifest(rerun / "manifest.json")["runs"][0])
    if found.digest == claim.digest:
        return Judgement(claim, EXACT, code=code)
    within, test = compatible(score(found.snapshot, claim.cell.budget), scores)
    verdict, outside = (WITHIN if within else DIFFERENT), 2 / (len(scores) + 1)
    difference = first_difference((recorded, candidate), (found.snapshot, found.candidate))
    return Judgement(claim, verdict, test, difference, code, outside)


def recorded_run(claim: Claim) -> tuple[Snapshot, Candidate | None]:
    """A run as its files have it; without its candidate where that stayed behind, and then on the manifest's word.

    Raises:
        Damaged: if they are not what the manifest vouches for.
    """
    try:
        require_intact(claim.folder, claim.files)
        if "candidates.npz" in claim.left:
            return read_rows(claim.folder, claim.run), None
        run = read_run(claim.folder, claim.run)
    except Exception as fault:  # a lost file, or one that Parquet, zipfile or NumPy cannot read: a dozen kinds
        raise Damaged(f"{claim.folder}: {fault}") from fault
    if run.digest != claim.digest:
        raise Damaged(f"{claim.folder}: the files of seed {claim.seed} do not have the digest that the manifest states")
    return run.snapshot, run.candidate


def score(run: Snapshot, budget: int) -> float:
    """The last evaluation within the budget; -inf for a run that diverged."""
    within = [row.get("return_mean", -inf) for row in run.evaluations if row["steps"] <= budget]
    return within[-1] if run.status == "finished" and within and isfinite(within[-1]) else -inf


def compatible(found: float, scores: Sequence[float]) -> tuple[bool, str]:
    """Whether a score lies in the prediction interval of n recorded ones, and the test in words."""
    n, low, high = len(scores), min(scores), max(scores)
    if n == 1:
        return False, f"score {found:.6g}; one recorded seed gives no interval"
    within = low <= found <= high
    interval = (
        f"[{low:.6g}, {high:.6g}] of {n} recorded seeds, which holds a fresh run with probability {n - 1}/{n + 1}"
    )
    return within, f"score {found:.6g} {'within' if within else 'outside'} {interval}"
