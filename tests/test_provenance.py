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


def test_a_plug_in_that_no_commit_holds_makes_a_tree_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "algorithms").mkdir()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    (tmp_path / "notes.txt").write_text("untracked, and no code")
    assert not provenance.dirty()
    (tmp_path / "algorithms" / "mine.py").write_text("")
    assert provenance.dirty()


def test_what_records_the_origin_is_no_source_of_a_number() -> None:
    names = [*fingerprint.RUNNERS, *fingerprint.KERNELS, "harness.laboratory.measure"]
    files = {plugins.shown(path) for path in fingerprint.sources(names)}
    assert "harness/run.py" in files
    assert not files & {f"harness/{name}.py" for name in ("provenance", "declared", "record", "seal", "job", "files")}


def test_a_numpy_that_does_not_tell_its_blas_is_recorded_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "show_config", lambda mode: {"Build Dependencies": {}})
    assert provenance.blas() == ""
