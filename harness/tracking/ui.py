"""The MLflow UI over the store, on this machine only; it ends with whoever started it, its workers too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType

from harness.errors import InputError
from harness.tracking import ledger, store

HOST = "127.0.0.1"
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE_SECONDS = 5.0  # between the request to end and the end


class _ToldToEnd(Exception):
    """A signal has come; its number is the argument."""


def require_mlflow() -> None:
    """Refuse in one line what would else be the traceback of a server.

    Raises:
        InputError: MLflow is not installed, or what it needs does not fit it.
    """
    try:
        import_module("mlflow.cli")
    except Exception as fault:  # packages that do not fit each other raise many kinds
        reason = " ".join(f"{type(fault).__name__}: {fault}".split())
        again = "install it with `pip install -c constraints.txt mlflow`; runs, tables and reports do without"
        raise InputError("harness ui", f"MLflow cannot be imported ({reason}): {again}") from fault


def command(port: int, root: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of the UI over the results in `root`; one worker, no telemetry.

    Artifacts are served from beside the store, wherever that is now, so a moved checkout still shows them.
    """
    words = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", store.address(root)]
    words += ["--artifacts-destination", (root / store.ARTIFACTS).resolve().as_uri()]
    return words, {**os.environ, **store.ENVIRONMENT, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def serve(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a server until it ends or this process is told to; returns an exit status.

    The server starts workers, which would outlive it: all of them are one process group, and that is ended as a whole.
    """
    kept = {number: signal.signal(number, _tell) for number in ENDINGS}
    server: subprocess.Popen[bytes] | None = None
    try:
        server = subprocess.Popen(words, env=environment, start_new_session=True)
        return server.wait()
    except _ToldToEnd as told:
        return 128 + int(told.args[0])
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)  # once is enough
        if server is not None:
            _end_group(server)
        for number, handler in kept.items():
            signal.signal(number, handler)


def _tell(number: int, _frame: FrameType | None) -> None:
    raise _ToldToEnd(number)


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    """Ask a process group to end, wait a little, and end it."""
    with suppress(ProcessLookupError):  # nobody of it is left
        os.killpg(leader.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            leader.poll()
            os.killpg(leader.pid, 0)
            time.sleep(0.05)
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()


def addresses(server: str, root: Path, study: str) -> dict[str, str]:
    """The views of a study on a server by name, "all runs" first; its bare UI where the mirror has made none there."""
    known = ledger.read(root, study)
    views = (known.views if known.store == store.home() else {}) or {"all runs": "/"}
    return {name: f"{server}{views[name]}" for name in sorted(views, key=lambda name: (name != "all runs", name))}
