"""Random damage to every kind of file: it is detected, named, and the file made again or refused; never used."""

from __future__ import annotations

import json
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from faults.conftest import CELL, RECORDS, Damage, damages, digests, ended, folder_in, forked, ran
from harness import job
from harness.errors import InputError
from harness.files import write_bytes
from harness.fingerprint import cell_fingerprint
from harness.provenance import maker, provenance
from harness.record import find
from harness.rollouts import kernel
from harness.tables.read import read_job
from harness.tracking import records, store
from harness.vouched import SUMS, require_whole, write_all

TRIALS = 40  # of each record


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of one block."""
    root = tmp_path_factory.mktemp("made")
    ran(root)
    return folder_in(root)


@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_record_is_named_and_enters_neither_table_nor_view_nor_another_job(
    made: Path, tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(made, tmp_path / "cell" / made.name)
    manifest, path = folder / "manifest.json", folder / name
    whole, made_by = path.read_bytes(), maker(cell_fingerprint(CELL), provenance())
    assert len(read_job(manifest).runs) == 2
    for damage in damages(TRIALS):
        path.write_bytes(damage.to(whole))
        with pytest.raises(InputError, match=name):
            read_job(manifest)
        with pytest.warns(UserWarning, match="are not used"):
            assert find(folder.parent, 0, made_by) is None, damage
        if name in (*records.CURVES, "candidates.npz"):
            seen = records.read_job(manifest)
            with pytest.raises(records.RecordError, match=name):
                records.read_candidate(seen, 0) if name == "candidates.npz" else records.read_curves(seen)
        if name == "manifest.json":
            with pytest.raises(records.RecordError, match=name):
                records.read_job(manifest)
    path.write_bytes(whole)
    assert find(folder.parent, 0, made_by) is not None


@pytest.mark.filterwarnings("ignore:.*(is|are) not (used|continued):UserWarning")
@pytest.mark.parametrize("name", RECORDS)
def test_a_job_with_a_damaged_record_is_made_again_to_the_same_bits(
    made: Path, tmp_path: Path, name: str, expected: dict[int, str]
) -> None:
    folder = folder_in(tmp_path)
    shutil.copytree(made, folder)
    whole = (folder / name).read_bytes()
    for damage in damages(3):
        (folder / name).write_bytes(damage.to(whole))
        assert ran(tmp_path) == expected
        assert digests(folder / "manifest.json") == {
            run.seed: run.digest for run in read_job(folder / "manifest.json").runs
        }


@pytest.mark.filterwarnings("ignore:.*the run starts from the beginning:UserWarning")
@pytest.mark.parametrize("ending", ["checkpoint.npz", "final.npz"])
def test_a_damaged_snapshot_changes_no_bit(
    made: Path, tmp_path: Path, ending: str, expected: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint under the name of this job, or the end of a shorter run that this one would continue."""
    whole = (made / "seed-0000.final.npz").read_bytes()
    for damage in damages(20):
        root = tmp_path / str(damage)
        path = folder_in(root) / f"seed-0000.{ending}"
        write_bytes(path, damage.to(whole))
        assert ran(root) == expected, damage


@pytest.mark.filterwarnings("ignore:.*the run starts from the beginning:UserWarning")
def test_a_longer_budget_does_not_go_on_from_a_damaged_end(tmp_path: Path, made: Path) -> None:
    from dataclasses import replace

    long = replace(CELL, budget=2 * CELL.budget)
    wanted = ran(tmp_path / "wanted", long)
    for damage in damages(8):
        root = tmp_path / str(damage)
        ended = shutil.copytree(made, folder_in(root))
        end = ended / "seed-0001.final.npz"
        end.write_bytes(damage.to(end.read_bytes()))
        assert ran(root, long) == wanted, damage


def test_a_damaged_table_or_what_vouches_for_it_is_refused_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tables = {
        f"{name}.csv": ("score\n" + "".join(f"{value}\n" for value in rng.normal(size=50))).encode()
        for name in ("runs", "findings")
    }
    write_all(tmp_path, tables)
    for name in (*tables, SUMS):
        path = tmp_path / name
        whole = path.read_bytes()
        for damage in damages(TRIALS):
            path.write_bytes(damage.to(whole))
            with pytest.raises(InputError, match=f"{name}.*run `harness tables mine`"):
                require_whole(tmp_path, "harness tables mine")
        path.unlink()
        with pytest.raises(InputError, match=name):
            require_whole(tmp_path, "harness tables mine")
        path.write_bytes(whole)
    require_whole(tmp_path, "harness tables mine")


KERNEL = {
    "environment": None,
    "structure": "policies.linear",
    "head": "greedy_continuous",
    "dimensions": (0, 1, 1, 1, 0),
    "sizes": (1, 1, 0),
}


def fifteen(folder: Path) -> None:
    """Three times five, by the kernel of a folder, in this process."""
    kernel.build.cache_clear()
    act, action = kernel.build(folder, **KERNEL), np.empty(1)  # type: ignore[arg-type]
    act(np.array([3.0]), np.zeros(0), np.array([5.0]), np.zeros(1), np.ones(1), 0, np.zeros(4, np.uint64), action)
    assert action[0] == 15.0


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one compiled kernel."""
    folder = tmp_path_factory.mktemp("compiled")
    fifteen(folder)
    yield folder
    kernel.build.cache_clear()


def parts(folder: Path) -> dict[str, Path]:
    """Every file of a kernel by its kind; that of Python's own bytecode too, where it is written."""
    module = next(folder.glob("*/*.py"))
    found = {"py": module, "sums": next(folder.glob("*/*.sums.json"))}
    return found | {path.suffix[1:]: path for path in (module.parent / "__pycache__").iterdir()}


def check_kernel(compiled: Path, place: Path, kind: str, damage: Damage) -> None:
    """A damaged file of a kernel is found and made again, in a process of its own as Numba would crash this one."""
    folder = shutil.copytree(compiled, place / "kernels")
    path = parts(folder)[kind]
    whole = path.read_bytes()
    path.write_bytes(damage.to(whole))

    def work() -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fifteen(folder)
        assert kind in ("py", "sums") or any("it is made again" in str(one.message) for one in said)
        fifteen(folder)

    child = forked(work, place / "log")
    assert ended(child) == 0, f"{kind} {damage}: {(place / 'log').read_text()}"
    assert kind in ("sums", "pyc", "nbi", "nbc") or path.read_bytes() == whole
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", ["nbi", "nbc", "py", "sums"])
def test_a_flipped_bit_in_a_compiled_kernel_is_found(compiled: Path, tmp_path: Path, kind: str) -> None:
    check_kernel(compiled, tmp_path, kind, Damage("bit", 5))


@pytest.mark.slow_fault
def test_any_damage_to_any_file_of_a_compiled_kernel_is_found(compiled: Path, tmp_path: Path) -> None:
    for kind in parts(compiled):
        for damage in damages(12):
            check_kernel(compiled, tmp_path, kind, damage)


@pytest.mark.slow_fault
def test_a_damaged_store_of_mlflow_is_made_again_or_shows_runs_that_the_files_hold(tmp_path: Path) -> None:
    """No table reads the store. Its structure is checked whole; see docs/reliability.md for what that does not see."""
    folder = tmp_path / "whole"
    folder.mkdir()
    store.initialise(folder / store.STORE)
    whole = (folder / store.STORE).read_bytes()
    found = 0
    for damage in damages(64):
        path = tmp_path / store.STORE
        path.write_bytes(damage.to(whole))
        found += bool(store.find_fault(path))
        with store.locked(tmp_path):
            client = store.open_store(tmp_path)
        assert client.search_experiments(max_results=1)[0].name == "Default"
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    assert found > 20
    assert len(list(tmp_path.glob("mlflow.db.broken-*"))) >= found


def test_a_checkpoint_interval_is_what_a_kill_can_cost() -> None:
    assert job.CHECKPOINT_SECONDS <= 10.0


@pytest.mark.filterwarnings("ignore:.*are not continued:UserWarning")
@pytest.mark.parametrize("change", [{"schema": 0}, {"schema": None}, {"seal": None}, {"seal": "0" * 64}, {"runs": 3}])
def test_results_of_an_older_schema_are_refused_with_the_way_out_and_made_again(
    made: Path, tmp_path: Path, change: dict[str, object], expected: dict[int, str]
) -> None:
    folder = folder_in(tmp_path)
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("*.final.npz"))
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(InputError, match=r"manifest\.json: .*delete its folder to run the job again"):
        read_job(manifest)
    with pytest.warns(UserWarning, match="are not used"):
        assert ran(tmp_path) == expected
