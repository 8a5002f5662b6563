"""The promise, end to end on a small study: whatever the cores, blocks, order, interruptions or folder, equal bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from finished_study import MAKE, project, words

from harness.tables import COLUMNS

Digests = dict[tuple[str, int], str]
SEEDS = 10

KILLED = """
import os, signal
from harness import job

job.CHECKPOINT_SECONDS, kept, left = 0.0, job.save, [4]

def save(path, snapshot, owner):
    kept(path, snapshot, owner)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

job.save = save
"""


def made(folder: Path, *arguments: str, **environment: str) -> Path:
    done = subprocess.run(
        words(*arguments), cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def digests(folder: Path) -> Digests:
    """By cell and seed, over all jobs."""
    found: Digests = {}
    for path in (folder / "results" / "runs").rglob("manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found |= {(manifest["cell_digest"], run["seed"]): run["digest"] for run in manifest["runs"]}
    return found


def jobs(folder: Path) -> int:
    """How many there are."""
    return len(list((folder / "results" / "runs").rglob("manifest.json")))


def tables(folder: Path) -> dict[str, bytes]:
    """Every table but the one with the clock."""
    files = (folder / "results" / "tables" / "tiny").glob("*.csv")
    return {file.name: file.read_bytes() for file in files if file.name != "timing.csv"}


def same(one: Path, other: Path) -> None:
    assert len(digests(one)) == 2 * SEEDS
    assert digests(one) == digests(other)
    assert tables(one).keys() == {f"{name}.csv" for name in COLUMNS} - {"timing.csv"}
    assert tables(one) == tables(other)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seeds in one block, one after the other."""
    folder = made(project(tmp_path_factory.mktemp("plain"), SEEDS, SEEDS), "0/1", "tables")
    assert jobs(folder) == 2
    return folder


def test_blocks_of_one_and_of_ten_in_reverse_in_a_folder_with_spaces_and_unicode_give_the_same_bits(
    plain: Path, tmp_path: Path
) -> None:
    other = project(tmp_path / "ein Ordner mit Ümläuten, 空白 & 'quotes'", 1, SEEDS)
    same(plain, made(other, "0/1", "backwards", "tables", PYTHONHASHSEED="77", TZ="Asia/Kathmandu", LC_ALL="C"))
    assert jobs(other) == 2 * SEEDS


def test_two_processes_at_once_told_to_use_four_threads_give_the_same_bits(plain: Path, tmp_path: Path) -> None:
    other = project(tmp_path / "copy", 1, SEEDS)
    threads = {f"{name}_NUM_THREADS": "4" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    started = [
        subprocess.Popen(words(f"{part}/2"), cwd=other, env={**os.environ, **threads}, stderr=subprocess.PIPE)
        for part in range(2)
    ]
    assert [process.communicate()[1] for process in started] == [b"", b""]
    assert [process.returncode for process in started] == [0, 0]
    same(plain, made(other, "0/1", "tables"))


def test_a_study_killed_in_mid_run_goes_on_to_the_same_bits(plain: Path, tmp_path: Path) -> None:
    other = project(tmp_path / "copy", SEEDS, SEEDS)
    python, *flags, _ = words()
    stopped = subprocess.run([python, *flags, KILLED + MAKE, "0/1"], cwd=other, capture_output=True, check=False)
    assert stopped.returncode == -signal.SIGKILL, stopped.stderr
    assert list((other / "results" / "runs").rglob("*.checkpoint.npz"))
    assert jobs(other) == 0
    same(plain, made(other, "0/1", "tables"))


def test_a_study_that_grew_by_seeds_and_budget_has_the_bits_of_the_whole_one(plain: Path, tmp_path: Path) -> None:
    other = project(tmp_path / "copy", 2, SEEDS)
    file = other / "studies" / "tiny.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(
        whole.replace(f"seeds: {SEEDS}", "seeds: 1").replace("budget: 900", "budget: 300"), encoding="utf-8"
    )
    made(other, "0/1")
    assert len(digests(other)) == 2
    file.write_text(whole.replace(f"seeds: {SEEDS}", "seeds: 1"), encoding="utf-8")
    made(other, "0/1")
    file.write_text(whole, encoding="utf-8")
    made(other, "0/1", "tables")
    grown = {name: digest for name, digest in digests(other).items() if name in digests(plain)}
    assert grown == digests(plain)
    assert tables(other) == tables(plain)
