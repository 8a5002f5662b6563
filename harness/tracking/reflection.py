"""One pass of the mirror: compare what the manifests say with what the store shows, and make the store follow.

Runs that the files no longer hold, or hold with another digest, are removed; runs that are missing are logged; runs
under way are shown. So a pass may be cut off anywhere and repeated at will, and the pass that keeps a store fills a
lost one too. Whatever ails the store goes to the ledger and, once, to the log; nothing else is touched by it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from harness.tracking import ledger, records, runs, store, view, words
from harness.tracking.check import altered

Wanted: TypeAlias = dict[str, tuple[records.Job, records.Run]]  # by identity


@dataclass
class Mirror:
    """The view of one study and what this process knows of it."""

    results: Path
    study: str
    manifests: Sequence[Path]  # all of the study, those that are yet to come too
    word: str = field(default_factory=lambda: uuid.uuid4().hex)  # left in the lock file: the store is as I left it
    inode: int = 0  # of the store that was loaded
    experiment: runs.Experiment | None = None
    shown: dict[str, runs.Shown] = field(default_factory=dict)
    jobs: dict[Path, tuple[tuple[int, int], records.Job]] = field(default_factory=dict)  # by stamp of the file
    pairs: set[tuple[str, str]] = field(default_factory=set)  # (environment, policy) that have a view
    views: dict[str, str] = field(default_factory=dict)
    said: ledger.Ledger | None = None


def reflect(mirror: Mirror, check: bool = False) -> ledger.Ledger:
    """One pass under the lock, and its ledger; `check`: what is shown already is compared with the files first."""
    troubles: dict[str, str] = {}
    complaint = ""
    wanted = dict(_wanted(mirror, troubles))
    try:
        with store.locked(mirror.results) as lock:
            experiment = _claim(mirror, lock)
            _remove_stale(mirror, experiment, wanted)
            if check:
                _remove_altered(mirror, experiment, wanted, troubles)
            _log_missing(mirror, experiment, wanted, troubles)
            _show_progress(mirror, experiment)
            _publish(mirror, experiment)
            lock.write(mirror.word)
    except Exception as error:  # of MLflow, its database or its server: the view is behind, nothing else is
        complaint = store.first_line(error)
        mirror.experiment = None  # load the store again in the next pass
    return _account(mirror, wanted, troubles, complaint)


def _wanted(mirror: Mirror, troubles: dict[str, str]) -> Iterator[tuple[str, tuple[records.Job, records.Run]]]:
    """The runs of the manifests by identity; those that cannot be read become troubles."""
    for manifest in mirror.manifests:
        stamp = records.stamp(manifest)
        if stamp is None:
            mirror.jobs.pop(manifest, None)
            continue
        try:
            if manifest not in mirror.jobs or mirror.jobs[manifest][0] != stamp:
                mirror.jobs[manifest] = stamp, records.read_job(manifest)
        except records.RecordError as error:
            mirror.jobs.pop(manifest, None)
            troubles.update(dict.fromkeys(records.identities(manifest), str(error)))
            continue
        job = mirror.jobs[manifest][1]
        for run in job.runs:
            yield run.identity, (job, run)


def _claim(mirror: Mirror, lock: IO[str]) -> runs.Experiment:
    """Take the store; load it unless it is as this mirror left it. The lock file is empty until the pass is whole."""
    lock.seek(0)
    path = mirror.results / store.STORE
    kept = lock.read() == mirror.word and store.inode(path) == mirror.inode
    lock.truncate(0)
    if mirror.experiment is None or not kept:
        mirror.experiment = runs.open_experiment(mirror.results, mirror.study)
        mirror.shown, mirror.views = runs.load(mirror.experiment), {}
        mirror.inode = store.inode(path)
    return mirror.experiment


def _remove_stale(mirror: Mirror, experiment: runs.Experiment, wanted: Wanted) -> None:
    """Remove what the files no longer say: other digests, vanished runs, runs under way that are not."""
    live = {progress.identity for progress in _progress(mirror)}
    for identity, shown in list(mirror.shown.items()):
        current = identity in wanted and wanted[identity][1].digest == shown.digest
        if not current and not (shown.digest == runs.LIVE and identity in live):
            runs.remove(experiment, shown.run_id)
            del mirror.shown[identity]


def _remove_altered(mirror: Mirror, experiment: runs.Experiment, wanted: Wanted, troubles: dict[str, str]) -> None:
    """Remove runs that show anything else than the files say; they are logged again by what follows."""
    for identity, (job, run) in wanted.items():
        if identity not in mirror.shown:
            continue
        run_id = mirror.shown[identity].run_id
        try:
            points, span = records.read_curves(job)[run.seed], records.read_spans(job)[run.seed]
            what = altered(experiment, run_id, job, run, points, span)
        except records.RecordError as error:
            troubles[identity] = str(error)
            continue
        if what:
            store.LOGGER.warning("%s of the run %s was altered in MLflow: it is logged again", what, identity)
            runs.remove(experiment, run_id)
            del mirror.shown[identity]


def _log_missing(mirror: Mirror, experiment: runs.Experiment, wanted: Wanted, troubles: dict[str, str]) -> None:
    """Log the runs that the store lacks; a record that cannot be read holds up nothing but itself."""
    read: dict[Path, tuple[dict[int, list[records.Point]], dict[int, records.Span]]] = {}
    for identity, (job, run) in wanted.items():
        if identity in mirror.shown:
            continue
        try:
            if job.manifest not in read:
                read = {job.manifest: (records.read_curves(job), records.read_spans(job))}
            points, spans = read[job.manifest]
            mirror.shown[identity] = runs.log_run(experiment, job, run, points[run.seed], spans[run.seed])
        except records.RecordError as error:
            troubles[identity] = str(error)


def _show_progress(mirror: Mirror, experiment: runs.Experiment) -> None:
    for progress in _progress(mirror):
        shown = mirror.shown.get(progress.identity)
        mirror.shown[progress.identity] = runs.log_progress(experiment, progress, shown)


def _publish(mirror: Mirror, experiment: runs.Experiment) -> None:
    """A view of the curves for each environment and policy, as they come."""
    labels = [words.labels(job.cell) for _, job in mirror.jobs.values()]
    pairs = {(label["environment"], label["policy"]) for label in labels}
    if pairs != mirror.pairs or not mirror.views:
        mirror.views = view.publish(experiment.client, experiment.number, sorted(pairs))
        mirror.pairs = pairs


def _progress(mirror: Mirror) -> Iterator[records.Progress]:
    for manifest in mirror.manifests:
        if manifest not in mirror.jobs:
            yield from records.read_progress(manifest)


def _account(mirror: Mirror, wanted: Wanted, troubles: dict[str, str], complaint: str) -> ledger.Ledger:
    """Write the ledger if it says something new; a new complaint is logged once."""
    shown = {name: run.digest for name, run in mirror.shown.items() if name in wanted}
    mirrored = {name: digest for name, digest in shown.items() if digest == wanted[name][1].digest}
    missing = {name: complaint for name in wanted if name not in mirrored} | troubles
    account = ledger.Ledger(
        study=mirror.study,
        store=store.home(),
        mirrored=mirrored,
        unmirrored=missing,
        complaint=complaint,
        views=mirror.views,
    )
    if complaint and (mirror.said is None or mirror.said.complaint != complaint):
        store.LOGGER.warning("the MLflow view of %s is behind by %d runs: %s", mirror.study, len(missing), complaint)
    mirror.said = account
    if account != ledger.read(mirror.results, mirror.study):  # it may have been emptied since this process wrote it
        try:
            ledger.write(mirror.results, account)
        except OSError as error:  # a full disk: what the ledger does not vouch for counts as not mirrored
            store.LOGGER.warning("the ledger of %s cannot be written: %s", mirror.study, error)
    return account
