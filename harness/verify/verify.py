"""Verifying: run again, judge, and forget the scratch folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.verify.claims import Claim
from harness.verify.judgement import Judgement, judge
from harness.verify.rerun import rerun


def verify(
    chosen: Sequence[Claim], recorded: Sequence[Claim], jobs: int, announce: Callable[[Judgement], None]
) -> list[Judgement]:
    """A judgement on each chosen run; nothing is written outside a folder that is removed at the end.

    Args:
        chosen: the runs to run again.
        recorded: all runs there are, for the scores of each cell.
        jobs: how many at a time.
        announce: called with each judgement as it falls.
    """
    cells: dict[str, dict[int, Claim]] = {}
    for claim in recorded:
        cells.setdefault(claim.cell.digest, {}).setdefault(claim.seed, claim)  # a run that two blocks hold counts once
    judgements = []
    with TemporaryDirectory(prefix="verify-") as scratch, closing(rerun(chosen, Path(scratch), jobs)) as reruns:
        for claim, again in zip(chosen, reruns, strict=True):
            judgements.append(judge(claim, again, tuple(cells[claim.cell.digest].values())))
            announce(judgements[-1])
    return judgements
