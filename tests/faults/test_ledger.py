"""What lies beside the records can be damaged, and no job fails: the mirror's ledger, the count of jobs, the notes.

All of it can be made again, and is; until then it vouches for nothing.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from pathlib import Path

import pytest
from test_tracking import STUDY, never, write_job

from faults.conftest import damages
from harness import progress, pulse
from harness.files import json_bytes
from harness.seal import sealed
from harness.tracking import ledger, mirror, reflection, store

SEEDS = (0, 1)
HEADER = {"jobs": 12, "work": 100.0, "seconds": 50.0, "after": 30.0, "start": 0.0}
ODD = [b"[1]", b"7", b"null", b'"text"', b"[" * 100_000, b"\xff\xfe{}", b"{}", b'{"seal": 1}', b'{"a": "\\ud800"}']
OTHERS = [{"study": STUDY}, {"study": STUDY, "store": "mlflow.db", "schema": 2}, {"study": STUDY, "store": "", "x": 1}]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Results whose two runs are in a store, and their manifest."""
    results = tmp_path_factory.mktemp("shown") / "results"
    manifest = write_job(results, "ars", SEEDS)
    assert mirror.sync(results, STUDY, [manifest]).mirrored
    return results, manifest


def test_a_ledger_with_any_of_40_damages_vouches_for_no_run_and_says_so(shown: tuple[Path, Path]) -> None:
    results, manifest = shown
    file = ledger.path(results, STUDY)
    good = file.read_bytes()
    assert ledger.unmirrored(results, STUDY, [manifest]) == []
    try:
        for damage in damages(40):
            file.write_bytes(damage.to(good))
            found = ledger.unmirrored(results, STUDY, [manifest])
            assert [one.reason for one in found] == [ledger.DAMAGED] * 2, damage
    finally:
        file.write_bytes(good)


@pytest.mark.parametrize("content", [*ODD, *(json_bytes(sealed(other)) for other in OTHERS)])
def test_a_ledger_of_anything_else_vouches_for_no_run(tmp_path: Path, content: bytes) -> None:
    ledger.path(tmp_path, STUDY).parent.mkdir()
    ledger.path(tmp_path, STUDY).write_bytes(content)
    assert ledger.read(tmp_path, STUDY) == ledger.Ledger(STUDY, store="", complaint=ledger.DAMAGED)
    assert ledger.emptied(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff"])
def test_a_damaged_ledger_is_written_anew_by_one_pass_and_nobody_waits(
    shown: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(time, "sleep", never(time.sleep))
    results = shutil.copytree(shown[0], tmp_path / "results")
    manifest = results / shown[1].relative_to(shown[0])
    good = ledger.read(results, STUDY)
    ledger.path(results, STUDY).write_bytes(content)
    assert mirror.settle(results, STUDY, [manifest]) == []
    assert ledger.read(results, STUDY) == good


def test_a_folder_in_place_of_a_ledger_fails_no_pass(
    shown: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results = shutil.copytree(shown[0], tmp_path / "results")
    manifest = results / shown[1].relative_to(shown[0])
    ledger.path(results, STUDY).unlink()
    ledger.path(results, STUDY).mkdir()
    account = reflection.reflect(reflection.Mirror(results, STUDY, [manifest]))
    assert len(account.mirrored) == len(SEEDS)
    assert "the ledger of quickstart cannot be written" in caplog.text
    assert store.STORE in {path.name for path in results.iterdir()}


def test_a_count_of_jobs_with_any_of_100_damages_fails_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "progress.txt"
    monkeypatch.setenv(progress.VARIABLE, str(file))
    lines = [json.dumps({**HEADER, "seconds": 0, "work": 0}), json.dumps({**HEADER, "after": 1e400}), "[" * 100_000]
    good = (json.dumps(HEADER) + "\n1.0\n2.0\n").encode()
    for content in (*ODD, *(line.encode() + b"\n" for line in lines), *(one.to(good) for one in damages(100))):
        file.write_bytes(content)
        assert progress.count(1.0).startswith("[")


def test_notes_on_silent_jobs_that_are_not_utf_8_are_read_as_far_as_they_can_be(tmp_path: Path) -> None:
    notes = tmp_path / "silent.txt"
    notes.write_bytes(b"\xff\xfe\n no sign of life from mine for 5.0 min; to end it: kill 1\n")
    assert pulse.remembered(notes, {"mine": None}) == ["last time:  no sign of life from mine for 5.0 min"]
    assert not notes.exists()
    notes.mkdir()
    assert pulse.remembered(notes, {"mine": None}) == []


def test_a_lock_that_is_not_utf_8_silences_no_other_job(tmp_path: Path) -> None:
    lock = tmp_path / ".seeds-0000-0001.lock"
    with lock.open("wb") as file:
        file.write(b"\xff\xfe")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        watched = pulse.Watched("mine", lock, tmp_path / "log")
        seen: dict[str, tuple[int, float, float]] = {}
        assert list(pulse.silent([watched], seen, 0.0)) == []
        (line,) = pulse.silent([watched], seen, 400.0)
    assert line.startswith("no sign of life from mine for 6.7 min; to end it: kill ")
