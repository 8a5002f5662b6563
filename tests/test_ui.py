"""The server of MLflow's interface ends with whoever started it; a stand-in with a worker takes its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli import main
from harness.plugins import ROOT
from harness.tracking import ledger, ui

SERVER = """
import pathlib, signal, subprocess, sys, time
{first}
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(worker.pid))
{rest}
"""
COMMAND = """
import os, sys
from harness.tracking import ui
sys.exit(ui.serve([sys.executable, "-c", sys.argv[1], sys.argv[2]], os.environ))
"""


def started(folder: Path, rest: str, first: str = "") -> tuple[subprocess.Popen[bytes], int]:
    """The command that serves, and the number of the worker's process."""
    note = folder / "worker.txt"
    command = subprocess.Popen([sys.executable, "-c", COMMAND, SERVER.format(first=first, rest=rest), str(note)])
    deadline = time.monotonic() + 60.0
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return command, int(note.read_text())


def gone(process: int) -> bool:
    """Whether a process has ended, a zombie that nobody has fetched included."""
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_server_and_worker_with_status_128_and_its_number(tmp_path: Path, number: int) -> None:
    command, worker = started(tmp_path, "time.sleep(600)")
    command.send_signal(number)
    assert command.wait(timeout=30.0) == 128 + number
    assert gone(worker)


def test_a_server_that_ends_with_status_7_takes_its_worker_with_it(tmp_path: Path) -> None:
    command, worker = started(tmp_path, "sys.exit(7)")
    assert command.wait(timeout=30.0) == 7
    assert gone(worker)


def test_a_server_that_ignores_the_request_to_end_is_ended_after_5_seconds(tmp_path: Path) -> None:
    command, worker = started(tmp_path, "time.sleep(600)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    start = time.monotonic()
    command.send_signal(signal.SIGTERM)
    assert command.wait(timeout=60.0) == 128 + 15
    assert time.monotonic() - start >= 4.9
    assert gone(worker)


def test_a_server_that_is_named_is_not_served_again_and_its_password_not_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://name:secret@example.org/")
    assert main(["ui", "smoke"]) == 0
    assert capsys.readouterr().out.splitlines()[2].split() == ["all", "runs", "https://example.org/"]


def test_the_views_of_one_store_are_not_told_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.write(tmp_path, ledger.Ledger("smoke", "mlflow.db", views={"all runs": "/#/experiments/1"}))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert ui.addresses("http://here", tmp_path, "smoke") == {"all runs": "http://here/#/experiments/1"}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://example.org")
    assert ui.addresses("https://example.org", tmp_path, "smoke") == {"all runs": "https://example.org/"}


@pytest.mark.parametrize("broken", ["raise ImportError('no module\\nof that name')", "import nowhere_at_all", "1 / 0"])
def test_where_mlflow_cannot_be_imported_the_interface_says_so_in_one_line(tmp_path: Path, broken: str) -> None:
    (tmp_path / "mlflow.py").write_text(broken)
    words = [sys.executable, "-c", "from harness.tracking import ui; ui.require_mlflow()"]
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    answer = subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("harness.errors.InputError: harness ui: MLflow cannot be imported (")
    assert "constraints.txt" in last
