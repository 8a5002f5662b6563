"""A bundle holds a study whole, has the same bytes for the same files, and is believed only if every rule holds."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from finished_study import ARS, finished, stub_figures, stub_report
from project_copy import run

from harness.bundle.contents import sources
from harness.bundle.hold import hold_made
from harness.bundle.pack import MANIFEST, manifest
from harness.bundle.unpack import unpack
from harness.errors import InputError
from harness.files import checksum, json_bytes
from harness.seal import SEAL, sealed

Members = list[tuple[zipfile.ZipInfo, bytes]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = finished(tmp_path_factory.mktemp("a study to go ☂"))
    (folder / "algorithms" / "fresh.py").write_text('"""Not committed."""\n', encoding="utf-8")
    (folder / "results" / "scratch.txt").write_text("ignored", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def bundle(project: Path) -> Path:
    done = run(project, "harness", "export", "tiny", "--out", "out.zip")
    assert done.returncode == 0, done.stdout
    assert hashlib.sha256((project / "out.zip").read_bytes()).hexdigest() in done.stdout
    kept = project.parent / "kept.zip"
    (project / "out.zip").replace(kept)
    return kept


def names(bundle: Path) -> list[str]:
    with zipfile.ZipFile(bundle) as archive:
        return archive.namelist()


def read(bundle: Path, name: str) -> bytes:
    with zipfile.ZipFile(bundle) as archive:
        return archive.read(name)


def test_a_second_export_has_the_same_bytes(project: Path, bundle: Path) -> None:
    (project / "studies" / "tiny.yaml").touch()  # a time is no content
    assert run(project, "harness", "export", "tiny", "--out", "out.zip").returncode == 0
    assert (project / "out.zip").read_bytes() == bundle.read_bytes()
    assert run(project, "harness", "export", "tiny", "--out", "again.zip").returncode == 0
    assert (project / "again.zip").read_bytes() == bundle.read_bytes()  # without the first one in it
    for name in ("out.zip", "again.zip"):
        (project / name).unlink()


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_what_a_hook_of_another_repository_tells_git_changes_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    known = sources("smoke")
    monkeypatch.setenv(name, str(tmp_path if name == "GIT_WORK_TREE" else tmp_path / ".git"))
    assert sources("smoke") == known


def test_members_are_sorted_regular_files_of_1980_stored(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        members = archive.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.external_attr >> 16 for member in members} == {0o100644}
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}


def test_a_bundle_holds_data_sources_lock_and_report_and_leaves_the_rest(bundle: Path) -> None:
    found = names(bundle)
    assert {"constraints.txt", "envs.yaml", "Snakefile", "studies/tiny.yaml", "harness/run.py", "LICENSE"} <= {*found}
    assert {"algorithms/fresh.py", "reports/tiny.html", "reports/tiny.pdf"} <= {*found}
    assert {"results/figures/tiny/headline.svg", "results/tables/tiny/runs.csv"} <= {*found}
    jobs = {name.rpartition("/")[0] for name in found if name.startswith(ARS)}
    assert len(jobs) == 2
    job = {name.rpartition("/")[2] for name in found if name.startswith(min(jobs))}
    assert job == {
        "manifest.json",
        "candidates.npz",
        "evaluations.parquet",
        "timing.parquet",
        "training.parquet",
    }
    assert not [name for name in found if "scratch" in name or ".git/" in name or name.startswith(".kernels")]


def test_sha256sum_knows_every_other_file_and_finds_it_whole(bundle: Path, tmp_path: Path) -> None:
    unpack(bundle, tmp_path)
    if shutil.which("sha256sum"):
        words = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST]
        assert subprocess.run(words, cwd=tmp_path, check=False).returncode == 0
    lines = (tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines()
    assert [line[66:] for line in lines] == [name for name in names(bundle) if name != MANIFEST]


def test_the_description_has_what_ro_crate_1_1_requires(bundle: Path) -> None:
    crate = json.loads(read(bundle, "ro-crate-metadata.json"))
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities[descriptor["about"]["@id"]]
    assert (root["@id"], root["@type"]) == ("./", "Dataset")
    assert root["name"].startswith("Tiny: study tiny of ")
    assert "Does it hold?" in root["description"]
    assert root["datePublished"] == "2026-11-22"
    assert entities[root["license"]["@id"]]["name"] == "MIT"
    workflow = entities["Snakefile"]
    assert workflow["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert {"name", "url", "version"} <= entities[workflow["programmingLanguage"]["@id"]].keys()


def test_every_reference_of_the_description_leads_somewhere_and_every_size_is_true(bundle: Path) -> None:
    crate = json.loads(read(bundle, "ro-crate-metadata.json"))
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    asked = [value for entity in crate["@graph"] for item in entity.values() for value in references(item)]
    assert {value for value in asked if value not in entities} == {"https://w3id.org/ro/crate/1.1"}
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    found = names(bundle)
    for name, entity in entities.items():
        if "File" in entity["@type"]:
            assert name in parts
            assert name in found
            assert name == MANIFEST or int(entity["contentSize"]) == len(read(bundle, name))
        elif entity["@type"] == "Dataset" and name != "./":
            assert any(other.startswith(name) for other in found)
    described = {name for name in entities if "/" in name and not name.endswith("/")}
    assert {name for name in found if name.startswith(("results/", "reports/"))} <= described


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["@id"]]
    return [item["@id"] for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def test_a_bundle_is_verified_and_told_whether_the_sources_are_the_present_ones(project: Path, bundle: Path) -> None:
    done = run(project, "harness", "verify", str(bundle), "--sample", "2")
    assert done.returncode == 0, done.stdout
    assert "every file has its checksum" in done.stdout
    assert "its sources are the present ones" in done.stdout
    assert "tables: 28 of 28 byte-equal to those made again of its records\n" in done.stdout
    assert "records: 6 runs in 4 jobs, each file with its checksum, each run with its digest\n" in done.stdout
    assert "2 EXACT, 0 WITHIN, 0 DIFFERENT" in done.stdout
    file = project / "harness" / "parts" / "ranks.py"
    content = file.read_bytes()
    file.write_bytes(content + b"# edited\n")
    done = run(project, "harness", "verify", str(bundle), "--sample", "1")
    file.write_bytes(content)
    assert "differ from the present ones in 1 files: harness/parts/ranks.py" in done.stdout
    assert "tables: held to their checksums alone, not made again: its sources differ" in done.stdout


def test_tables_of_another_study_of_that_name_are_not_made_again(bundle: Path, tmp_path: Path) -> None:
    unpack(bundle, tmp_path / "in")
    made = hold_made(tmp_path / "in", "out.zip", True, tmp_path)  # here is no study `tiny`
    reason = "studies/tiny.yaml is not the present one"
    assert made.lines[1:] == (f"tables: held to their checksums alone, not made again: {reason}",)
    assert made.holds and made.workflow is None
    append(tmp_path / "in" / "results/tables/tiny/scores.csv")
    with pytest.raises(InputError, match=r"scores\.csv: is damaged or lost"):
        hold_made(tmp_path / "in", "out.zip", True, tmp_path)


def forged(bundle: Path, folder: Path) -> Path:
    """A bundle in which a run and a table were changed, and every list of checksums made anew."""
    unpack(bundle, folder)
    forge_run(folder)
    forge_table(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return archive(
        folder.parent, whole(*(member(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files))
    )


def forge_run(folder: Path) -> None:
    """One return of one run, and the checksum of its file, and the seal of its job."""
    path = min((folder / ARS).rglob("manifest.json"))
    file = path.with_name("evaluations.parquet")
    rows = pq.read_table(file).to_pylist()
    rows[-1]["return_mean"] += 1.0
    pq.write_table(pa.Table.from_pylist(rows), file)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[SEAL]
    content["files"][file.name] = checksum(file)
    path.write_bytes(json_bytes(sealed(content)))


def forge_table(folder: Path) -> None:
    """A score, and the list that vouches for the tables."""
    tables = folder / "results/tables/tiny"
    with (tables / "scores.csv").open(newline="", encoding="utf-8") as file:
        score = next(csv.DictReader(file))["iqm"]
    path = tables / "scores.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(score, f"9{score}"), encoding="utf-8")
    sums = json.loads((tables / "checksums.json").read_text(encoding="utf-8"))
    sums["files"][path.name] = checksum(path)
    del sums[SEAL]
    (tables / "checksums.json").write_bytes(json_bytes(sealed(sums)))
    stub_figures(folder, "tiny")  # as if they were made of it
    stub_report(folder, "tiny")


def test_a_value_changed_in_a_run_or_a_table_is_named_though_every_checksum_was_made_to_fit(
    project: Path, bundle: Path, tmp_path: Path
) -> None:
    done = run(project, "harness", "verify", str(forged(bundle, tmp_path / "in")), "--sample", "1")
    assert "every file has its checksum" in done.stdout, done.stdout
    lie = "CartPole-v1 · linear · ars · seed 1: its files do not have the digest that its manifest states"
    assert f"these are not what their manifests vouch for:\n  {lie}\n" in done.stdout
    tables = next(line for line in done.stdout.splitlines() if line.startswith("tables: "))
    assert {"checksums.json", "scores.csv"} <= {*tables.partition("; not ")[2].split(", ")}
    assert done.returncode == 1
    assert "Traceback" not in done.stdout


def test_an_unpacked_bundle_is_a_project_that_verifies_itself(bundle: Path, tmp_path: Path) -> None:
    unpack(bundle, tmp_path)
    done = run(tmp_path, "harness", "verify", "tiny", "--sample", "1")
    assert done.returncode == 0, done.stdout
    assert "1 EXACT" in done.stdout


def test_an_unpacked_bundle_under_git_is_exported_to_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """With the files that were made anew in it, and not those that it came with beside them."""
    unpack(bundle, tmp_path)
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
    done = run(tmp_path, "harness", "export", "tiny", "--out", "again.zip")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: next((folder / ARS).rglob("manifest.json")).unlink(), "manifest.json is missing: `snakemake"),
        (lambda folder: append(next((folder / ARS).rglob("training.parquet"))), "training.parquet: is damaged"),
        (lambda folder: append(folder / "results/tables/tiny/scores.csv"), "scores.csv: is damaged"),
        (lambda folder: (folder / "reports/tiny.pdf").unlink(), "error: reports/tiny.pdf: is damaged or lost; run `"),
        (lambda folder: shutil.rmtree(folder / ".git"), "needs a git checkout"),
    ],
)
def test_an_unfinished_or_damaged_study_is_not_exported(
    project: Path, tmp_path: Path, spoil: Callable[[Path], Any], words: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, symlinks=True)
    spoil(copy)
    done = run(copy, "harness", "export", "tiny")
    assert done.returncode == 2, done.stdout
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert not list(copy.glob("*.zip*")) and not list(copy.glob(".*.aside"))


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"0")


def archive(folder: Path, members: Members) -> Path:
    path = folder / "hostile.zip"
    with zipfile.ZipFile(path, "w") as file:
        for member, content in members:
            file.writestr(member, content)
    return path


def member(name: str, content: bytes = b"text", kind: int = stat.S_IFREG) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    return info, content


def whole(*members: tuple[zipfile.ZipInfo, bytes]) -> Members:
    """Members with true checksums."""
    sums = {info.filename: hashlib.sha256(content).hexdigest() for info, content in members}
    return [*members, member(MANIFEST, manifest(sums).encode())]


def test_an_honest_small_bundle_is_unpacked(tmp_path: Path) -> None:
    unpack(archive(tmp_path, whole(member("a/b.txt"), member("ünïcode name.txt"))), tmp_path / "out")
    assert (tmp_path / "out" / "a" / "b.txt").read_bytes() == b"text"


@pytest.mark.parametrize(
    "name",
    ["../out.txt", "a/../../out.txt", "/etc/out.txt", "C:/out.txt", "a\\..\\out.txt", "a//b", "./a", "", "a/", "a/.",
     "..", "nul", "a/COM1.txt", "a ", "a.", "a\nb", "a\x1bb", "x" * 300, "a:b", "a|b"],
)  # fmt: skip
def test_a_name_that_is_not_a_plain_relative_path_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path, whole(member("good.txt"), member(name)))
    with pytest.raises(InputError, match="is refused: its name is not a plain relative path"):
        unpack(path, tmp_path / "deep" / "er" / "out")
    assert {file.name for file in tmp_path.rglob("*")} == {"hostile.zip"}


def test_a_name_with_nul_that_zipfile_would_cut_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, whole(member("good.txt"), member("aXbcd")))
    path.write_bytes(path.read_bytes().replace(b"aXbcd", b"a\x00bcd"))
    with pytest.raises(InputError, match="not a plain relative path"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_a_device_is_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(InputError, match="it is not a regular file"):
        unpack(archive(tmp_path, whole(member("link", b"/etc/passwd", kind))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    info, content = member("bomb.txt", bytes(50_000_000))
    info.compress_type = zipfile.ZIP_DEFLATED
    path = archive(tmp_path, whole((info, content)))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"'bomb.txt' is refused: it is compressed \(deflate\)"):
        unpack(path, tmp_path / "out")
    small, text = member("small.txt", b"incompressible?")
    small.compress_type = zipfile.ZIP_DEFLATED
    with pytest.raises(InputError, match=r"it is compressed \(deflate\)"):
        unpack(archive(tmp_path, whole((small, text), member("large.txt", bytes(999)))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("method", "name"), [(8, "deflate"), (12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (77, "method 77")]
)
def test_a_bundle_that_was_compressed_is_refused_by_the_method_and_not_by_its_size(
    tmp_path: Path, method: int, name: str
) -> None:
    path = archive(tmp_path, whole(member("a.txt", bytes(9999)), member("b.txt", bytes(9999))))
    content = bytearray(path.read_bytes())
    for start in (found.start() for found in re.finditer(rb"PK\x01\x02", content)):
        content[start + 10 : start + 12] = method.to_bytes(2, "little")  # of the central directory, which is believed
        content[start + 20 : start + 24] = (99).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"'a.txt' is refused: it is compressed \({name}\)"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, [member("a.txt", bytes(10_000))])
    with zipfile.ZipFile(path) as file:
        first = file.infolist()[0]
    with zipfile.ZipFile(path, "a") as file:
        for number in range(50):
            copy = zipfile.ZipInfo(f"copy-{number}.txt")
            copy.file_size = copy.compress_size = first.file_size
            copy.CRC, copy.header_offset = first.CRC, first.header_offset
            file.filelist.append(copy)
            file.NameToInfo[copy.filename] = copy
            file._didModify = True
    with pytest.raises(InputError, match="is too large: 51 files"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a.txt", "A.txt"), "it is there twice: 'a.txt' is the same file"),
        (("\u00e9.txt", "e\u0301.txt"), r"it is there twice: '\\xe9.txt' is the same file"),  # letter and accent
        (("a", "a/b"), "it is a file and a folder"),
        (("A/b", "a"), "it is a file and a folder"),
    ],
)
def test_two_names_that_some_system_cannot_tell_apart_are_refused(
    tmp_path: Path, names: tuple[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=rf"the member .* is refused: {words}"):
        unpack(archive(tmp_path, whole(*map(member, names))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([member("a.txt")], "holds no MANIFEST"),
        ([*whole(member("a.txt")), member("extra.txt")], "'extra.txt' is without a checksum"),
        (whole(member("a.txt"), member("b.txt"))[1:], "'a.txt' is missing"),
        ([member("a.txt", b"altered"), whole(member("a.txt"))[1]], "'a.txt' was altered"),
        ([member("a.txt"), member(MANIFEST, b"nonsense\n")], "is not a list of checksums"),
        ([member("a.txt"), member(MANIFEST, b"\xff\xfe\n")], "is not a list of checksums"),
    ],
)
def test_checksums_must_name_exactly_what_is_there(tmp_path: Path, members: Members, words: str) -> None:
    with pytest.raises(InputError, match=words):
        unpack(archive(tmp_path, members), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", bytes(1000)])
def test_what_is_no_zip_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="is not a bundle"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    with pytest.raises(InputError, match="no such file"):
        unpack(tmp_path / "b.zip", tmp_path / "out")


def test_200_flipped_bits_of_a_bundle_are_all_noticed(bundle: Path, tmp_path: Path) -> None:
    """A flip in a field that nobody reads (a time, a comment's length) may leave the bundle as it was."""
    small = whole(*(member(f"{letter}.txt", letter.encode() * 200) for letter in "abc"))
    buffer = archive(tmp_path, small).read_bytes()
    true = {"a.txt": b"a" * 200, "b.txt": b"b" * 200, "c.txt": b"c" * 200}
    refused = 0
    for number in range(200):
        place = number * 7919 % (len(buffer) * 8)
        flipped = bytearray(buffer)
        flipped[place // 8] ^= 1 << place % 8
        path, out = tmp_path / "flipped.zip", tmp_path / f"out-{number}"
        path.write_bytes(bytes(flipped))
        try:
            unpack(path, out)
        except InputError:
            refused += 1
            continue
        assert {name: (out / name).read_bytes() for name in true} == true
    assert refused > 100


def test_a_bundle_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    buffer = archive(tmp_path, whole(member("a.txt", b"a" * 300))).read_bytes()
    for length in range(0, len(buffer), 11):
        (tmp_path / "cut.zip").write_bytes(buffer[:length])
        with pytest.raises(InputError, match="is not a bundle"):
            unpack(tmp_path / "cut.zip", tmp_path / f"out-{length}")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    buffer = archive(tmp_path, whole(member("a.txt"))).read_bytes()
    marked = buffer.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00", 1)
    assert marked != buffer
    (tmp_path / "hostile.zip").write_bytes(marked)
    with pytest.raises(InputError, match="it is encrypted"):
        unpack(tmp_path / "hostile.zip", tmp_path / "out")
