"""How a run of the files looks in MLflow: four calls, each run whole or known to be half.

A run is created RUNNING and ended last; one that is RUNNING without the tag `live` was cut off while it was logged, and
is removed by whoever loads the view next. MLflow only hides a removed run (`mlflow gc` purges); its artifact goes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.tracking import records, store, words

if TYPE_CHECKING:
    from mlflow.client import MlflowClient

CANDIDATE = "candidate.npz"
PAGE = 1000  # runs a search returns at once
STATUS = {"finished": "FINISHED", "diverged": "FAILED"}
LIVE = ""  # the digest of a run under way


class Shown(NamedTuple):
    """A run as it stands in the store."""

    run_id: str
    digest: str  # LIVE while it is under way
    last_step: int = -1  # of a live curve
    moment: int = 0  # the timestamp of its points, milliseconds since 1970


@dataclass(frozen=True)
class Experiment:
    """The experiment of a study in an open store."""

    client: MlflowClient
    number: str
    study: str
    artifacts: Path | None  # where the artifacts lie; None: a server takes them


def open_experiment(results: Path, study: str) -> Experiment:
    """The experiment of a study, made if it is new.

    Its artifact location names no folder: `mlflow-artifacts:/` is wherever the UI is told, so a checkout may be moved.
    """
    client = store.open_store(results)
    local = store.address(results).startswith("sqlite")
    found = client.get_experiment_by_name(study)
    if found is None:
        number = client.create_experiment(study, artifact_location=f"mlflow-artifacts:/{study}" if local else None)
    else:
        number = found.experiment_id
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(number)
    return Experiment(client, number, study, results / store.ARTIFACTS / study if local else None)


def load(experiment: Experiment) -> dict[str, Shown]:
    """The runs of the store by identity; halves, doubles and strangers are removed."""
    shown: dict[str, Shown] = {}
    for run in _search(experiment):
        tags, live = run.data.tags, run.info.status == "RUNNING"
        name = tags.get("identity", "")
        if not name or name in shown or (live and "live" not in tags):
            remove(experiment, run.info.run_id)
        else:
            shown[name] = Shown(run.info.run_id, LIVE if live else tags["digest"], moment=run.info.start_time)
    return shown


def _search(experiment: Experiment) -> Iterable[Any]:
    token: str | None = ""
    while token is not None:
        page = experiment.client.search_runs([experiment.number], max_results=PAGE, page_token=token or None)
        yield from page
        token = page.token or None


def log_run(
    experiment: Experiment, job: records.Job, run: records.Run, points: Iterable[records.Point], span: records.Span
) -> Shown:
    """Log one run of a job: labels, settings, curves, scores, candidate, status, how long it took.

    Raises:
        RecordError: its candidate cannot be read; nothing was logged.
    """
    from mlflow.entities import Metric, Param

    candidate = records.read_candidate(job, run.seed) if run.status == "finished" else b""
    run_id = _create(experiment, job.cell, run.seed, span.start, tags(experiment, job, run))
    metrics = [
        Metric(name, value, span.end, step) for name, curve in curves(run, points).items() for step, value in curve
    ]
    experiment.client.log_batch(run_id, metrics, [Param(*item) for item in words.settings(job.cell).items()])
    if candidate:
        _log_candidate(experiment, run_id, candidate)
    experiment.client.set_terminated(run_id, STATUS[run.status], end_time=span.end)
    return Shown(run_id, run.digest)


def tags(experiment: Experiment, job: records.Job, run: records.Run) -> dict[str, str]:
    """Every tag of a finished run."""
    found = {"digest": run.digest, "cell": job.cell_digest, "family": job.family, "P": str(job.parameters)}
    found |= {"status": run.status, "reason": run.reason} if run.reason else {"status": run.status}
    return _labels(experiment, job.cell, run.identity, run.seed) | found


def curves(run: records.Run, points: Iterable[records.Point]) -> dict[str, list[tuple[int, float]]]:
    """Every metric of a finished run as (step, value), in the order of the steps."""
    found: dict[str, list[tuple[int, float]]] = {}
    for point in points:
        found.setdefault(point.metric, []).append((point.step, point.value))
    counts = {"steps": run.steps, "episodes": run.episodes}
    return found | {name: [(run.steps, float(count))] for name, count in counts.items()}


def run_name(cell: Mapping[str, Any], seed: int) -> str:
    """What the table of runs shows first, in some 20 letters: structure and environment have columns of their own."""
    return f"{words.labels(cell)['algorithm']} {seed}"


def log_progress(experiment: Experiment, progress: records.Progress, shown: Shown | None) -> Shown:
    """Show a run under way, or add the points that are new to it."""
    from mlflow.entities import Metric

    if shown is None:
        tags = _labels(experiment, progress.cell, progress.identity, progress.seed)
        tags |= {"live": "yes", "status": "running"}
        run_id = _create(experiment, progress.cell, progress.seed, progress.modified, tags)
        shown = Shown(run_id, LIVE, moment=progress.modified)
    new = [(point.step, point.value) for point in progress.points if point.step > shown.last_step]
    if not new:
        return shown
    metrics = [Metric("eval/return", value, shown.moment, step) for step, value in records.thin(new)]
    experiment.client.log_batch(shown.run_id, metrics)
    return shown._replace(last_step=new[-1][0])


def remove(experiment: Experiment, run_id: str) -> None:
    """Take a run out of the view, its artifact too."""
    experiment.client.delete_run(run_id)
    if experiment.artifacts is not None:
        shutil.rmtree(experiment.artifacts / run_id, ignore_errors=True)


def _labels(experiment: Experiment, cell: Mapping[str, Any], identity: str, seed: int) -> dict[str, str]:
    """The tags that a run has from its beginning."""
    return {**words.labels(cell), "identity": identity, "seed": str(seed), "study": experiment.study}


def _create(experiment: Experiment, cell: Mapping[str, Any], seed: int, moment: int, tags: Mapping[str, str]) -> str:
    name = run_name(cell, seed)
    created = experiment.client.create_run(experiment.number, start_time=moment, run_name=name, tags=dict(tags))
    return str(created.info.run_id)


def _log_candidate(experiment: Experiment, run_id: str, candidate: bytes) -> None:
    """A server is sent the file; beside a local store it is written where the UI looks for it."""
    if experiment.artifacts is not None:
        folder = experiment.artifacts / run_id / "artifacts"
        folder.mkdir(parents=True)
        (folder / CANDIDATE).write_bytes(candidate)
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / CANDIDATE
        path.write_bytes(candidate)
        experiment.client.log_artifact(run_id, str(path))
