"""The view fails in every way that servers and stores fail: no run waits for it, the ledger says so, `sync` repairs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_tracking import STUDY, behind, search, write_job

from faults.conftest import ended, forked
from harness.files import json_bytes
from harness.tracking import ledger, mirror, store

pytestmark = pytest.mark.slow_fault
ENDED = "SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active' AND status = 'FINISHED'"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second for each call instead of ten."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def answering(mode: str) -> type[BaseHTTPRequestHandler]:
    """A server that is at fault."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if mode == "hangs":
                time.sleep(5.0)
            elif mode == "hangs up":
                self.connection.close()
            else:
                body = b"<html>" if mode == "answers nonsense" else b'{"error_code": "INTERNAL_ERROR"}'
                self.send_response(200 if mode == "answers nonsense" else 500)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Its address, on this machine only."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), answering(request.param)) as at_fault:
        threading.Thread(target=at_fault.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{at_fault.server_address[1]}"
        at_fault.shutdown()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("server", ["answers 500", "hangs", "hangs up", "answers nonsense"], indirect=True)
def test_a_server_at_fault_costs_seconds_is_in_the_ledger_and_repaired_by_sync(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = [write_job(tmp_path, name) for name in ("ars", "cem")]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    start = time.monotonic()
    account = mirror.sync(tmp_path, STUDY, manifests)
    assert time.monotonic() - start < 30.0
    assert server in account.complaint
    assert len(ledger.unmirrored(tmp_path, STUDY, manifests)) == 4
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert mirror.sync(tmp_path, STUDY, manifests).complaint == ""
    assert ledger.unmirrored(tmp_path, STUDY, manifests) == []
    assert len(search(tmp_path)) == 4


def serve(results: Path, port: int) -> subprocess.Popen[bytes]:
    """MLflow's own server, up."""
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{results / 'server.db'}"]
    words += ["--artifacts-destination", (results / "served").as_uri()]
    settings = {**os.environ, **store.ENVIRONMENT, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    settings.pop("MLFLOW_TRACKING_URI", None)
    process = subprocess.Popen(
        words, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.5)
    raise AssertionError("the server does not come up")


@pytest.mark.usefixtures("impatient")
def test_a_server_killed_in_mid_study_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    manifests = [write_job(tmp_path, name) for name in ("ars", "cem", "es")]
    for attempt in range(2):
        process = serve(tmp_path, port)
        try:
            kill = threading.Timer(3.0 if attempt == 0 else 0.0, os.killpg, (process.pid, signal.SIGKILL))
            if attempt == 0:
                mirror.sync(tmp_path, STUDY, manifests[:1])
                os.killpg(process.pid, signal.SIGKILL)
                account = mirror.sync(tmp_path, STUDY, manifests)
                assert account.complaint
                assert all(behind(tmp_path, manifest) for manifest in manifests)
            else:
                assert mirror.sync(tmp_path, STUDY, manifests).complaint == ""
                assert ledger.unmirrored(tmp_path, STUDY, manifests) == []
        finally:
            kill.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    with closing(sqlite3.connect(tmp_path / "server.db")) as held:
        assert held.execute(ENDED).fetchone() == (6,)


def test_sixteen_processes_on_one_store_that_is_not_there_yet_lose_and_double_nothing(tmp_path: Path) -> None:
    import mlflow.client  # noqa: F401  # once, before the children are born

    studies = {f"study-{number}": write_job(tmp_path, f"ars{number}") for number in range(8)}
    children = [
        forked(lambda: mirror.sync(tmp_path, name, [manifest]), tmp_path / f"log-{name}-{twice}")  # noqa: B023
        for twice in range(2)
        for name, manifest in studies.items()
    ]
    assert [ended(child) for child in children] == [0] * 16
    with closing(sqlite3.connect(tmp_path / store.STORE)) as held:
        assert held.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert held.execute(ENDED).fetchone() == (16,)
    for name, manifest in studies.items():
        assert ledger.unmirrored(tmp_path, name, [manifest]) == []


def test_mirrors_killed_at_random_instants_then_repeated_lack_and_double_nothing(tmp_path: Path) -> None:
    import random

    import mlflow.client  # noqa: F401

    rng, manifests = random.Random(1), [write_job(tmp_path, f"ars{number}") for number in range(4)]
    for trial in range(10):
        child = forked(lambda: mirror.sync(tmp_path, STUDY, manifests), tmp_path / "log")
        time.sleep(rng.uniform(0.0, 3.0 if trial > 2 else 6.0))
        os.kill(child, signal.SIGKILL)
        ended(child)
        if trial % 3 == 2:
            (tmp_path / store.STORE).unlink(missing_ok=True)
    assert mirror.sync(tmp_path, STUDY, manifests).complaint == ""
    assert ledger.unmirrored(tmp_path, STUDY, manifests) == []
    with closing(sqlite3.connect(tmp_path / store.STORE)) as held:
        assert held.execute(ENDED).fetchone() == (8,)


ALTERATIONS = (
    "UPDATE metrics SET value = value + 1 WHERE key = 'eval/return' AND step = (SELECT MIN(step) FROM metrics)",
    "DELETE FROM metrics WHERE key = 'train/return' AND step = (SELECT MIN(step) FROM metrics)",
    "UPDATE latest_metrics SET value = 7 WHERE key = 'score'",
    "UPDATE params SET value = '0.03' WHERE key = 'algorithm.step_size'",
    "UPDATE tags SET value = 'cem' WHERE key = 'algorithm'",
    "UPDATE runs SET status = 'FAILED'",
    "UPDATE runs SET name = 'other'",
)


def test_values_altered_in_the_store_or_beside_it_are_found_and_logged_again(tmp_path: Path) -> None:
    """A pickle in place of an artifact too: the bytes are compared and replaced, never loaded."""
    import pickle

    from faults.test_safety import Malicious

    manifest = write_job(tmp_path, "ars")
    mirror.sync(tmp_path, STUDY, [manifest])
    assert len(search(tmp_path)) == 2
    whole = {run.info.run_id for run in search(tmp_path)}
    mirror.sync(tmp_path, STUDY, [manifest], check=True)
    assert {run.info.run_id for run in search(tmp_path)} == whole  # nothing was wrong, nothing was done
    for alteration in (*ALTERATIONS, ""):
        before = {run.info.run_id for run in search(tmp_path)}
        if alteration:
            with closing(sqlite3.connect(tmp_path / store.STORE)) as held:
                assert held.execute(alteration).rowcount >= 2
                held.commit()
        else:
            for path in (tmp_path / store.ARTIFACTS).rglob("candidate.npz"):
                path.write_bytes(pickle.dumps(Malicious(tmp_path / "executed")))
        assert mirror.sync(tmp_path, STUDY, [manifest], check=True).complaint == ""
        after = search(tmp_path)
        assert len(after) == 2, alteration
        assert not before & {run.info.run_id for run in after}, alteration
        assert {run.data.params["algorithm.step_size"] for run in after} == {"0.02"}
        assert {run.data.metrics["score"] for run in after} == {100.0, 1100.0}
    assert ledger.unmirrored(tmp_path, STUDY, [manifest]) == []
    assert not (tmp_path / "executed").exists()


def test_all_runs_diverged_before_their_first_turn_are_shown(tmp_path: Path) -> None:
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    from harness.files import checksum
    from harness.seal import sealed

    manifest = write_job(tmp_path, "ars", diverged=(0, 1))
    pq.write_table(pa.table({"seed": pa.array([], pa.int64())}), manifest.parent / "training.parquet")
    content = json.loads(manifest.read_text())
    del content["seal"]
    content["files"]["training.parquet"] = checksum(manifest.parent / "training.parquet")
    manifest.write_bytes(json_bytes(sealed(content)))
    assert mirror.sync(tmp_path, STUDY, [manifest]).complaint == ""
    assert ledger.unmirrored(tmp_path, STUDY, [manifest]) == []
    shutil.rmtree(tmp_path / store.ARTIFACTS, ignore_errors=True)
