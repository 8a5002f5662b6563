"""A job: each seed is a run of its own, and a job killed at any instant goes on to the same digests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness import job
from harness.cell import Cell, Evaluation, Part, World
from harness.declared import declared
from harness.fingerprint import cell_fingerprint
from harness.plugins import ROOT
from harness.provenance import provenance
from harness.record import Finished

POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
LINEAR = Part("linear", "linear", {"bias": False})
CELL = Cell(POLE, LINEAR, Part("ars", "ars", {"directions": 1}), 3000, Evaluation(20, 3))  # a border at every turn
GRADIENT = replace(CELL, algorithm=Part("reinforce", "reinforce", {"episodes": 5}), budget=1000)

KILLED = """
import os, signal, sys
from pathlib import Path
from harness import job
from harness.cell import Cell

job.CHECKPOINT_SECONDS, kept, left = 0.0, job.save, [5]

def save(path, snapshot, owner):
    kept(path, snapshot, owner)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

job.save = save
job.run_block(Cell.from_json(sys.argv[1]), range(3), Path(sys.argv[2]), lambda run: print(run.seed, flush=True))
"""


def folder_of(cell_folder: Path, first: int, last: int) -> Path:
    return cell_folder / f"seeds-{first:04d}-{last:04d}"


def ran(
    cell_folder: Path, first: int = 0, last: int = 2, cell: Cell = CELL, announce: Callable[..., Any] = lambda run: None
) -> dict[int, str]:
    """Digests by seed of a block, from its manifest."""
    seeds = range(first, last + 1)
    manifest = job.run_block(cell, seeds, folder_of(cell_folder, first, last), announce)
    return {run["seed"]: run["digest"] for run in json.loads(manifest.read_text(encoding="utf-8"))["runs"]}


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder two below that of all tests: a job looks beside its cell for shorter runs, and must find none there."""
    folder = tmp_path / "labels" / "cell"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Digests of three seeds that ran without interruption."""
    return ran(tmp_path_factory.mktemp("expected") / "cell")


def test_a_block_of_three_has_the_digests_of_three_blocks_of_one(tmp_path: Path, expected: dict[int, str]) -> None:
    alone = {}
    for seed in (2, 0, 1):
        alone |= ran(tmp_path / str(seed), seed, seed)
    assert alone == expected
    assert len(set(expected.values())) == 3


def test_a_policy_gradient_runs_in_blocks_to_the_same_digests(tmp_path: Path) -> None:
    together = ran(tmp_path / "together", 0, 1, GRADIENT)
    assert together == ran(tmp_path / "0", 0, 0, GRADIENT) | ran(tmp_path / "1", 1, 1, GRADIENT)


def test_a_block_leaves_its_records_and_nothing_else(tmp_path: Path, expected: dict[int, str]) -> None:
    announced: list[Finished] = []
    ran(tmp_path, announce=announced.append)
    folder = folder_of(tmp_path, 0, 2)
    tables = {"evaluations.parquet", "training.parquet", "timing.parquet"}
    finals = {f"seed-{seed:04d}.final.npz" for seed in range(3)}
    assert {path.name for path in folder.iterdir()} == {
        *(*tables, *finals, "candidates.npz", "declared.json", "manifest.json"),
    }
    assert {run.seed: run.digest for run in announced} == expected
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["family"], manifest["parameters"]) == ("gradient-free", 8)
    assert manifest["cell_digest"] == CELL.digest
    assert Cell.from_json(json.dumps(manifest["cell"])) == CELL
    assert manifest["code"] == cell_fingerprint(CELL)
    evaluations = pq.read_table(folder / "evaluations.parquet").to_pandas()
    assert (evaluations.groupby("seed").steps.min() == 0).all()
    assert (evaluations.groupby("seed").steps.max() >= 3000).all()
    timing = pq.read_table(folder / "timing.parquet").to_pydict()
    phases = np.sum([timing[f"seconds_{phase}"] for phase in ("ask", "rollout", "tell", "evaluate")], axis=0)
    assert (phases > 0).all()
    assert (phases <= timing["seconds_total"]).all()


def test_a_job_killed_between_seeds_goes_on_without_running_the_first_again(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(run: Finished) -> None:
        if run.seed == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path, announce=killed)
    folder = folder_of(tmp_path, 0, 2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "seed-0000.checkpoint.npz", "seed-0001.checkpoint.npz",
    ]  # fmt: skip
    turns: list[int] = []
    _spy_on_turns(monkeypatch, turns)
    again: list[Finished] = []
    assert ran(tmp_path, announce=again.append) == expected
    assert turns.count(0) == 1  # only seed 2 began
    assert again[0].seconds["rollout"] > 0.0  # the time of the first attempt is kept


def _spy_on_turns(monkeypatch: pytest.MonkeyPatch, turns: list[int]) -> None:
    """Note the number of every turn that is run from here on."""
    import harness.run

    kept = harness.run._turned

    def spied(now: Any, *others: Any, **named: Any) -> Any:
        turns.append(now.turn)
        return kept(now, *others, **named)

    monkeypatch.setattr(harness.run, "_turned", spied)


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_job_killed_at_a_border_within_a_seed_goes_on_from_there_to_the_same_digests(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    saves: list[int] = []
    kept = job.save

    def save(path: Path, snapshot: Any, owner: str) -> None:
        kept(path, snapshot, owner)
        saves.append(snapshot.turn)
        if len(saves) == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(job, "save", save)
        with pytest.raises(KeyboardInterrupt):
            ran(tmp_path)
    turns: list[int] = []
    _spy_on_turns(monkeypatch, turns)
    assert ran(tmp_path) == expected
    assert turns[0] == saves[-1] > 0


def test_a_job_killed_by_the_system_goes_on_to_the_same_digests(tmp_path: Path, expected: dict[int, str]) -> None:
    words = [sys.executable, "-c", KILLED, CELL.to_json(), str(folder_of(tmp_path, 0, 2))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert list(folder_of(tmp_path, 0, 2).glob("*.checkpoint.npz"))
    assert not (folder_of(tmp_path, 0, 2) / "manifest.json").exists()
    assert ran(tmp_path) == expected


def test_a_damaged_checkpoint_is_named_and_the_run_starts_again(tmp_path: Path, expected: dict[int, str]) -> None:
    path = folder_of(tmp_path, 0, 2) / "seed-0001.checkpoint.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK no more")
    with pytest.warns(UserWarning, match=r"seed-0001\.checkpoint\.npz cannot be read.*starts from the beginning"):
        assert ran(tmp_path) == expected


def test_a_checkpoint_of_other_code_is_named_and_the_run_starts_again(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(run: Finished) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(job, "cell_fingerprint", lambda cell: "0" * 64)
        ran(tmp_path, announce=killed)
    with pytest.warns(UserWarning, match="belongs to another run, or to other code"):
        assert ran(tmp_path) == expected


def test_seeds_of_another_block_are_adopted_and_not_run_again(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(tmp_path, 1, 2)
    turns: list[int] = []
    _spy_on_turns(monkeypatch, turns)
    assert ran(tmp_path, 0, 2) == expected
    assert turns.count(0) == 1
    one, other = (pq.read_table(folder_of(tmp_path, first, 2) / "timing.parquet").to_pylist() for first in (1, 0))
    assert one == other[1:]


BINDING: dict[str, dict[str, Any]] = {
    "python": {"python": "3.11.0"},
    "a package": {"packages": {**provenance()["packages"], "numpy": "2.4.5"}},
    "lock": {"lock": "0" * 64},
    "platform": {"platform": "Linux aarch64"},
    "libc": {"libc": "musl 1.2"},
    "vector instructions": {"cpu": {**provenance()["cpu"], "features": ["avx", "avx2", "fma"]}},
    "maker of the CPU": {"cpu": {**provenance()["cpu"], "model": "VIA Nano"}},
    "blas": {"blas": "mkl 2025.1"},
}


@pytest.mark.parametrize("fact", BINDING)
def test_seeds_of_another_platform_are_not_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fact: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(job, "provenance", lambda: {**provenance(), **BINDING[fact]})
        ran(tmp_path, 1, 2)
    turns: list[int] = []
    _spy_on_turns(monkeypatch, turns)
    ran(tmp_path, 0, 2)
    assert turns.count(0) == 3


def test_seeds_of_another_commit_and_model_of_cpu_are_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = {**provenance()["cpu"], "model": f"{provenance()['cpu']['model']} 9"}
    with monkeypatch.context() as patch:
        patch.setattr(job, "provenance", lambda: {**provenance(), "commit": "0" * 40, "dirty": True, "cpu": cpu})
        ran(tmp_path, 1, 2)
    turns: list[int] = []
    _spy_on_turns(monkeypatch, turns)
    ran(tmp_path, 0, 2)
    assert turns.count(0) == 1


def test_a_checkpoint_of_another_platform_is_named_and_the_run_starts_again(
    tmp_path: Path, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(run: Finished) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(job, "provenance", lambda: {**provenance(), "libc": "musl 1.2"})
        ran(tmp_path, announce=killed)
    with pytest.warns(UserWarning, match="belongs to another run, or to other code or another platform"):
        assert ran(tmp_path) == expected


def test_an_adopted_run_has_the_bytes_of_one_that_was_run(tmp_path: Path) -> None:
    ran(tmp_path / "adopted", 0, 2)
    ran(tmp_path / "adopted", 0, 3)
    ran(tmp_path / "run", 0, 3)
    adopted, run = (folder_of(tmp_path / name, 0, 3) for name in ("adopted", "run"))
    for name in ("evaluations.parquet", "training.parquet", "candidates.npz"):
        assert (adopted / name).read_bytes() == (run / name).read_bytes()


def test_a_diverged_run_is_a_row_and_the_block_goes_on(tmp_path: Path) -> None:
    cell = replace(CELL, algorithm=Part("ars", "ars", {"directions": 4, "step_size": 1e308, "noise": 1.0}))
    ran(tmp_path, cell=cell)
    manifest = json.loads((folder_of(tmp_path, 0, 2) / "manifest.json").read_text(encoding="utf-8"))
    assert {run["status"] for run in manifest["runs"]} == {"diverged"}
    assert all("not finite" in run["reason"] and run["turn"] >= 1 for run in manifest["runs"])
    assert len(manifest["runs"]) == 3


def test_a_long_run_shows_its_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    kept = job.write_json
    monkeypatch.setattr(job, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(job, "LIVE_SECONDS", 0.0)

    def write_json(path: Path, content: Any) -> None:
        kept(path, content)
        shown.append((path.name, content))

    monkeypatch.setattr(job, "write_json", write_json)
    ran(tmp_path, 0, 0)
    name, content = shown[-1]
    assert name == "seed-0000.progress.json"
    assert content["cell"] == {"environment": "CartPole-v1", "policy": "linear", "algorithm": "ars"}
    assert content["steps"][-1] >= 3000
    assert len(content["steps"]) == len(content["return_mean"]) == len(shown) + 1 > 4
    assert [len(later["steps"]) for _, later in shown] == list(range(2, len(shown) + 2))
    assert not list(folder_of(tmp_path, 0, 0).glob("*progress*"))


def test_a_manifest_holds_what_was_claimed_before_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def known(first: int, last: int) -> dict[str, str]:
        path = folder_of(tmp_path, first, last) / "manifest.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))["claims"])

    early = dict(list(declared(ROOT / "claims.yaml").items())[:3])
    monkeypatch.setattr("harness.job.declared", lambda path: early)
    ran(tmp_path, 0, 0)
    monkeypatch.undo()
    ran(tmp_path, 0, 1)  # adopts seed 0, which knew three claims
    ran(tmp_path, 2, 2)
    assert known(0, 0) == known(0, 1) == early
    assert known(2, 2) == declared(ROOT / "claims.yaml")
    assert len(early) == 3 < len(known(2, 2))
