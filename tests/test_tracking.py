"""MLflow as a view of the files: real stores, real processes, broken in every way that has been seen."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.cell import Cell, Evaluation, Part, World
from harness.errors import InputError
from harness.files import checksum, json_bytes
from harness.seal import sealed
from harness.tracking import ledger, mirror, records, reflection, runs, store, ui

STUDY = "quickstart"
BUDGET = 1000
ROOT = Path(__file__).parent.parent


def write_job(
    results: Path, algorithm: str, seeds: Sequence[int] = (0, 1), found: str = "", diverged: Sequence[int] = ()
) -> Path:
    """The records of one job: 120 evaluations a seed, each returning 1000 seed + its number; returns the manifest."""
    world = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
    linear = Part("linear", "linear", {"bias": False})
    ars = Part(algorithm, algorithm.replace("-", "_"), {"step_size": 0.02, "directions": [4, 8]})
    cell = Cell(world, linear, ars, BUDGET, Evaluation(10, 20))
    digest = cell.digest
    folder = results / "runs/CartPole-v1/linear" / algorithm / digest[:12] / f"seeds-{seeds[0]:04d}-{seeds[-1]:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"seed": s, "steps": 10 * n, "return_mean": 1000.0 * s + n} for s in seeds for n in range(1, 121)]
    for name in records.CURVES:
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    pq.write_table(
        pa.Table.from_pylist([{"seed": s, "seconds_total": 1.5 + s} for s in seeds]), folder / "timing.parquet"
    )
    arrays = {f"seed-{s}/{name}": np.full(4, s + 0.5) for s in seeds for name in ("theta", "mean", "std")}
    np.savez(folder / "candidates.npz", **arrays)
    summaries = [
        {
            "seed": s,
            "status": "diverged" if s in diverged else "finished",
            "reason": "parameters not finite" if s in diverged else "",
            "turn": 120,
            "steps": 1200,
            "episodes": 60,
            "evaluation_steps": 9,
            "digest": hashlib.sha256(f"{digest} {s} {found}".encode()).hexdigest(),
        }
        for s in seeds
    ]
    content = {"schema": 1, "cell": asdict(cell), "cell_digest": digest, "code": digest, "family": "gradient-free"}
    content |= {"parameters": 4, "runs": summaries, "provenance": {}}
    content["files"] = {name: checksum(folder / name) for name in (*records.CURVES, "timing.parquet", "candidates.npz")}
    manifest = folder / "manifest.json"
    manifest.write_bytes(json_bytes(sealed(content)))
    return manifest


def write_progress(manifest: Path, seed: int, steps: Sequence[int]) -> Path:
    path = manifest.parent / f"seed-{seed:04d}.progress.json"
    cell = {"environment": "CartPole-v1", "policy": "linear", "algorithm": "ars"}
    content = {"seed": seed, "cell": cell, "steps": list(steps), "return_mean": [float(step) for step in steps]}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One initialised store, copied by the tests: making one takes seconds."""
    path = tmp_path_factory.mktemp("store") / store.STORE
    store.initialise(path)
    return path


@pytest.fixture
def results(tmp_path: Path, empty_store: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(empty_store, folder / store.STORE)
    return folder


@pytest.fixture
def quick_store(monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> None:
    """For tests whose subject is not the making of a store."""
    monkeypatch.setattr(store, "initialise", lambda path: shutil.copy(empty_store, path))


def search(results: Path) -> list[Any]:
    client = store.connect(store.address(results))
    experiment = client.get_experiment_by_name(STUDY)
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"]))


def content(results: Path) -> list[Any]:
    """All that the view says, without its random run ids."""
    client = store.connect(store.address(results))
    return [
        (
            run.info.run_name,
            run.info.status,
            {key: value for key, value in run.data.tags.items()},
            run.data.params,
            [(p.step, p.value, p.timestamp) for p in client.get_metric_history(run.info.run_id, "eval/return")],
            run.data.metrics,
        )
        for run in search(results)
    ]


def query(results: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(results / store.STORE)) as connection:
        return connection.execute(statement).fetchall()


def test_one_run_of_the_view_says_what_its_files_say(results: Path) -> None:
    manifest = write_job(results, "ars", seeds=(0, 3))
    account = mirror.sync(results, STUDY, [manifest])
    assert account.complaint == "" and account.unmirrored == {}
    run = search(results)[1]
    assert run.info.run_name == "ars 3"
    assert run.info.status == "FINISHED"
    job = records.read_job(manifest)
    expected = {"algorithm": "ars", "policy": "linear", "environment": "CartPole-v1", "seed": "3", "P": "4"}
    expected |= {"family": "gradient-free", "status": "finished", "study": STUDY}
    expected |= {"digest": job.runs[1].digest, "cell": job.cell_digest}
    assert expected.items() <= run.data.tags.items()
    assert run.data.params["algorithm.step_size"] == "0.02"
    assert run.data.params["algorithm.directions"] == "[4, 8]"
    assert run.data.params["environment.horizon"] == "500"
    assert run.data.metrics["score"] == 3100.0  # number 100, the last at or before step 1000
    assert run.data.metrics["steps"] == 1200.0
    artifact = results / store.ARTIFACTS / STUDY / run.info.run_id / "artifacts" / runs.CANDIDATE
    with np.load(io.BytesIO(artifact.read_bytes()), allow_pickle=False) as candidate:
        assert sorted(candidate) == ["mean", "std", "theta"]
        np.testing.assert_array_equal(candidate["theta"], np.full(4, 3.5))


def test_a_curve_of_120_points_is_shown_by_50_with_both_ends() -> None:
    curve = [(10 * n, float(n)) for n in range(1, 121)]
    thinned = records.thin(curve)
    assert len(thinned) == 50 == len(set(thinned))
    assert (thinned[0], thinned[-1]) == (curve[0], curve[-1])
    assert records.thin(curve[:50]) == curve[:50]


def test_runs_evaluated_at_different_steps_share_the_steps_of_the_grid() -> None:
    """By hand: at each multiple of 10, the last evaluation until then."""
    assert records.steps_shown(30, 10) == [0, 10, 20, 30]
    assert records.on_grid([(0, 1.0), (12, 2.0), (31, 3.0)], [0, 10, 20, 30]) == [
        (0, 1.0),
        (10, 1.0),
        (20, 2.0),
        (30, 2.0),
    ]
    assert records.on_grid([(11, 5.0)], [0, 10, 20]) == [(20, 5.0)]


def test_runs_of_a_job_follow_one_another_and_last_their_own_seconds(results: Path) -> None:
    """By hand: seeds 0 and 1 take 1.5 s and 2.5 s, and the manifest is written after the second."""
    manifest = write_job(results, "ars")
    moment = records.read_job(manifest).modified
    mirror.sync(results, STUDY, [manifest])
    spans = [(run.info.start_time, run.info.end_time) for run in search(results)]
    assert spans == [(moment - 4000, moment - 2500), (moment - 2500, moment)]


def test_a_duration_that_was_altered_is_found_and_logged_again(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    manifest = write_job(results, "ars")
    mirror.sync(results, STUDY, [manifest])
    with closing(sqlite3.connect(results / store.STORE)) as connection, connection:
        connection.execute("UPDATE runs SET end_time = end_time + 1 WHERE name = 'ars 1'")
    os.utime(manifest, (1e9, 1e9))  # another date, the same seconds: no fault
    mirror.sync(results, STUDY, [manifest], check=True)
    assert [entry.args[0] for entry in caplog.records] == ["its duration"]
    lengths = [run.info.end_time - run.info.start_time for run in search(results)]
    assert lengths == [1500, 2500]


def test_a_diverged_run_is_shown_as_failed_with_its_reason(results: Path) -> None:
    manifest = write_job(results, "ars", diverged=(1,))
    mirror.sync(results, STUDY, [manifest])
    assert [run.info.status for run in search(results)] == ["FINISHED", "FAILED"]
    assert search(results)[1].data.tags["reason"] == "parameters not finite"


def test_a_rebuilt_store_equals_the_one_that_was_lost(results: Path) -> None:
    manifests = [write_job(results, "ars"), write_job(results, "cem", seeds=(0, 1, 2))]
    mirror.sync(results, STUDY, manifests)
    before = content(results)
    assert len(before) == 5
    (results / store.STORE).unlink()
    assert len(ledger.unmirrored(results, STUDY, manifests)) == 5
    mirror.sync(results, STUDY, manifests)
    assert content(results) == before
    assert ledger.unmirrored(results, STUDY, manifests) == []
    assert len(list((results / store.ARTIFACTS / STUDY).iterdir())) == 5  # none left of the lost store


def test_a_second_pass_changes_nothing_and_a_rerun_replaces_its_runs_only(results: Path) -> None:
    manifests = [write_job(results, "ars"), write_job(results, "cem")]
    mirror.sync(results, STUDY, manifests)
    first = {run.info.run_name: run.info.run_id for run in search(results)}
    mirror.sync(results, STUDY, manifests)
    assert {run.info.run_name: run.info.run_id for run in search(results)} == first
    write_job(results, "cem", found="something else")
    assert [missing.reason for missing in ledger.unmirrored(results, STUDY, manifests)] == [ledger.WAITING] * 2
    mirror.sync(results, STUDY, manifests)
    second = {run.info.run_name: run.info.run_id for run in search(results)}
    assert second.keys() == first.keys()
    assert {name.split(" ")[0] for name in first if first[name] != second[name]} == {"cem"}
    assert len(list((results / store.ARTIFACTS / STUDY).iterdir())) == 4


def test_runs_without_files_leave_the_view(results: Path) -> None:
    manifests = [write_job(results, "ars"), write_job(results, "cem")]
    mirror.sync(results, STUDY, manifests)
    manifests[0].unlink()
    mirror.sync(results, STUDY, manifests)
    assert {run.data.tags["algorithm"] for run in search(results)} == {"cem"}


def test_a_run_that_was_cut_off_half_logged_is_replaced(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_job(results, "ars")
    experiment = runs.open_experiment(results, STUDY)
    with monkeypatch.context() as patch:
        patch.setattr(type(experiment.client), "set_terminated", lambda *_, **__: (_ for _ in ()).throw(OSError("cut")))
        assert "cut" in mirror.sync(results, STUDY, [manifest]).complaint
    assert [run.info.status for run in search(results)] == ["RUNNING"]
    assert mirror.sync(results, STUDY, [manifest]).complaint == ""
    assert [run.info.status for run in search(results)] == ["FINISHED"] * 2


def test_a_run_under_way_is_shown_grows_and_gives_way_to_its_manifest(results: Path) -> None:
    manifest = write_job(results, "ars", seeds=(0,))
    finished = manifest.read_bytes()
    manifest.unlink()
    state = reflection.Mirror(results, STUDY, [manifest])
    for steps in ([10], [10, 20, 30], [10, 20, 30]):
        progress = write_progress(manifest, 0, steps)
        assert reflection.reflect(state).complaint == ""
        (live,) = content(results)
        assert live[1] == "RUNNING"
        assert [point[:2] for point in live[4]] == [(step, float(step)) for step in steps]
    mirror.sync(results, STUDY, [manifest])  # another process takes it over and adds no point twice
    assert [len(run[4]) for run in content(results)] == [3]
    manifest.write_bytes(finished)
    progress.unlink()
    assert reflection.reflect(state).complaint == ""
    assert [(run.info.status, run.data.tags["status"]) for run in search(results)] == [("FINISHED", "finished")]


def damage_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_header(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def damage_holes(path: Path) -> None:
    """Every fourth page lost: MLflow itself opens such a store and says nothing."""
    body = bytearray(path.read_bytes())
    for start in range(4096, len(body) - 4096, 4 * 4096):
        body[start : start + 4096] = b"\x5a" * 4096
    path.write_bytes(bytes(body))


def damage_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


DAMAGES = {
    "half": damage_half,
    "header": damage_header,
    "holes": damage_holes,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a database " * 1000),
    "foreign": damage_foreign,
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_fault_is_found_in_a_store_that_is(damage: str, results: Path) -> None:
    path = results / store.STORE
    assert store.find_fault(path) == ""
    DAMAGES[damage](path)
    assert store.find_fault(path) != ""


@pytest.mark.usefixtures("quick_store")
def test_a_broken_store_is_moved_aside_and_rebuilt(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    manifest = write_job(results, "ars")
    mirror.sync(results, STUDY, [manifest])
    before = content(results)
    damage_half(results / store.STORE)
    broken = (results / store.STORE).read_bytes()
    assert mirror.sync(results, STUDY, [manifest]).complaint == ""
    assert content(results) == before
    assert (results / f"{store.STORE}.broken-1").read_bytes() == broken
    assert [record.message for record in caplog.records if "moved to mlflow.db.broken-1" in record.message]


@pytest.mark.usefixtures("quick_store")
def test_a_store_of_another_mlflow_version_is_moved_aside(results: Path) -> None:
    manifest = write_job(results, "ars")
    with closing(sqlite3.connect(results / store.STORE)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'c48cb773bb87'")
    assert mirror.sync(results, STUDY, [manifest]).complaint == ""
    assert (results / f"{store.STORE}.broken-1").exists()
    assert len(search(results)) == 2


def test_a_locked_store_is_a_reason_in_the_ledger_and_no_error(
    results: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    manifest = write_job(results, "ars")
    with closing(sqlite3.connect(results / store.STORE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        state = reflection.Mirror(results, STUDY, [manifest])
        reflection.reflect(state)
        reflection.reflect(state)
    assert [missing.reason.endswith("locked by another program") for missing in behind(results, manifest)] == [True] * 2
    assert len(caplog.records) == 1  # one clear line, however often it is tried
    assert reflection.reflect(state).complaint == ""
    assert behind(results, manifest) == []


def never(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """A sleep that this thread must not call; the watch of another test may still be at work in one of its own."""

    def wait(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            pytest.fail("it waits")
        sleep(seconds)

    return wait


def test_a_study_does_not_wait_for_a_mirror_that_has_said_why_it_cannot_and_tries_once(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(time, "sleep", never(time.sleep))
    manifest, tries = write_job(results, "ars"), []
    with closing(sqlite3.connect(results / store.STORE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        reflection.reflect(reflection.Mirror(results, STUDY, [manifest]))
        kept = reflection.reflect
        monkeypatch.setattr(mirror, "reflect", lambda *words: tries.append(1) or kept(*words))
        assert len(mirror.settle(results, STUDY, [manifest])) == 2
    assert tries == [1]
    assert mirror.settle(results, STUDY, [manifest]) == []


def test_a_store_made_anew_empties_the_ledger_of_the_other_study_and_of_no_server(results: Path) -> None:
    manifest = write_job(results, "ars")
    state = reflection.Mirror(results, STUDY, [manifest])
    reflection.reflect(state)
    ledger.write(results, ledger.Ledger("other", store.STORE, mirrored={"a": "1"}))
    ledger.write(results, ledger.Ledger("afar", "http://there", mirrored={"a": "1"}))
    (results / store.STORE).unlink()
    reflection.reflect(state)
    assert ledger.read(results, "other") == ledger.Ledger("other", store.STORE, complaint=ledger.ANEW)
    assert ledger.emptied(results) == ["other"]
    assert behind(results, manifest) == []
    assert ledger.read(results, "afar").mirrored == {"a": "1"}


def behind(results: Path, manifest: Path) -> list[ledger.Unmirrored]:
    return ledger.unmirrored(results, STUDY, [manifest])


def test_a_dead_server_costs_seconds_and_no_error(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    manifest = write_job(results, "ars")
    started = time.monotonic()
    account = mirror.sync(results, STUDY, [manifest])
    assert time.monotonic() - started < 20.0
    assert "127.0.0.1" in account.complaint
    assert len(behind(results, manifest)) == 2


def test_name_and_password_of_a_server_are_in_no_file_and_no_log(
    results: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://bob:SEC/R@ET@127.0.0.1:9")
    manifest = write_job(results, "ars")
    account = mirror.sync(results, STUDY, [manifest])
    assert account.store == "http://127.0.0.1:9"
    ledger.tell_report(results, STUDY, behind(results, manifest))
    written = [path.read_text() for path in (results / "mirror").iterdir()]
    assert len(written) == 2 and "127.0.0.1" in written[0]
    for text in (*written, account.complaint, caplog.text):
        assert not [word for word in ("bob", "SEC", "ET@") if word in text], text


@pytest.mark.parametrize("uri", ["sqlite:///else.db", "databricks", "postgresql://bob:SECRET@host/x", "else.db"])
def test_an_address_that_is_no_server_is_refused_and_not_passed_over(
    uri: str, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(InputError, match=r"MLFLOW_TRACKING_URI: only http:// .* without it results/mlflow.db") as told:
        mirror.sync(results, STUDY, [])
    assert "SECRET" not in str(told.value)


def test_what_a_server_says_is_one_line_that_commands_no_terminal() -> None:
    said = store.first_line(ValueError("\x1b[31mEVIL\u202e\x07 at https://bob:SECRET@host/api\nTraceback"))
    assert said == r"ValueError: \u001b[31mEVIL\u202e\u0007 at https://host/api"


def test_a_damaged_record_holds_up_nothing_but_itself(results: Path) -> None:
    manifests = [write_job(results, name) for name in ("ars", "cem", "es", "ppo")]
    manifests[0].write_text("{")
    (manifests[1].parent / "evaluations.parquet").write_bytes(b"PAR1")
    (manifests[2].parent / "candidates.npz").unlink()
    account = mirror.sync(results, STUDY, manifests)
    assert account.complaint == ""
    assert {run.data.tags["algorithm"] for run in search(results)} == {"ppo"}
    missing = ledger.unmirrored(results, STUDY, manifests)
    assert [next(m.name for m in manifests if m.parent.parent.name in u.reason) for u in missing] == [
        "manifest.json"
    ] * 6  # runs, of which each job has two
    for word in ("manifest.json", "evaluations.parquet", "candidates.npz"):
        assert any(word in entry.reason for entry in missing)


def test_what_is_not_shown_is_counted_in_runs_and_is_news_to_the_report_once(results: Path) -> None:
    job = results / "runs/CartPole-v1/linear/ars/d/seeds-0010-0019/manifest.json"
    job.parent.mkdir(parents=True)
    job.write_text("{")
    missing = ledger.unmirrored(results, STUDY, [job])
    assert [one.run for one in missing] == [f"d/{seed}" for seed in range(10, 20)]
    assert ledger.tell_report(results, STUDY, missing)
    assert not ledger.tell_report(results, STUDY, missing)
    assert ledger.tell_report(results, STUDY, [])
    assert ledger.passed(results, STUDY).read_bytes() == b""  # as Snakemake's own `touch` leaves it


@pytest.mark.usefixtures("quick_store")
def test_a_store_deleted_under_a_living_mirror_is_filled_again(results: Path) -> None:
    manifest = write_job(results, "ars")
    state = reflection.Mirror(results, STUDY, [manifest])
    reflection.reflect(state)
    before = content(results)
    (results / store.STORE).unlink()
    assert reflection.reflect(state).complaint == ""
    assert content(results) == before


def launch(results: Path, manifests: Sequence[Path], study: str = STUDY) -> subprocess.Popen[str]:
    """A mirror in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from harness.tracking import mirror\n"
        "account = mirror.sync(Path(sys.argv[1]), sys.argv[2], [Path(word) for word in sys.argv[3:]])\n"
        "print(account.complaint)"
    )
    words = [sys.executable, "-c", code, str(results), study, *map(str, manifests)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_three_mirrors_at_once_on_no_store_lose_and_double_nothing(tmp_path: Path) -> None:
    """Two processes and this one; two of the same study."""
    manifests = [write_job(tmp_path, name) for name in ("ars", "cem", "es")]
    processes = [launch(tmp_path, manifests), launch(tmp_path, manifests, "other")]
    assert mirror.sync(tmp_path, STUDY, manifests).complaint == ""
    assert [process.communicate(timeout=120)[0].strip() for process in processes] == ["", ""]
    kinds = query(tmp_path, "SELECT lifecycle_stage, status, count(*) FROM runs GROUP BY 1, 2")
    assert kinds == [("active", "FINISHED", 12)]
    assert query(tmp_path, "SELECT count(*) FROM metrics WHERE key = 'eval/return'") == [
        (12 * 49,)
    ]  # 50 steps of the grid, and nothing at 0
    assert not list(tmp_path.glob(f".{store.STORE}.*"))


def test_killed_while_it_makes_the_store_then_repeated_lacks_nothing(results: Path) -> None:
    manifests = [write_job(results, name) for name in ("ars", "cem", "es", "ppo")]
    (results / store.STORE).unlink()
    process = launch(results, manifests)
    while not list(results.glob(f".{store.STORE}.*")) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (results / store.STORE).exists()
    assert mirror.sync(results, STUDY, manifests).complaint == ""
    assert len(search(results)) == 8
    assert not list(results.glob(f".{store.STORE}.*"))


def test_ledger_and_ui_are_read_without_mlflow(results: Path) -> None:
    manifest = write_job(results, "ars")
    mirror.sync(results, STUDY, [manifest])
    code = (
        "import sys; from pathlib import Path; from harness.tracking import ledger, mirror, records, ui\n"
        "results = Path(sys.argv[1])\n"
        "assert ledger.unmirrored(results, 'quickstart', [Path(sys.argv[2])]) == []\n"
        "assert mirror.settle(results, 'quickstart', [Path(sys.argv[2])]) == []\n"
        "mirror.follow(results, 'quickstart', [Path(sys.argv[2])], parent=2**22 + 1)\n"
        "print(*ui.addresses('http://127.0.0.1:5000', results, 'quickstart').values())\n"
        "assert 'mlflow' not in sys.modules and 'pandas' not in sys.modules"
    )
    words = [sys.executable, "-c", code, str(results), str(manifest)]
    printed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert [word.split("viewStateShareKey=")[1] for word in printed.split()] == ["all.runs", "CartPole-v1.linear"]


def test_follow_mirrors_what_comes_and_ends_with_its_parent(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = [write_job(results, "ars"), write_job(results, "cem")]
    later = manifests[1].read_bytes()
    manifests[1].unlink()
    beats = iter([True, True, False])

    def rest(_seconds: float) -> None:
        manifests[1].write_bytes(later)

    monkeypatch.setattr(mirror, "is_alive", lambda _process: next(beats))
    monkeypatch.setattr(mirror.time, "sleep", rest)
    mirror.follow(results, STUDY, manifests, parent=1)
    assert len(search(results)) == 4
    assert next(beats, None) is None


def test_a_dead_parent_is_seen() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not mirror.is_alive(process.pid)
    assert mirror.is_alive(os.getpid())


@pytest.mark.slow
def test_a_moved_checkout_shows_its_runs_and_artifacts(results: Path, tmp_path: Path) -> None:
    """The store names no folder, and the UI of the new place serves the candidate and reads the view."""
    import socket
    import urllib.request

    mirror.sync(results, STUDY, [write_job(results, "ars")])
    moved = tmp_path / "elsewhere"
    results.rename(moved)
    assert query(moved, f"SELECT count(*) FROM runs WHERE artifact_uri LIKE '%{tmp_path}%'") == [(0,)]
    with socket.socket() as probe:
        probe.bind((ui.HOST, 0))
        port = probe.getsockname()[1]
    words, environment = ui.command(port, moved)
    server = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        address = f"http://{ui.HOST}:{port}"
        wait_for(f"{address}/health")
        run = search(moved)[0].info.run_id
        with urllib.request.urlopen(f"{address}/get-artifact?path={runs.CANDIDATE}&run_uuid={run}") as answer:
            served = answer.read()
        assert served == (moved / store.ARTIFACTS / STUDY / run / "artifacts" / runs.CANDIDATE).read_bytes()
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def wait_for(address: str, seconds: float = 60.0) -> None:
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"{address} does not answer")
