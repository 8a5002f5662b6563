"""A job that ends without a word of its own: the run is named, and where the machine could still say it, the line."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.conftest import CELL, ended, folder_in, forked, ran
from harness import farewell, job, plugins, workflow
from harness.cli import main
from harness.files import alone_in
from harness.pulse import abandoned, lock_of, signs
from harness.workflow import open_study

NAME = "CartPole-v1 · linear · ars, seeds 0-1"


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def left_below_python() -> None:
    ctypes.CDLL(None)._exit(0)


def ending(end: Callable[[], None], work: Callable[[], object]) -> Callable[[], None]:
    """Work whose second run comes to such an end."""

    def tried() -> None:
        faulthandler.disable()  # that of pytest
        run_seed = job._run_seed
        job._run_seed = lambda cell, seed, *more: end() if seed == 1 else run_seed(cell, seed, *more)
        work()

    return tried


@pytest.mark.parametrize(
    ("end", "status"), [(killed, -signal.SIGKILL), (os.abort, -signal.SIGABRT), (left_below_python, 0)]
)
def test_a_job_that_ends_without_a_word_is_named_with_its_run_until_it_is_done(
    tmp_path: Path, end: Callable[[], None], status: int
) -> None:
    locks = [(NAME, lock_of(folder_in(tmp_path))), ("another", lock_of(tmp_path / "seeds-0002-0003"))]
    assert ended(forked(ending(end, lambda: ran(tmp_path)), tmp_path / "log")) == status
    assert list(abandoned(locks)) == [f"Ended without a word, as by a kill: {NAME}, in the run of seed 1"]
    ran(tmp_path)
    assert list(abandoned(locks)) == []


def test_a_job_that_works_is_not_abandoned(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with alone_in(folder), signs(folder) as beat:
        beat(1)
        assert list(abandoned([(NAME, lock_of(folder))])) == []
    assert list(abandoned([(NAME, lock_of(folder))])) == []


def test_the_log_of_a_job_that_aborts_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.plugins.ROOT", tmp_path)
    words = ["job", "--spec", CELL.to_json(), "--first", "0", "--last", "1"]
    assert ended(forked(ending(os.abort, lambda: main(words)), tmp_path / "log")) == -signal.SIGABRT
    told = (tmp_path / "log").read_text(encoding="utf-8")
    assert told.startswith("Fatal Python error: Aborted")
    assert 'test_exit.py", line ' in told.partition("(most recent call first):\n")[2].splitlines()[0]


def test_the_advice_after_a_failure_names_runs_and_benches_that_ended_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_study("variance")
    monkeypatch.setattr(workflow, "ROOT", tmp_path)
    assert "without a word" not in farewell.advice(opened)
    for manifest, text in ((opened.manifests[0], "4711 7\n"), (opened.measurements[0], "")):
        lock = lock_of((tmp_path / manifest).parent)
        lock.parent.mkdir(parents=True)
        lock.write_text(text)
    first, second = [line for line in farewell.advice(opened).splitlines() if "without a word" in line]
    assert first.endswith(", in the run of seed 7")
    assert second.startswith("Ended without a word, as by a kill: laboratory · ")


def test_within_plugins_a_child_may_leave_as_it_likes_and_its_parent_may_not() -> None:
    with plugins.contained():
        child = os.fork()
        if not child:
            os._exit(7)
        assert ended(child) == 7
    with pytest.raises(plugins.Exited, match=r"SystemExit: os\._exit\(0\)"), plugins.contained():
        os._exit(0)
    child = os.fork()
    if not child:
        os._exit(8)
    assert ended(child) == 8
