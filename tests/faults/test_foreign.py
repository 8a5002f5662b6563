"""Records that a stranger wrote: sealed and checksummed as they should be, and of whatever content.

A true manifest is changed anywhere, sealed anew, and vouched for anew by whatever vouches for it; then every command
that reads it either does its work or refuses it in one line. 12 × 25 by default, 12 × 200 with `slow_fault`.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import resource
import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algorithms.ars import Ars
from faults.conftest import CELL, ended, forked, ran
from faults.documents import ENVIRONMENTS, HEAD
from faults.places import move
from harness import fingerprint, results, workflow
from harness.bundle.pack import MANIFEST, manifest
from harness.cell import Part
from harness.cli import main
from harness.columns import read_table
from harness.errors import InputError
from harness.explain.again import Recorded, commands
from harness.files import json_bytes
from harness.guard import AlgorithmFault
from harness.job import run_block
from harness.laboratory.job import measure_block
from harness.laboratory.plan import jobs as bench_jobs
from harness.plain import HIDDEN
from harness.plugins import ROOT
from harness.published import rebuild
from harness.published.rebuild import Likeness
from harness.seal import SEAL, sealed

STUDY = (
    HEAD
    + """\
seeds: 2
block: 2
budget: 400
evaluation: {every: 200, episodes: 2}
grids: [{environments: [Pole], policies: [linear], algorithms: [ars]}]
laboratory:
  - environments: [Double]
    policies: [linear]
    algorithms: [ars]
    path: {points: [0.5]}
    explorations: [0.3]
    updates: 2
    seeds: 2
"""
)
PLACE = "results/published/mine"
OTHER = "results/other"  # records to compare with
RUN, BENCH = "Pole/linear/ars", "Double/linear/ars"
QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
READERS = {  # what stands where, and who reads it
    "verify a study": ("results/runs", ["verify", "mine", "--sample", "1"]),
    "verify a folder": ("results/laboratory", ["verify", "results/laboratory", "--sample", "1"]),
    "verify a published study": (f"{PLACE}/runs", ["verify", PLACE, "--sample", "1"]),
    "verify a bundle": ("bundle/results/runs", ["verify", "mine.zip", "--sample", "1"]),
    "verify a bundle's laboratory": ("bundle/results/laboratory", ["verify", "mine.zip", "--sample", "1"]),
    "explain a run": ("results/runs", ["explain", "mine", "Pole", "linear", "ars", "0"]),
    "explain a folder": ("results/laboratory", ["explain", "results/laboratory"]),
    "tables": ("results/laboratory", ["tables", "mine"]),
    "sync": ("results/runs", ["sync", "mine", "--check"]),
    "compare": (OTHER, ["compare", "mine", "--against", OTHER]),
    "rebuild": (f"{PLACE}/laboratory", ["rebuild", "mine"]),
    "export": ("results/runs", ["export", "mine"]),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished run and a measurement, published and in a bundle, and with records to compare with."""
    folder = small_project.write(tmp_path_factory.mktemp("project"), STUDY, ENVIRONMENTS)
    (folder / ".kernels").symlink_to(ROOT / ".kernels")
    with pytest.MonkeyPatch.context() as patch:
        move(patch, folder)
        patch.setattr(results, "RESAMPLES", 10)
        drawn = Likeness("figures", 0, ())
        patch.setattr(rebuild, "rebuild_report", lambda *_: (drawn, drawn))  # figures and report: no record is read
        study = workflow.open_study("mine")
        (job,) = study.jobs
        run_block(job.cell, range(2), folder / job.folder, lambda run: None)
        climber = replace(job.cell, algorithm=Part("climber", "hill_climbing", {}))
        run_block(climber, range(2), folder / OTHER / "cell" / "seeds-0000-0001", lambda run: None)
        (measured,) = bench_jobs(study.benches, study.study.block)
        measure_block(measured.bench, range(2), folder / measured.folder)
        assert main(["tables", "mine"]) == 0
        publish(folder)
        assert main(["sync", "mine"]) == 0
        yield folder
    for known in (fingerprint._fingerprint, fingerprint._closure, fingerprint._imports, fingerprint._file):
        known.cache_clear()  # of a project without sources


def publish(folder: Path) -> None:
    """Records and tables in a published folder and beside a bundle, without figures and report, which nobody reads."""
    for place in (folder / PLACE, folder / "bundle" / "results"):
        shutil.copytree(folder / "results" / "runs", place / "runs")
        shutil.copytree(folder / "results" / "laboratory", place / "laboratory")
    shutil.copytree(folder / "results" / "tables" / "mine", folder / PLACE / "tables")
    (folder / PLACE / "figures").mkdir()
    shutil.copytree(folder / "results" / "tables", folder / "bundle" / "results" / "tables")
    shutil.copytree(folder / "studies", folder / "bundle" / "studies")
    for place in (folder / PLACE, folder / "bundle"):
        vouch(place)
    pack(folder)


def vouch(place: Path) -> None:
    """The list of checksums that fits."""
    (place / MANIFEST).unlink(missing_ok=True)
    files = [path for path in place.rglob("*") if path.is_file()]
    sums = {path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (place / MANIFEST).write_text(manifest(sums))


def pack(folder: Path) -> None:
    """The bundle, as it is stored."""
    with ZipFile(folder / "mine.zip", "w") as archive:
        for path in sorted(path for path in (folder / "bundle").rglob("*") if path.is_file()):
            name = path.relative_to(folder / "bundle").as_posix().replace("\udcff", "\x01")
            archive.writestr(ZipInfo(name), path.read_bytes())
    (folder / "mine.zip").write_bytes((folder / "mine.zip").read_bytes().replace(b"bad\x01", b"bad\xff"))


ODD = [None, True, False, -1, 0, 2**53, 2**63, 10**400, 1.5, -0.0, 1e400, float("nan"), "", "x", "0" * 64, "\ud800"]
ODD += ["\x1b[2J", "a\nb", "\u202eba", "../../etc", "[]", [], {}, [None], {"": None}, {"\ud800": 1}, [[[]]], "x" * 5000]
DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]
VALUES = st.sampled_from([*ODD, DEEP]).map(copy.deepcopy) | st.integers() | st.floats() | st.text(max_size=8)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value below a value."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield (*path, key)
        yield from places(below, (*path, key))


def changed(content: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """One to three values replaced, removed, doubled, or joined by another one."""
    content = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, key = data.draw(st.sampled_from(sorted(places(content), key=repr)))
        holder = content
        for step in way:
            holder = holder[step]
        act = data.draw(st.sampled_from(["replace", "replace", "replace", "remove", "join"]))
        if act == "replace":
            holder[key] = data.draw(VALUES)
        elif act == "remove":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(data.draw(VALUES | st.just(copy.deepcopy(holder[key]))))
        else:
            holder[data.draw(st.text(max_size=4))] = data.draw(VALUES)
    return content


def written(content: dict[str, Any]) -> str:
    """Sealed, where a seal can be made of it."""
    with contextlib.suppress(UnicodeEncodeError, RecursionError):
        return json_bytes(sealed({name: value for name, value in content.items() if name != SEAL})).decode()
    return json.dumps(content)


def check_reader(project: Path, reader: str, text: str) -> str:
    """A command works on a manifest or refuses it in one line, and shows nothing that hides; returns that line."""
    where, words = READERS[reader]
    (path,) = (project / where).rglob("manifest.json")
    kept = path.read_bytes()
    out, err = io.StringIO(), io.StringIO()
    try:
        path.write_text(text, encoding="utf-8")
        if "bundle" in where or PLACE in where:
            vouch(project / where.partition("/results/")[0] if "bundle" in where else project / PLACE)
            pack(project)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(words)
    finally:
        path.write_bytes(kept)
    said = err.getvalue()
    assert status in (0, 1, 2), said
    assert not HIDDEN.search((out.getvalue() + said).replace("\n", ""))
    if status == 2:
        _, error, reason = said.rpartition("error: ")
        assert error, said
        assert reason.count("\n") == 1, said
        said_where = path.parent.name, "no run 'Pole linear ars 0' is recorded"  # a file of the job, or what it lacks
        assert "export" in words or any(where in reason for where in said_where), said
    return said


@pytest.mark.parametrize("reader", READERS)
@settings(QUICK)
@given(data=st.data())
def test_25_manifests_of_a_stranger_are_read_or_refused_in_one_line_by_each_reader(
    project: Path, reader: str, data: st.DataObject
) -> None:
    draw_and_check(project, reader, data)


@pytest.mark.slow_fault
@pytest.mark.parametrize("reader", READERS)
@settings(LONG)
@given(data=st.data())
def test_200_manifests_of_a_stranger_are_read_or_refused_in_one_line_by_each_reader(
    project: Path, reader: str, data: st.DataObject
) -> None:
    draw_and_check(project, reader, data)


def draw_and_check(project: Path, reader: str, data: st.DataObject) -> None:
    (path,) = (project / READERS[reader][0]).rglob("manifest.json")
    check_reader(project, reader, written(changed(json.loads(path.read_text()), data)))


def slow(values: Iterable[Any]) -> list[Any]:
    """Parameters that are tried with `slow_fault` alone."""
    return [pytest.param(value, marks=pytest.mark.slow_fault) for value in values]


def resealed(project: Path, change: dict[str, Any], where: str = "results/runs") -> str:
    """The text of a true manifest with other values, sealed."""
    (path,) = (project / where).rglob("manifest.json")
    content = {name: value for name, value in json.loads(path.read_text()).items() if name != SEAL}
    return json_bytes(sealed({**content, **change})).decode()


def entry(project: Path, name: str) -> Any:
    """A value of a true manifest."""
    (path,) = (project / "results/runs").rglob("manifest.json")
    return json.loads(path.read_text())[name]


HIDING = "over\r\x1b[2J\x1b]0;title\x07\u202etxt.exe\nEXACT all of it\u2028\x9b31m"


@pytest.mark.parametrize(
    "words", [["explain", "results/runs"], ["verify", "mine", "--all"]], ids=lambda words: words[0]
)
def test_what_a_record_says_is_shown_as_text_in_its_own_line(
    project: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [{**run, "reason": HIDING, "digest": "0" * 64} for run in entry(project, "runs")]
    facts = {**entry(project, "provenance"), "python": HIDING, "lock": HIDING}
    (path,) = (project / "results/runs").rglob("manifest.json")
    kept = path.read_bytes()
    try:
        path.write_text(resealed(project, {"runs": runs, "provenance": facts}))
        main(words)
    finally:
        path.write_bytes(kept)
    said = "".join(capsys.readouterr())
    assert not HIDDEN.search(said.replace("\n", ""))
    assert "over\\u000d\\u001b[2J" in said
    assert "\nEXACT all" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "bad\udcff"],
        ["explain", "mine", "Pole", "linear", "ars", "\ud800"],
        ["verify", "bad\udcff"],
        ["verify", "bad\udcff.zip"],
        ["compare", "mine", "--against", "bad\udcff"],
        ["compare", "bad\udcff"],
        ["tables", "bad\udcff"],
        ["export", "mine", "--out", "bad\udcff/x.zip"],
    ],
    ids=ascii,
)
def test_half_a_letter_in_a_command_is_refused_in_one_line(
    project: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert not HIDDEN.search(said.replace("\n", ""))


@pytest.mark.parametrize("name", [b"bad\xff", *slow([b"line\nend", b"\x1b[2J", "\u202e".encode()])], ids=repr)
@pytest.mark.parametrize("reader", READERS)
def test_a_folder_of_records_with_a_name_that_cannot_be_printed_is_read_or_refused(
    project: Path, tmp_path: Path, reader: str, name: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    where, words = READERS[reader]
    (path,) = (project / where).rglob("manifest.json")
    odd = path.parents[1].with_name(os.fsdecode(name))
    shutil.copytree(path.parents[1], odd)
    try:
        if where.startswith("bundle"):
            pack(project)
        status = main(words)
    finally:
        shutil.rmtree(odd)
    said = capsys.readouterr()
    assert status in (0, 1, 2)
    assert not HIDDEN.search((said.out + said.err).replace("\n", ""))
    assert status < 2 or said.err.rpartition("error: ")[2].count("\n") == 1


def test_a_metric_with_a_name_that_no_file_can_hold_is_refused_with_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Ars.tell

    def tell(self: Ars, *rest: Any) -> Any:
        state, metrics = told(self, *rest)
        return state, {**metrics, "loss\ud800": 1.0}

    monkeypatch.setattr(Ars, "tell", tell)
    with pytest.raises(AlgorithmFault, match=r"turn \d+: the metric 'loss\\ud800' has a name that cannot be shown"):
        ran(tmp_path)


def of_types(**columns: pa.DataType) -> bytes:
    """A row of numbers, of other types than those of a record."""
    table = pa.table({name: pa.nulls(1, pa.int64()).fill_null(1).cast(kind) for name, kind in columns.items()})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


@cache
def repeated(groups: int) -> bytes:
    """So many times a million equal rows: a hundred bytes each."""
    rows = pa.table({name: pa.nulls(2**20, pa.int64()).fill_null(0) for name in ("seed", "turn", "steps", "episodes")})
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, rows.schema, compression="zstd") as writer:
        for _ in range(groups):
            writer.write_table(rows)
    return buffer.getvalue()


@cache
def packed(size: int) -> bytes:
    """A page that its own header alone says is so large; the footer speaks of 65 536 numbers."""
    numbers = np.random.default_rng(0).integers(0, 2**62, 2**16)
    column = pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"seed": column}), buffer, compression="zstd", use_dictionary=False, write_statistics=False)
    chunk = pq.ParquetFile(buffer).metadata.row_group(0).column(0)
    start, length = chunk.data_page_offset, chunk.total_compressed_size
    body = pa.compress(bytes(size), codec="zstd", asbytes=True)
    page = header(size, length, len(numbers))  # as long as the page that it stands for
    page = header(size, length - len(page), len(numbers)) + body
    content = buffer.getvalue()
    return content[:start] + page.ljust(length, b"\0") + content[start + length :]


def header(unpacked: int, length: int, values: int) -> bytes:
    """Of a data page, in Thrift's compact protocol: type, two sizes, and a structure of four."""
    first = b"\x15\x00\x15" + signed(unpacked) + b"\x15" + signed(length)
    return first + b"\x2c\x15" + signed(values) + b"\x15\x00\x15\x06\x15\x06\x00\x00"


def signed(number: int) -> bytes:
    """In sevens of bits, the lowest first, the last bit being the sign."""
    sevens, number = bytearray(), number << 1
    while number > 127:
        sevens.append(number & 127 | 128)
        number >>= 7
    return bytes([*sevens, number])


BOMBS = {
    "repeated": (lambda: repeated(25), "26214400 rows, and there can be"),
    "packed": (lambda: packed(2**29), "65536 numbers of its column seed unpack to 536870912 bytes"),
    "text": (lambda: of_types(seed=pa.string()), "the column seed holds something else than numbers"),
    "lists": (lambda: of_types(seed=pa.int64(), turn=pa.timestamp("s")), "lacks the columns|holds something else"),
    "no file": (lambda: b"PAR1" + bytes(64), "is not a sound Parquet file"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_parquet_bomb_is_refused_before_it_takes_memory(tmp_path: Path, kind: str) -> None:
    make, words = BOMBS[kind]
    content = make()
    assert len(content) < 2**20

    def work() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
        with pytest.raises(InputError, match=words):
            read_table(content, "evaluations.parquet", ("seed", "steps"))

    assert ended(forked(work, tmp_path / "log")) == 0, (tmp_path / "log").read_text()


@pytest.mark.parametrize("kind", ["packed", *slow(kind for kind in BOMBS if kind != "packed")])
@pytest.mark.parametrize("reader", ["verify a study", "tables", "sync", "compare", "verify a bundle"])
def test_a_parquet_bomb_under_a_fitting_checksum_is_told_in_one_line_by_each_reader(
    project: Path, reader: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where, words = READERS[reader]
    where = where.replace("laboratory", "runs")
    (path,) = (project / where).rglob("manifest.json")
    kept, bomb = {file: file.read_bytes() for file in path.parent.iterdir()}, BOMBS[kind][0]()
    files = {**json.loads(path.read_text())["files"], "evaluations.parquet": hashlib.sha256(bomb).hexdigest()}
    try:
        path.write_text(resealed(project, {"files": files}, where))
        path.with_name("evaluations.parquet").write_bytes(bomb)
        if where.startswith("bundle"):
            vouch(project / "bundle")
            pack(project)
        status = main(words)
    finally:
        for file, content in kept.items():
            file.write_bytes(content)
    said = capsys.readouterr()
    assert status == (0 if reader == "sync" else 1 if reader.startswith("verify") else 2), said
    told = [line for line in (said.out + said.err).splitlines() if "evaluations.parquet: " in line]
    assert told, said


def test_a_file_of_more_rows_than_its_manifest_has_turns_for_is_refused(project: Path) -> None:
    (path,) = (project / "results/runs").rglob("manifest.json")
    turns = sum(run["turn"] for run in json.loads(path.read_text())["runs"])
    content = path.with_name("evaluations.parquet").read_bytes()
    assert read_table(content, "x", ("seed",), turns + 2).num_rows > 2
    with pytest.raises(InputError, match=r"x: .*rows, and there can be 2 at most"):
        read_table(content, "x", ("seed",), 2)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_300_parquet_files_with_altered_bytes_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(SOUND)
    for place, byte in changes:
        content[place * len(content) // 1001] = byte
    with contextlib.suppress(InputError):
        read_table(bytes(content), "x", ("seed",), 100)


SOUND = of_types(seed=pa.int64(), turn=pa.int64(), loss=pa.float64())


def test_a_commit_in_a_command_is_one_word_of_the_shell() -> None:
    odd = Recorded(CELL, Path("x"), (0,), "0" * 64, {}, {"commit": "a; rm -rf ~ #"})
    line = next(commands([odd], None))
    assert shlex.split(line, comments=True) == ["git", "checkout", "a; rm -rf ~ #"]
