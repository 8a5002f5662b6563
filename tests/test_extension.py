"""A longer budget goes on where a shorter one ended, and equals the long run from the beginning, bit for bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harness.run
from harness import extension, job
from harness.cell import Cell, Evaluation, Part, World
from harness.errors import InputError
from harness.node import Node
from harness.plugins import names
from harness.provenance import provenance
from harness.settings import complete

POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
LINEAR = Part("linear", "linear", {"bias": False})
ARS = Part("ars", "ars", {"directions": 2, "normalise": True})
SHORT = Cell(POLE, LINEAR, ARS, 600, Evaluation(300, 2))
LONG = replace(SHORT, budget=1500)


def ran(results: Path, cell: Cell, first: int = 0, last: int = 1) -> Path:
    """The folder of a job, run."""
    folder = results / cell.folder / f"seeds-{first:04d}-{last:04d}"
    return job.run_block(cell, range(first, last + 1), folder, lambda run: None).parent


def digests(folder: Path) -> list[str]:
    return [run["digest"] for run in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["runs"]]


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of every turn that is run."""
    noted: list[int] = []
    kept = harness.run._turned

    def spied(now: Any, *words: Any, **named: Any) -> Any:
        noted.append(now.turn)
        return kept(now, *words, **named)

    monkeypatch.setattr(harness.run, "_turned", spied)
    return noted


def turns_of(folder: Path) -> list[int]:
    return [run["turn"] for run in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["runs"]]


@pytest.mark.parametrize("name", names("algorithms"))
def test_a_longer_budget_has_the_bytes_of_the_long_run_from_the_beginning(
    tmp_path: Path, turns: list[int], name: str
) -> None:
    part = Part(name, name, complete("algorithms", name, Node(None, "a test")))
    short, long = replace(SHORT, algorithm=part), replace(LONG, algorithm=part, budget=6000)
    try:
        whole = ran(tmp_path / "whole", long)
    except (InputError, ValueError, TypeError) as fault:
        pytest.skip(f"{name} does not fit CartPole with a linear policy: {fault}")
    ends = turns_of(ran(tmp_path / "grown", short))
    turns.clear()
    grown = ran(tmp_path / "grown", long)
    assert turns[0] in ends
    assert 0 not in turns
    assert digests(grown) == digests(whole)
    for file in ("evaluations.parquet", "training.parquet", "candidates.npz"):
        assert (grown / file).read_bytes() == (whole / file).read_bytes()


def test_three_budgets_go_on_from_the_longest_that_ended(tmp_path: Path, turns: list[int]) -> None:
    whole = ran(tmp_path / "whole", LONG)
    ran(tmp_path / "grown", SHORT)
    ends = turns_of(ran(tmp_path / "grown", replace(SHORT, budget=900)))
    turns.clear()
    assert digests(ran(tmp_path / "grown", LONG)) == digests(whole)
    assert turns[0] == ends[0]


def test_a_shorter_budget_never_starts_from_a_longer_run(tmp_path: Path, turns: list[int]) -> None:
    ran(tmp_path, LONG)
    turns.clear()
    ran(tmp_path, SHORT)
    assert turns.count(0) == 2


def test_more_seeds_and_more_budget_at_once_run_only_what_is_new(tmp_path: Path, turns: list[int]) -> None:
    whole = ran(tmp_path / "whole", LONG, 0, 3)
    ran(tmp_path / "grown", SHORT, 0, 1)
    turns.clear()
    assert digests(ran(tmp_path / "grown", LONG, 0, 3)) == digests(whole)
    assert turns.count(0) == 2  # seeds 2 and 3


def test_other_code_is_not_continued(tmp_path: Path, turns: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(job, "cell_fingerprint", lambda cell: "0" * 64)
        ran(tmp_path, SHORT)
    turns.clear()
    ran(tmp_path, LONG)
    assert turns.count(0) == 2


def test_a_run_of_another_platform_is_not_continued(
    tmp_path: Path, turns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(job, "provenance", lambda: {**provenance(), "libc": "musl 1.2"})
        ran(tmp_path, SHORT)
    turns.clear()
    ran(tmp_path, LONG)
    assert turns.count(0) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(SHORT, evaluation=Evaluation(300, 3)),
        replace(SHORT, algorithm=Part("ars", "ars", {"directions": 3, "normalise": True})),
        replace(SHORT, budget=700),  # ends between two borders: a row of training would be cut
    ],
)
def test_another_cell_is_not_continued(tmp_path: Path, turns: list[int], other: Cell) -> None:
    ran(tmp_path, other)
    turns.clear()
    whole = ran(tmp_path / "whole", LONG)
    turns.clear()
    assert digests(ran(tmp_path, LONG)) == digests(whole)
    assert turns.count(0) == 2


def test_a_damaged_snapshot_is_named_and_the_run_starts_from_the_beginning(tmp_path: Path, turns: list[int]) -> None:
    whole = ran(tmp_path / "whole", LONG)
    path = extension.final(ran(tmp_path / "grown", SHORT), 1)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    turns.clear()
    with pytest.warns(UserWarning, match=r"seed-0001\.final\.npz .*starts from the beginning"):
        assert digests(ran(tmp_path / "grown", LONG)) == digests(whole)
    assert turns.count(0) == 1


def test_a_snapshot_under_the_name_of_another_seed_is_refused(tmp_path: Path) -> None:
    whole = ran(tmp_path / "whole", LONG)
    short = ran(tmp_path / "grown", SHORT)
    extension.final(short, 0).replace(extension.final(short, 1))
    with pytest.warns(UserWarning, match="belongs to another run"):
        assert digests(ran(tmp_path / "grown", LONG)) == digests(whole)


def test_a_damaged_manifest_of_a_shorter_run_is_named(tmp_path: Path) -> None:
    whole = ran(tmp_path / "whole", LONG)
    (ran(tmp_path / "grown", SHORT) / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.warns(UserWarning, match="are not continued"):
        assert digests(ran(tmp_path / "grown", LONG)) == digests(whole)


def test_a_run_that_diverged_is_the_longer_run_too(tmp_path: Path, turns: list[int]) -> None:
    wild = Part("ars", "ars", {"directions": 4, "step_size": 1e308, "noise": 1.0})
    whole = ran(tmp_path / "whole", replace(LONG, algorithm=wild))
    ran(tmp_path / "grown", replace(SHORT, algorithm=wild))
    turns.clear()
    assert digests(ran(tmp_path / "grown", replace(LONG, algorithm=wild))) == digests(whole)
    assert turns == []


def test_a_snapshot_above_a_million_bytes_is_not_kept(
    tmp_path: Path, turns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert extension.KEPT_BYTES == 1_000_000
    monkeypatch.setattr(extension, "KEPT_BYTES", 100)
    folder = ran(tmp_path, SHORT)
    assert sorted(path.suffix for path in folder.iterdir()) == [".json"] * 2 + [".npz"] + [".parquet"] * 3
    turns.clear()
    ran(tmp_path, LONG)
    assert turns.count(0) == 2


def test_the_seconds_of_a_continued_run_hold_those_of_the_shorter_one(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    short = pq.read_table(ran(tmp_path, SHORT) / "timing.parquet").to_pydict()
    long = pq.read_table(ran(tmp_path, LONG) / "timing.parquet").to_pydict()
    assert all(a < b for a, b in zip(short["seconds_rollout"], long["seconds_rollout"], strict=True))
