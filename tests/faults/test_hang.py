"""What never returns: it is named with the line where it stands, Ctrl-C ends it at once, and the next start says so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from project_copy import copy_project, replace

from faults.conftest import ended, forked
from faults.test_places import start
from harness import pulse
from harness.pulse import Watched, lock_of, remembered, signs, silent

STUDY = """\
title: Hangs
question: For ever?
seeds: 1
evaluation: {{every: 500, episodes: 1}}
budget: 1000
grids:
  - {{environments: [{environment}], policies: [linear], algorithms: [{algorithm}]}}
"""
WORLD = """
Mire:
  engine: compiled
  problem: mire
  horizon: 100
  budget: 1000
  scores: {random: 0, reference: 1, source: by hand}
  targets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
  solved: 1
"""


def hanging_ask(project: Path) -> str:
    """An algorithm whose `ask` never returns; the line of the loop."""
    text = (project / "algorithms" / "ars.py").read_text(encoding="utf-8").replace("class Ars", "class Hangs")
    (project / "algorithms" / "hangs.py").write_text(text, encoding="utf-8")
    file = project / "algorithms" / "hangs.py"
    head = next(line for line in text.splitlines() if line.startswith("    def ask("))
    replace(file, head, f"{head}\n        while turn.number >= 0:\n            pass")
    (project / "studies" / "smoke.yaml").write_text(STUDY.format(environment="CartPole-v1", algorithm="hangs"))
    return r"in hangs\.py, line \d+, ask"


def hanging_step(project: Path) -> str:
    """A compiled environment whose first step never returns; Python stands in the call of the kernel."""
    text = (project / "environments" / "chain.py").read_text(encoding="utf-8").replace("class Chain", "class Mire")
    head = next(line for line in text.splitlines() if line.startswith("def step("))
    text = text.replace(head, f"{head}\n    while parameters[0] < 1e300:\n        state[0] += 1.0")
    (project / "environments" / "mire.py").write_text(text, encoding="utf-8")
    with (project / "envs.yaml").open("a", encoding="utf-8") as file:
        file.write(WORLD)
    (project / "studies" / "smoke.yaml").write_text(STUDY.format(environment="Mire", algorithm="ars"))
    return r"in \w+\.py, line \d+, [\w<>]+"


def until(process: subprocess.Popen[str], path: Path, words: str, seconds: float = 120.0) -> str:
    """Wait until a file speaks of something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = path.read_text(encoding="utf-8") if path.exists() else ""
        if words in told:
            return told
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"{path} does not speak of '{words}': {process.communicate()[0]}")


@pytest.mark.slow_fault
@pytest.mark.parametrize("plant", [hanging_ask, hanging_step])
def test_what_never_returns_is_named_ended_by_ctrl_c_and_named_by_the_next_start(
    tmp_path: Path, plant: Callable[[Path], str]
) -> None:
    project = copy_project(tmp_path)
    line = plant(project)
    replace(project / "harness" / "pulse.py", "SILENT_SECONDS = 300.0", "SILENT_SECONDS = 20.0")
    notes = project / "results" / "logs" / "smoke" / "silent.txt"
    first = start(project)
    told = until(first, notes, "no sign of life from")
    assert re.search(rf"no sign of life from .*, seeds 0-0 for 0\.\d min, {line}; to end it: kill \d+\n", told), told
    victim = int(told.split("kill ")[-1].split()[0])
    os.killpg(first.pid, signal.SIGINT)
    begun = time.monotonic()
    shown = first.communicate(timeout=60)[0]
    assert time.monotonic() - begun < 20.0
    assert "no sign of life from" in shown
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)
    if any((project / ".snakemake" / "locks").glob("*")):
        start(project, "--unlock").communicate(timeout=60)
    again = start(project)
    while notes.exists():  # begun anew
        assert again.poll() is None
        time.sleep(0.05)
    told = until(again, notes, "no sign of life from")
    os.kill(int(told.split("kill ")[-1].split()[0]), signal.SIGTERM)  # as the line says
    shown = again.communicate(timeout=60)[0]
    assert re.search(rf"last time: no sign of life from .*, {line}\n", shown), shown
    assert again.returncode != 0
    assert "Something failed" in shown


def test_a_job_is_silent_when_its_sign_stands_still_and_held_and_speaks_again_after_twice_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "seeds-0000-0000"
    job = Watched("cell, seeds 0-0", lock_of(folder), tmp_path / "log")
    job.log.write_text(
        'Timeout (0:05:00)!\nThread 1:\n  File "/a/b/mine.py", line 7 in ask\n  File "x.py", line 1 in f\n'
    )
    seen: dict[str, tuple[int, float, float]] = {}

    def told(now: float) -> list[str]:
        return list(silent([job], seen, now))

    assert told(0.0) == told(1e6) == []  # it has not begun

    def work() -> None:
        from harness.files import alone_in

        with alone_in(folder), signs(folder):
            time.sleep(60.0)

    child = forked(work, tmp_path / "errors")
    while not job.lock.exists() or not job.lock.read_text():
        time.sleep(0.01)
    assert told(0.0) == told(299.0) == []
    (line,) = told(301.0)
    assert line == f"no sign of life from cell, seeds 0-0 for 5.0 min, in mine.py, line 7, ask; to end it: kill {child}"
    assert told(400.0) == []
    assert len(told(601.0)) == 1
    os.utime(job.lock, ns=(0, 1))  # it has come further
    assert told(700.0) == told(900.0) == []
    os.kill(child, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    assert told(1e5) == []  # a dead process is not silent, it is dead
    notes = tmp_path / "silent.txt"
    notes.write_text(f"{line}\n{line.replace('5.0', '10.0')}\n")
    assert remembered(notes, {"cell, seeds 0-0": 0, "other": 0}) == [
        "last time: no sign of life from cell, seeds 0-0 for 10.0 min, in mine.py, line 7, ask"
    ]
    assert remembered(notes, {"cell, seeds 0-0": 0}) == []


def test_a_loop_without_an_end_leaves_the_line_where_it_stands_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.2)

    def loops() -> None:
        with signs(tmp_path / "seeds-0000-0000"):
            until_then = time.monotonic() + 60.0
            while time.monotonic() < until_then:
                pass

    (tmp_path / "log").touch()
    child = forked(loops, tmp_path / "log")
    deadline = time.monotonic() + 30.0
    while "in loops" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert pulse._place(tmp_path / "log").endswith(", loops")
