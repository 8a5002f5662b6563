"""Programs of ours, started and watched from outside: seconds, and the largest memory of any of their processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import NamedTuple

from benchmarks.peers import ROOT

PARTS = (
    "Snakefile",
    "envs.yaml",
    "algorithms",
    "benchmarks",
    "environments",
    "harness",
    "policies",
    "profiles",
    ".kernels",
)
MEBI = 2**20
STARTER = Path(__file__).with_name("starter.py")


class Watched(NamedTuple):
    """What a program took, and said; memory is of its largest process, seconds of the processor are those of all."""

    wall: float
    processor: float
    memory: int  # bytes
    said: str = ""


def watch(words: Sequence[str], folder: Path = ROOT, cores: Sequence[int] | None = None) -> Watched:
    """Run a program to its end.

    Raises:
        RuntimeError: if it fails, with the end of what it said.
    """
    with TemporaryDirectory() as place, (Path(place) / "log").open("w+") as said:
        took = Path(place) / "took"
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(STARTER), str(took), *words],
            cwd=folder,
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        if cores:
            os.sched_setaffinity(process.pid, cores)
        failed = process.wait()
        said.seek(0)
        text = said.read()
        if failed:
            raise RuntimeError(f"{' '.join(words)} failed:\n{text[-3000:]}")
        return Watched(*json.loads(took.read_text(encoding="utf-8")), text)


def python(*words: str) -> list[str]:
    """A command of this Python."""
    return [sys.executable, *words]


def snakemake(study: str, *words: str) -> list[str]:
    """Snakemake on a study."""
    return python("-m", "snakemake", "--config", f"study={study}", *words)


@contextmanager
def project(name: str, study: str) -> Iterator[Path]:
    """A copy of the project in a folder of its own, with one study; the kernels that are compiled come with it."""
    folder = Path(mkdtemp(prefix="benchmark-"))
    try:
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.lock"))
            elif source.exists():
                shutil.copy2(source, folder / part)
        (folder / "studies").mkdir()
        (folder / "studies" / f"{name}.yaml").write_text(study, encoding="utf-8")
        yield folder
    finally:
        remove(folder)


def remove(folder: Path, seconds: float = 30.0) -> None:
    """Take a folder away, where the mirror of a study may still write: it ends a moment after Snakemake.

    Raises:
        OSError: if it cannot be taken away by then.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
    shutil.rmtree(folder)


@contextmanager
def all_cores() -> Iterator[int]:
    """This process and what it starts may use every core; how many they are."""
    kept = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield len(os.sched_getaffinity(0))
    finally:
        os.sched_setaffinity(0, kept)
