"""What is said before a study starts, and the commands that are printed at its end, by hand."""

from __future__ import annotations

import pytest

from harness import cost, progress, workflow
from harness.cell import SHORT


def test_eight_jobs_at_a_time_on_two_cores_are_foreseen_to_take_as_long_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    smoke = workflow.open_study("smoke")
    axes = ("environment", "policy", "algorithm")
    asked = [
        {
            **dict(zip(axes, job.cell.labels, strict=True)),
            "digest": job.cell.digest[:SHORT],
            "first": str(job.first),
            "last": str(job.last),
        }
        for job in smoke.jobs
    ]
    foreseen: list[float] = []
    monkeypatch.setattr(workflow, "follow_in_mlflow", lambda *words: None)
    monkeypatch.setattr(progress, "begin", lambda path, jobs, work, seconds, after: foreseen.append(seconds))
    monkeypatch.setattr(cost, "cores_of_this_machine", lambda: 2)
    told = [smoke.start(asked, cores) for cores in (1, 2, 8)]
    assert foreseen[0] > foreseen[1] == foreseen[2]
    assert [line.rpartition(" with ")[2] for line in told] == [
        "1 at a time, the report included.",
        "2 at a time, the report included.",
        "8 at a time on 2 cores, the report included.",
    ]
