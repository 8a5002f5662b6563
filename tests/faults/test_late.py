"""What a job reads beside its cell is read before its first run: what cannot be read costs no training.

Claims are the lines that stand there when a job begins; what is declared while it works is not older than its data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from benches import bench, linear_return

from faults.conftest import CELL, SEEDS, folder_in
from harness import job, plugins, provenance
from harness.cli import main
from harness.laboratory import job as laboratory

CLAIMS = "studies: [mine]\nclaims:\n  first:\n    statement: It learns.\n"
COMMANDS = {
    "job": (CELL.to_json(), "harness.job.assemble"),
    "measure": (bench(linear_return(2, 3), "ars", updates=4).to_json(), "harness.laboratory.job.measure"),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the project of every job."""
    for module in (job, plugins, provenance):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    provenance.provenance.cache_clear()
    yield tmp_path
    provenance.provenance.cache_clear()


def not_utf_8(path: Path) -> None:
    path.write_bytes(b"claims:\n  \xff: 1\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("claims.yaml", not_utf_8, "claims.yaml:2: not UTF-8: byte 0xff"),
        ("claims.yaml", Path.mkdir, "claims.yaml: is no file but a folder"),
        ("constraints.txt", Path.mkdir, "constraints.txt: is no file but a folder"),
    ],
)
def test_what_a_job_reads_late_is_refused_in_one_line_before_anything_is_trained(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    name: str,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    spec, training = COMMANDS[command]
    monkeypatch.setattr(training, None)
    spoil(root / name)
    assert main([command, "--spec", spec, "--first", "0", "--last", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: "), said
    assert said.endswith(f"{words}\n"), said
    assert said.count("\n") == 1, said


def claims_of(manifest: Path) -> list[str]:
    return [*json.loads(manifest.read_text(encoding="utf-8"))["claims"]]


def test_a_claim_that_is_declared_while_a_job_works_is_not_older_than_its_runs(root: Path) -> None:
    (root / "claims.yaml").write_text(CLAIMS)

    def declare(_: object) -> None:
        (root / "claims.yaml").write_text(CLAIMS + "  second:\n    statement: It was seen to learn.\n")

    assert claims_of(job.run_block(CELL, SEEDS, folder_in(root), declare)) == ["first"]


def test_a_claim_that_is_declared_while_a_bench_is_measured_is_not_older_than_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "claims.yaml").write_text(CLAIMS)
    one, measure = bench(linear_return(2, 3), "ars", updates=4), laboratory.measure

    def measured(*words: object) -> object:
        (root / "claims.yaml").write_text(CLAIMS + "  second:\n    statement: It was seen to learn.\n")
        return measure(*words)

    monkeypatch.setattr(laboratory, "measure", measured)
    assert claims_of(laboratory.measure_block(one, range(2), root / "bench" / "seeds-0000-0001")) == ["first"]
