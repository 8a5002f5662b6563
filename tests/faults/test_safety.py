"""Files that were planted: no pickle is loaded, no bomb unpacked, no formula written, nothing open to the network."""

from __future__ import annotations

import csv
import io
import pickle
import resource
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faults.conftest import RECORDS, ended, folder_in, forked, ran
from harness.arrays import read_npz
from harness.checkpoint import Damaged, load
from harness.errors import InputError
from harness.files import checksum, json_bytes
from harness.record import read_run
from harness.rollouts import kernel
from harness.seal import sealed
from harness.tables.read import read_job
from harness.tables.write import csv_bytes
from harness.tracking import records, ui


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Where the file appears if anything is executed."""
    return tmp_path / "executed"


def npz_of_objects(trap: Path) -> bytes:
    buffer, planted = io.BytesIO(), np.array([Malicious(trap)], dtype=object)
    np.savez(buffer, allow_pickle=True, **{"header": planted, "seed-0/theta": planted, "seed-0/mean": planted})
    return buffer.getvalue()


def test_the_trap_works(trap: Path) -> None:
    np.load(io.BytesIO(npz_of_objects(trap)), allow_pickle=True)["header"]
    assert trap.exists()


@pytest.mark.parametrize("plant", [npz_of_objects, lambda trap: pickle.dumps(Malicious(trap))], ids=["npz", "pickle"])
def test_a_planted_pickle_is_refused_wherever_it_stands_and_nothing_is_executed(
    tmp_path: Path, trap: Path, plant: Any
) -> None:
    import json

    content = plant(trap)
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(Damaged):
        load(tmp_path / "run.npz", (), "owner")
    ran(tmp_path)
    folder = folder_in(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["seal"]
    for name in RECORDS[:-1]:  # by somebody who can also forge the checksum and the seal
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        forged = {**manifest, "files": {**manifest["files"], name: checksum(folder / name)}}
        (folder / "manifest.json").write_bytes(json_bytes(sealed(forged)))
        with pytest.raises((InputError, ValueError, pa.ArrowException, KeyError)):
            read_job(folder / "manifest.json")
            read_run(folder, manifest["runs"][0])
        seen = records.read_job(folder / "manifest.json")
        if name == "candidates.npz":
            with pytest.raises(records.RecordError):
                records.read_candidate(seen, 0)
        (folder / name).write_bytes(kept)
    assert not trap.exists()


def test_a_parquet_file_with_pickled_metadata_is_read_without_it(tmp_path: Path, trap: Path) -> None:
    """PyArrow looks at no metadata that could hold code; extension types of unknown names stay plain bytes."""
    meta = {b"pandas": pickle.dumps(Malicious(trap)), b"ARROW:extension:name": b"arrow.py_extension_type"}
    meta[b"ARROW:extension:metadata"] = pickle.dumps(Malicious(trap))
    field = pa.field("seed", pa.int64(), metadata=meta)
    path = tmp_path / "evaluations.parquet"
    pq.write_table(pa.table([pa.array([1])], schema=pa.schema([field], metadata=meta)), path)
    assert pq.read_table(path).column("seed").to_pylist() == [1]
    assert not trap.exists()


def bomb() -> bytes:
    """Half a megabyte that would be half a gigabyte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("theta.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (2**26,)})
        for _ in range(512):
            member.write(bytes(2**20))
    return buffer.getvalue()


def liar(shape: tuple[int, ...]) -> bytes:
    """A kilobyte whose header speaks of more than there is."""
    buffer, array = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("theta.npy", array.getvalue() + bytes(1024))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [bomb(), liar((2**40,)), liar((2**62, 4)), liar((-1,)), liar((127,)), liar((0,))],
    ids=["bomb", "terabytes", "overflow", "negative", "short", "none"],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_takes_memory(tmp_path: Path, content: bytes) -> None:
    def work() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
        for reader in (read_npz, lambda content: load(tmp_path / "run.npz", (), "owner")):
            try:
                arrays = reader(content)
            except ValueError:
                continue
            raise AssertionError(arrays)

    (tmp_path / "run.npz").write_bytes(content)
    assert ended(forked(work, tmp_path / "log")) == 0, (tmp_path / "log").read_text()


def test_arrays_written_by_numpy_are_read_as_numpy_reads_them() -> None:
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.eye(3)[:2]),
        "n": np.zeros((0, 4)),
        "s": np.asarray(7),
    }
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    back = read_npz(buffer.getvalue())
    for name, array in arrays.items():
        assert np.array_equal(back[name], array)
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].flags.writeable


def test_a_folder_of_kernels_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    """What Numba caches is pickle: whoever can write there can have code run."""
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError, match="chmod o-w"), kernel._locked(tmp_path, "key"):
        pass
    with kernel._locked(tmp_path / "new", "key"):
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_text_that_a_spreadsheet_would_run_is_written_as_text(start: str) -> None:
    text = f"{start}HYPERLINK('http://evil')"
    rows = csv_bytes(("reason", "value"), [{"reason": text, "value": -1.5}]).decode()
    (_, cells) = csv.reader(io.StringIO(rows, newline=""))
    assert cells == [f"'{text}", "-1.5"]


def test_the_interface_of_mlflow_listens_to_this_machine_alone(tmp_path: Path) -> None:
    words, settings = ui.command(5000, tmp_path)
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert settings["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert "--allowed-hosts" not in words


def test_no_source_loads_pickle_evaluates_text_or_opens_a_shell(pytestconfig: pytest.Config) -> None:
    """In the project's own code; words that stand in no comment or docstring."""
    import ast

    forbidden = {"pickle", "dill", "joblib", "shelve", "marshal"}
    for room in ("harness", "algorithms", "policies", "environments"):
        for path in (pytestconfig.rootpath / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                    assert not names & forbidden, path
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    assert called not in ("eval", "exec", "os.system", "yaml.load", "torch.load"), path
                    words = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                    assert words.get("shell", "False") == "False", path
                    assert words.get("allow_pickle", "False") == "False", path
                    assert called != "np.load", path


ODD = {
    "no row": np.zeros((0, 2)),
    "one row": np.zeros((1, 2)),
    "no state": np.zeros((9, 0)),
    "nan": np.full((9, 2), np.nan),
    "inf": np.full((9, 2), np.inf),
    "constant": np.ones((2, 1)),
    "a gap": np.array([[0.0], [np.nan], [1.0]]),
    "astronomical": np.array([[1e308], [-1e308], [0.0]]),
}


@pytest.mark.parametrize("states", ODD.values(), ids=ODD)
def test_a_film_of_odd_states_is_a_film_or_nothing(states: Any) -> None:
    from harness.report import animation

    with np.errstate(all="ignore"):
        film = animation.chart(states, "state")
    assert film == b"" or film.startswith(b"RIFF")
