"""The mirror: makes the MLflow view of a study equal to its files, once (`sync`) or as they come (`follow`).

Files are the truth: whatever ails the store, no run and no study waits for it or fails by it. `manifests` are always
all of the study, those that are yet to come too: runs of other manifests are taken out of the view.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from harness.files import is_alive
from harness.tracking import ledger, records
from harness.tracking.reflection import Mirror, reflect

POLL_SECONDS = 4.0
PATIENCE_SECONDS = 30.0  # of `settle` with a mirror that follows and says nothing


def sync(results: Path, study: str, manifests: Sequence[Path], check: bool = False) -> ledger.Ledger:
    """One pass: afterwards the view equals the files, or the ledger says where and why not.

    Whether a run is shown is always looked at; whether each of its values is that of the files, only with `check`.
    """
    return reflect(Mirror(results, study, manifests), check)


def settle(results: Path, study: str, manifests: Sequence[Path]) -> list[ledger.Unmirrored]:
    """Wait until the mirror that follows has caught up, for a while; then see to it. Returns what stays unmirrored.

    Costs no import of MLflow as long as the other mirror works. Where it has said why it does not, nobody waits for it:
    one more try, and the study goes on.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing := ledger.unmirrored(results, study, manifests):
        said = all(run.reason != ledger.WAITING for run in missing)
        if said or time.monotonic() > deadline:
            sync(results, study, manifests)
            break
        time.sleep(POLL_SECONDS / 4)
    return ledger.unmirrored(results, study, manifests)


def follow(results: Path, study: str, manifests: Sequence[Path], parent: int) -> None:
    """Pass after pass while the process `parent` lives, and one more. MLflow is imported when there is work for it."""
    mirror = Mirror(results, study, manifests)
    seen = [] if ledger.unmirrored(results, study, manifests) else [records.stamp(path) for path in manifests]
    while True:
        last = not is_alive(parent)
        stamps = [records.stamp(path) for path in manifests]
        if stamps != seen or None in stamps or (mirror.said is not None and mirror.said.complaint):
            reflect(mirror)
            seen = stamps
        if last:
            return
        time.sleep(POLL_SECONDS)
