"""Peers in an environment of their own: how it is made, and a process in it that measures when it is asked to.

    python -m benchmarks --make-peers        makes .peers/ from benchmarks/peers.txt

The process speaks lines of JSON and inherits the core it is pinned to; while it waits it costs nothing, so it can take
turns with ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".peers"
ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


class PeerFault(RuntimeError):
    """A peer could not do what it was asked; holds its own words."""


def make(folder: Path = FOLDER) -> Path:
    """Make the environment of the peers; its Python is returned."""
    venv.create(folder, with_pip=True, clear=True)
    python = interpreter(folder)
    wishes = Path(__file__).with_name("peers.txt")
    prepare_environment()  # a package without bytecode would compile itself at every import
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", wishes], check=True)
    return python


def interpreter(folder: Path = FOLDER) -> Path:
    """The Python of an environment."""
    return folder / "bin" / "python"


class Peer:
    """A process in the peers' environment that runs `benchmarks/peer_worker.py`."""

    def __init__(self, python: Path) -> None:
        worker = Path(__file__).with_name("peer_worker.py")
        self._process = subprocess.Popen([python, worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **message: Any) -> Any:
        """The answer to a message.

        Raises:
            PeerFault: if the peer raised or died.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(message), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise PeerFault(f"the peer died with exit status {self._process.wait()} at {message.get('act')}")
        answer = json.loads(line)
        if "fault" in answer:
            raise PeerFault(answer["fault"])
        return answer["result"]

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def prepare_environment() -> None:
    """For this process and all that it starts: one thread, and bytecode is kept as on a user's machine."""
    os.environ.update(ONE_THREAD)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
