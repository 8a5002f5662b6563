"""The MLflow UI over the store, on this machine only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harness.tracking import ledger, store

HOST = "127.0.0.1"


def command(port: int, root: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of the UI over the results in `root`; one worker, no telemetry.

    Artifacts are served from beside the store, wherever that is now, so a moved checkout still shows them.
    """
    words = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", store.address(root)]
    words += ["--artifacts-destination", (root / store.ARTIFACTS).resolve().as_uri()]
    return words, {**os.environ, **store.ENVIRONMENT, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def addresses(port: int, root: Path, study: str) -> dict[str, str]:
    """The views of a study by name, "all runs" first; the bare UI where the mirror has not yet published any."""
    views = ledger.read(root, study).views or {"all runs": "/"}
    return {
        name: f"http://{HOST}:{port}{views[name]}"
        for name in sorted(views, key=lambda name: (name != "all runs", name))
    }
