"""What is said before a study starts, and the commands that are printed at its end, by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness import cost, farewell, progress, workflow
from harness.cell import SHORT
from harness.plugins import ROOT


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


@pytest.mark.parametrize(
    ("folder", "on_path", "typed"),
    [
        (ROOT / ".venv" / "bin", False, ".venv/bin/harness"),
        (ROOT / ".venv" / "bin", True, "harness"),
        (Path("/opt/my venv/bin"), False, "'/opt/my venv/bin/harness'"),
    ],
)
def test_the_command_at_the_end_is_the_shortest_one_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, on_path: bool, typed: str
) -> None:
    place = tmp_path / "bin"  # stands for the folder where it is on PATH
    place.mkdir()
    (place / "harness").touch(0o755)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", str(place) if on_path else os.defpath + "/none")
    monkeypatch.setattr(sys, "executable", str((place if on_path else folder) / "python"))
    assert farewell.command("harness") == typed
