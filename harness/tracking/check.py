"""Is a run in MLflow what the files say? Its labels, settings, duration, curves and candidate, compared value by value.

SQLite checks the structure of a store, not its content: a digit that turned in a score would be shown for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.tracking import records, runs, words


def altered(
    experiment: runs.Experiment,
    run_id: str,
    job: records.Job,
    run: records.Run,
    points: Iterable[records.Point],
    span: records.Span,
) -> str:
    """What of a finished run is not what the files say, or nothing.

    Raises:
        RecordError: its candidate cannot be read from the files.
    """
    found = experiment.client.get_run(run_id)
    tags = runs.tags(experiment, job, run)
    if {name: found.data.tags.get(name) for name in tags} != tags:
        return "a tag"
    if found.data.params != words.settings(job.cell):
        return "a parameter"
    if (found.info.status, found.info.run_name) != (runs.STATUS[run.status], runs.run_name(job.cell, run.seed)):
        return "its status or name"
    if found.info.end_time - found.info.start_time != span.end - span.start:  # a copied record has another date
        return "its duration"
    wanted = runs.curves(run, points)
    if found.data.metrics != {name: curve[-1][1] for name, curve in wanted.items()}:
        return "a metric"
    for name, curve in wanted.items():
        history = experiment.client.get_metric_history(run_id, name)
        if sorted((point.step, point.value) for point in history) != curve:
            return f"the curve {name}"
    return "its candidate" if run.status == "finished" and not _has_candidate(experiment, run_id, job, run) else ""


def _has_candidate(experiment: runs.Experiment, run_id: str, job: records.Job, run: records.Run) -> bool:
    """Whether the artifact beside a local store has the bytes of the record; it is compared, never loaded."""
    if experiment.artifacts is None:  # a server keeps it
        return True
    path = experiment.artifacts / run_id / "artifacts" / runs.CANDIDATE
    return path.is_file() and path.read_bytes() == records.read_candidate(job, run.seed)
