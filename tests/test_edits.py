"""What is saved while a process runs is in the file and not in the process: no digest of the one names the other."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import plugins
from harness.cell import Cell, Evaluation, Part, World
from harness.edits import ROOMS
from harness.fingerprint import KERNELS, RUNNERS, sources
from harness.plugins import ROOT

WORLD = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
CELL = Cell(WORLD, Part("linear", "linear", {}), Part("ars", "ars", {}), 2000, Evaluation(1000, 2))
SAVE = """
def save(name, old, new):
    text = Path(name).read_text()
    assert text.count(old) == 1
    Path(name).write_text(text.replace(old, new))

"""
KERNEL = f"""
import sys
from pathlib import Path
from harness.edits import remembered
{SAVE}
remembered()
import policies.linear
from harness.rollouts import kernel

save("policies/linear.py", "out[k] = total", "out[k] = -total")
kernel.build(
    Path(sys.argv[2]), environment=None, structure="policies.linear", head="greedy_continuous",
    dimensions=(0, 1, 1, 1, 0), sizes=(1, 1, 0),
)
"""
JOB = f"""
import sys
from pathlib import Path
from harness.edits import remembered
{SAVE}
remembered()
from harness.cell import Cell
from harness import fingerprint, job
when, name, old, new = sys.argv[3:]
edit = lambda *_: save(name, old, new) if new not in Path(name).read_text() else None
if when == "before the digest":
    bound = job.import_bound
    job.import_bound = lambda: (bound(), edit())
job.run_block(Cell.from_json(sys.argv[1]), range(2), Path(sys.argv[2]), edit)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of all sources, to be edited."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "project" / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "project"


def ran(script: str, project: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, CELL.to_json(), str(folder), *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_source_saved_between_import_and_compiling_makes_no_kernel(project: Path, tmp_path: Path) -> None:
    """It would be found by the digest of the new text and run the old one, in every later process."""
    done = ran(KERNEL, project, tmp_path / "kernels")
    assert done.returncode == 1
    assert "InputError: policies/linear.py: was saved while this process was at work" in done.stderr
    assert not list(tmp_path.glob("kernels/*/*.py"))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("algorithms/ars.py", "from __future__", "# an edit\nfrom __future__"),
        ("harness/rollouts/loop.py", "from __future__", "# an edit\nfrom __future__"),
    ],
)
def test_a_source_saved_before_its_digest_makes_no_record(
    project: Path, tmp_path: Path, name: str, old: str, new: str
) -> None:
    done = ran(JOB, project, tmp_path / "seeds-0000-0001", "before the digest", name, old, new)
    assert done.returncode == 1
    assert f"InputError: {name}: was saved while this process was at work" in done.stderr
    assert not list(tmp_path.glob("seeds-*/manifest.json"))


def test_a_source_saved_during_a_run_leaves_the_digests_of_what_ran(project: Path, tmp_path: Path) -> None:
    never, edited = tmp_path / "never" / "seeds-0000-0001", tmp_path / "edited" / "seeds-0000-0001"
    edit = ("algorithms/ars.py", "from __future__", "# an edit\nfrom __future__")
    for folder, name in ((never, "README"), (edited, edit[0])):
        (project / "README").write_text("from __future__", encoding="utf-8")
        done = ran(JOB, project, folder, "after a run", name, *edit[1:])
        assert done.returncode == 0, done.stderr
    assert "# an edit" in (project / edit[0]).read_text(encoding="utf-8")
    first, second = (json.loads((folder / "manifest.json").read_bytes()) for folder in (never, edited))
    assert (first["code"], first["sources"]) == (second["code"], second["sources"])
    assert [one["digest"] for one in first["runs"]] == [one["digest"] for one in second["runs"]]


def test_the_command_remembers_before_it_has_imported_any_source_of_a_number() -> None:
    script = (
        "import sys, json, harness.cli; print(json.dumps([getattr(m, '__file__', '') for m in sys.modules.values()]))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(file) for file in json.loads(done.stdout) if file}
    deciding = {file for file in sources([*RUNNERS, *KERNELS]) if file.name != "__init__.py"}
    assert loaded & set((ROOT / "harness" / "cli").iterdir())
    assert not loaded & deciding


def test_no_source_of_a_run_is_imported_after_it_was_put_together() -> None:
    """An import inside a function of a plug-in could come after the digest; those of assembly come before it."""
    rooms = ("algorithms", "policies", "environments")
    named = [f"{room}.{name}" for room in rooms for name in plugins.names(room)]
    late = {
        f"{file.stem}.{work.name}"
        for file in sources(
            [*RUNNERS, *KERNELS, *named, *(f"policies.programs.{n}" for n in plugins.names("policies.programs"))]
        )
        for work in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(work, ast.FunctionDef)
        for node in ast.walk(work)
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in ROOMS
    }
    assert late == {"assembly.make_engine", "assembly._gymnasium_space"}
