"""What the faults share: small cells, places to break, children that can be killed, damage of every kind."""

from __future__ import annotations

import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import job
from harness.cell import Cell, Evaluation, Part, World

POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
LINEAR = Part("linear", "linear", {"bias": False})
CELL = Cell(POLE, LINEAR, Part("ars", "ars", {"directions": 1}), 2000, Evaluation(50, 2))
SEEDS = range(2)
RECORDS = ("evaluations.parquet", "training.parquet", "timing.parquet", "candidates.npz", "manifest.json")


def folder_in(root: Path, cell: Cell = CELL, name: str = "seeds-0000-0001") -> Path:
    """Where a project in `root` keeps a block of a cell."""
    return root / cell.folder / name


def ran(root: Path, cell: Cell = CELL, seeds: range = SEEDS) -> dict[int, str]:
    """Run a block of a cell; digests by seed, from the manifest."""
    return digests(job.run_block(cell, seeds, folder_in(root, cell), lambda run: None))


def digests(manifest: Path) -> dict[int, str]:
    """What a manifest says of its runs."""
    return {run["seed"]: run["digest"] for run in json.loads(manifest.read_text(encoding="utf-8"))["runs"]}


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """The digests of a block that nothing happened to; its kernel is compiled by then."""
    return ran(tmp_path_factory.mktemp("expected"))


def forked(work: Callable[[], object], log: Path) -> int:
    """Start work in a child of this warm process; returns its id. What it raises stands in the log, and it exits 1."""
    child = os.fork()
    if child:
        return child
    try:
        with log.open("w") as errors:
            os.dup2(errors.fileno(), 2)
            sys.stderr = errors
            try:
                work()
            except BaseException:
                traceback.print_exc(file=errors)
                errors.flush()
                os._exit(1)
        os._exit(0)
    finally:
        os._exit(2)


def ended(child: int) -> int:
    """Exit status of a child, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@dataclass(frozen=True)
class Damage:
    """What a power cut or a bad disk does to a file, at random."""

    kind: str
    seed: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.seed}"

    def to(self, content: bytes) -> bytes:
        """The damaged content, different from what it was."""
        rng = random.Random(f"{self.kind} {self.seed}")
        place = rng.randrange(len(content))
        if self.kind == "cut":
            return content[:place]
        if self.kind == "empty":
            return b""
        if self.kind == "bit":
            return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]
        length = 1 if self.kind == "byte" else rng.randrange(2, 600)
        noise = rng.randbytes(length) if self.kind != "zeros" else bytes(length)
        damaged = (content[:place] + noise + content[place + length :])[: len(content)]
        return damaged if damaged != content else content[:-1]


def damages(count: int) -> Iterator[Damage]:
    """So many damages, of all kinds in turn."""
    kinds = ("bit", "byte", "cut", "noise", "zeros", "bit", "empty", "byte")
    for number in range(count):
        yield Damage(kinds[number % len(kinds)], number)
