"""Records: raw data come back from Parquet and npz with their digests, and only what a manifest vouches for is used."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recorded_jobs import CODE, HEADER

from harness.files import checksum
from harness.interface import Candidate, Scaler
from harness.provenance import maker
from harness.record import Finished, find, write
from harness.run import PHASES, Snapshot

TABLES = ("evaluations.parquet", "training.parquet", "timing.parquet")
MAKER = maker(CODE, {"python": "3"})


def finished(seed: int, status: str = "finished") -> Finished:
    evaluations = [
        {"turn": turn, "steps": 10 * turn, "episodes": turn, "return_mean": seed + turn / 3, "return_std": math.inf}
        for turn in range(3)
    ]
    training: list[dict[str, Any]] = [{"turn": 1, "steps": 10, "episodes": 1, "loss": math.nan}]
    training += [{"turn": 2, "steps": 20, "episodes": 2, "sometimes": -0.0}]
    snapshot = Snapshot(None, 2, 20, 2, 60, status, "" if status == "finished" else "why", evaluations, training)
    candidate = Candidate(np.array([seed + 0.1, -0.0]), Scaler(np.zeros(1), np.array([np.inf])))
    return Finished(seed, snapshot, candidate, {**dict.fromkeys(PHASES, 0.5), "total": 2.5})


@pytest.mark.parametrize(("budget", "number"), [(9, 0), (10, 1), (19, 1), (20, 2), (99, 2)])
def test_the_score_is_that_of_the_last_evaluation_at_or_before_the_budget(budget: int, number: int) -> None:
    assert finished(5).score(budget) == 5 + number / 3  # evaluations stand at 0, 10 and 20 steps


def written(cell_folder: Path, first: int = 0, last: int = 2) -> Path:
    runs = [finished(seed, "diverged" if seed == 1 else "finished") for seed in range(first, last + 1)]
    return write(cell_folder / f"seeds-{first:04d}-{last:04d}", runs, HEADER, {"python": "3"})


def test_a_run_comes_back_with_its_digest_candidate_and_rows(tmp_path: Path) -> None:
    written(tmp_path)
    for seed, status in ((0, "finished"), (1, "diverged"), (2, "finished")):
        back, expected = find(tmp_path, seed, MAKER), finished(seed, status)
        assert back is not None
        assert back.digest == expected.digest
        assert back.candidate.theta.tobytes() == expected.candidate.theta.tobytes()
        assert back.candidate.scaler.std.tolist() == [math.inf]
        assert back.snapshot.evaluations == expected.snapshot.evaluations
        assert [list(row) for row in back.snapshot.training] == [list(row) for row in expected.snapshot.training]
        assert back.seconds == expected.seconds
        assert (back.snapshot.status, back.snapshot.reason) == (expected.snapshot.status, expected.snapshot.reason)


def test_a_run_written_again_after_it_was_read_has_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "one").parent
    runs = [find(tmp_path / "one", seed, MAKER) for seed in range(3)]
    second = write(tmp_path / "two" / "seeds-0000-0002", runs, HEADER, {"python": "3"}).parent  # type: ignore[arg-type]
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {
        path.name: path.read_bytes() for path in second.iterdir()
    }


def test_the_manifest_says_what_each_run_was_and_vouches_for_every_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["files"] == {name: checksum(path.parent / name) for name in (*TABLES, "candidates.npz")}
    assert {file.name for file in path.parent.iterdir()} == {*manifest["files"], "declared.json", "manifest.json"}
    assert [run["seed"] for run in manifest["runs"]] == [0, 1, 2]
    assert manifest["runs"][1] == {
        "seed": 1,
        "digest": finished(1, "diverged").digest,
        "status": "diverged",
        "reason": "why",
        "turn": 2,
        "steps": 20,
        "episodes": 2,
        "evaluation_steps": 60,
    }
    assert (manifest["schema"], manifest["code"], manifest["provenance"]) == (1, CODE, {"python": "3"})


def test_columns_have_the_types_of_the_architecture_and_a_missing_metric_is_null_not_nan(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path).parent / "training.parquet")
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    integers = dict.fromkeys(("seed", "turn", "steps", "episodes"), "int64")
    assert types == {**integers, "loss": "double", "sometimes": "double"}
    assert table["loss"].null_count == 3
    assert math.isnan(table["loss"][0].as_py())
    assert pq.read_table(written(tmp_path).parent / "timing.parquet").column_names == [
        "seed", "seconds_ask", "seconds_rollout", "seconds_tell", "seconds_evaluate", "seconds_total",
    ]  # fmt: skip


def test_the_files_are_those_that_pyarrow_itself_would_write(tmp_path: Path) -> None:
    """Columns are made of buffers, to spare a job the import of pandas; the bytes must not know it."""
    path = written(tmp_path).parent / "training.parquet"
    rows = pq.read_table(path).to_pylist()
    schema = pq.read_schema(path)
    plain = pa.table({name: pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names})
    pq.write_table(plain, tmp_path / "plain.parquet", compression="zstd")
    assert (tmp_path / "plain.parquet").read_bytes() == path.read_bytes()


def test_a_run_that_diverged_before_its_first_turn_has_no_training_row(tmp_path: Path) -> None:
    run = finished(0, "diverged")
    begun = replace(run, snapshot=replace(run.snapshot, training=[]))
    write(tmp_path / "seeds-0000-0000", [begun], HEADER, {"python": "3"})
    back = find(tmp_path, 0, MAKER)
    assert back is not None
    assert back.snapshot.training == []


CHANGES = {
    "theta": lambda run: replace(run, candidate=run.candidate._replace(theta=run.candidate.theta + 1e-16)),
    "sign of zero": lambda run: replace(run, candidate=run.candidate._replace(theta=np.abs(run.candidate.theta))),
    "scaler": lambda run: replace(run, candidate=run.candidate._replace(scaler=Scaler(np.ones(1), np.ones(1)))),
    "status": lambda run: replace(run, snapshot=replace(run.snapshot, status="diverged")),
    "reason": lambda run: replace(run, snapshot=replace(run.snapshot, reason="another")),
    "steps": lambda run: replace(run, snapshot=replace(run.snapshot, steps=21)),
    "evaluations": lambda run: replace(run, snapshot=replace(run.snapshot, evaluations=run.snapshot.evaluations[:-1])),
    "a metric": lambda run: replace(run, snapshot=replace(run.snapshot, training=[{"loss": 1.0}])),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_digest_changes_with_whatever_is_deterministic(name: str) -> None:
    run = replace(finished(0), candidate=Candidate(np.array([0.0, -0.0]), finished(0).candidate.scaler))
    assert CHANGES[name](run).digest != run.digest


def test_the_digest_does_not_know_the_clock() -> None:
    run = finished(0)
    seconds = dict.fromkeys(run.seconds, 99.0)
    slower = replace(run, seconds=seconds, snapshot=replace(run.snapshot, seconds=seconds))
    assert slower.digest == run.digest


@pytest.mark.parametrize("name", [*TABLES, "candidates.npz"])
def test_a_file_that_was_altered_is_not_used_and_named(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path).parent
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.warns(UserWarning, match=f"are not used: {name} was altered"):
        assert find(tmp_path, 0, MAKER) is None


def test_a_missing_file_and_a_truncated_manifest_are_not_used_and_named(tmp_path: Path) -> None:
    folder = written(tmp_path).parent
    (folder / "candidates.npz").unlink()
    with pytest.warns(UserWarning, match=r"are not used: .*candidates\.npz"):
        assert find(tmp_path, 0, MAKER) is None
    manifest = written(tmp_path)
    manifest.write_bytes(manifest.read_bytes()[:-30])
    with pytest.warns(UserWarning, match=r"seeds-0000-0002/manifest\.json are not used"):
        assert find(tmp_path, 0, MAKER) is None


def test_damaged_records_do_not_hide_sound_ones_of_another_block(tmp_path: Path) -> None:
    written(tmp_path, 0, 0).write_text("{", encoding="utf-8")
    written(tmp_path, 0, 2)
    with pytest.warns(UserWarning, match="seeds-0000-0000"):
        assert find(tmp_path, 0, MAKER) is not None


def test_records_of_other_code_or_platform_and_seeds_that_nobody_ran_are_not_found(tmp_path: Path) -> None:
    written(tmp_path)
    assert find(tmp_path, 0, maker("other", {"python": "3"})) is None
    assert find(tmp_path, 0, maker(CODE, {"python": "4"})) is None
    assert find(tmp_path, 3, MAKER) is None
    assert find(tmp_path / "elsewhere", 0, MAKER) is None


def test_without_its_manifest_a_block_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it replaces older records, a job leaves no manifest that vouches for a mixture."""
    written(tmp_path)
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("killed"))
    with pytest.raises(pytest.fail.Exception):
        written(tmp_path)
    assert not list(tmp_path.glob("*/manifest.json"))
    assert find(tmp_path, 0, MAKER) is None
