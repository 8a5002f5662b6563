"""What a run says of where it was made: beside its results, and no part of what it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from faults.conftest import CELL, SEEDS, digests, folder_in, ran

from harness import fingerprint, job, plugins, provenance


def test_a_run_records_versions_blas_cpu_commit_and_whether_the_tree_was_clean(tmp_path: Path) -> None:
    ran(tmp_path)
    facts = json.loads((folder_in(tmp_path) / "manifest.json").read_text(encoding="utf-8"))["provenance"]
    words = "python packages lock platform libc cpu blas threads commit dirty"
    assert facts.keys() == {*words.split()}
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    assert facts["blas"] == f"{built['name']} {built['version']}"
    assert facts["packages"]["numpy"] == np.__version__


def test_another_blas_in_the_record_changes_no_digest_and_no_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ran(tmp_path / "here")
    monkeypatch.setattr(job, "provenance", lambda: {**provenance.provenance(), "blas": "mkl 2025.1"})
    manifest = job.run_block(CELL, SEEDS, folder_in(tmp_path / "there"), lambda run: None)
    assert json.loads(manifest.read_text(encoding="utf-8"))["provenance"]["blas"] == "mkl 2025.1"
    assert digests(manifest) == expected


def committed(folder: Path, *files: str) -> Path:
    """A repository with one commit, of these files."""
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
        subprocess.run([*git, "add", name], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    return folder


def origin(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bool]:
    """Commit of a project in a folder, and whether its tree is dirty."""
    monkeypatch.setattr(provenance, "ROOT", root)
    facts = provenance.provenance.__wrapped__()
    return facts["commit"], facts["dirty"]


def test_a_plug_in_that_no_commit_holds_makes_a_tree_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(tmp_path, "harness/provenance.py", "algorithms/theirs.py")
    (tmp_path / "notes.txt").write_text("untracked, and no code")
    commit, dirty = origin(tmp_path, monkeypatch)
    assert len(commit) == 40
    assert not dirty
    (tmp_path / "algorithms" / "mine.py").write_text("")
    assert origin(tmp_path, monkeypatch) == (commit, True)


def test_a_repository_that_the_sources_merely_lie_in_is_not_their_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = committed(tmp_path, "paper.tex", "study/algorithms/theirs.py") / "study"
    (unpacked / "harness").mkdir()
    (unpacked / "harness" / "provenance.py").write_text("")
    (tmp_path / "paper.tex").write_text("changed")
    assert origin(unpacked, monkeypatch) == ("", False)


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_what_a_hook_of_another_repository_tells_git_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    expected = origin(committed(tmp_path / "own", "harness/provenance.py"), monkeypatch)
    other = committed(tmp_path / "other", "notes.txt", "harness/provenance.py")
    (other / "harness" / "provenance.py").write_text("changed")
    places = {"GIT_DIR": other / ".git", "GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / ".git" / "index"}
    monkeypatch.setenv(name, str(places[name]))
    assert origin(tmp_path / "own", monkeypatch) == expected
    assert expected[0] and not expected[1]


def test_what_records_the_origin_is_no_source_of_a_number() -> None:
    names = [*fingerprint.RUNNERS, *fingerprint.KERNELS, "harness.laboratory.measure"]
    files = {plugins.shown(path) for path in fingerprint.sources(names)}
    assert "harness/run.py" in files
    assert not files & {f"harness/{name}.py" for name in ("provenance", "declared", "record", "seal", "job", "files")}


def test_a_numpy_that_does_not_tell_its_blas_is_recorded_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "show_config", lambda mode: {"Build Dependencies": {}})
    assert provenance.blas() == ""
