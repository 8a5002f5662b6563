"""Kernels: any edit of what is compiled makes another one, a damaged one is made again, one process makes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.fingerprint import sources
from harness.plugins import ROOT
from harness.rollouts import kernel

ACT = """
import sys
from pathlib import Path
import numpy as np
from harness.rollouts import kernel

act = kernel.build(
    Path(sys.argv[1]), environment=None, structure="policies.linear", head="greedy_continuous",
    dimensions=(0, 1, 1, 1, 0), sizes=(1, 1, 0),
)
action = np.empty(1)
act(np.array([3.0]), np.zeros(0), np.array([5.0]), np.zeros(1), np.ones(1), 0, np.zeros(4, np.uint64), action)
print(action[0])
"""
SPEC = {
    "environment": None,
    "structure": "policies.linear",
    "head": "greedy_continuous",
    "dimensions": (0, 1, 1, 1, 0),
    "sizes": (1, 1, 0),
}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Every test looks for its kernels anew, and leaves nothing behind."""
    kernel.build.cache_clear()
    yield
    kernel.build.cache_clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one compiled kernel, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    acted(folder)
    return folder


def acted(folder: Path) -> float:
    """Three times five, by the kernel of a folder."""
    kernel.build.cache_clear()
    act, action = kernel.build(folder, **SPEC), np.empty(1)
    act(np.array([3.0]), np.zeros(0), np.array([5.0]), np.zeros(1), np.ones(1), 0, np.zeros(4, np.uint64), action)
    return float(action[0])


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def caches(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*/__pycache__/*.{suffix}"))


def start(folder: Path, project: Path = ROOT) -> subprocess.Popen[bytes]:
    """A process of its own that acts with the kernel of a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", ACT, str(folder)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def said(process: subprocess.Popen[bytes]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


def test_a_kernel_is_compiled_once_and_found_by_the_next_process(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "kernels")
    before = {path.name: path.stat().st_mtime_ns for path in caches(folder, "nb?")}
    assert acted(folder) == 15.0
    assert {path.name: path.stat().st_mtime_ns for path in caches(folder, "nb?")} == before
    assert len(folders(folder)) == 1


def test_an_edit_of_a_called_function_makes_another_kernel_and_is_obeyed(tmp_path: Path) -> None:
    """Numba alone would go on with the old one: it looks at the kernel's own file only."""
    project = tmp_path / "project"
    for room in ("harness", "policies", "environments", "algorithms"):
        shutil.copytree(ROOT / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
    kernels = tmp_path / "kernels"
    assert said(start(kernels, project)) == "15.0"
    source = project / "policies" / "linear.py"
    text = source.read_text(encoding="utf-8")
    assert text.count("out[k] = total") == 1
    source.write_text(text.replace("out[k] = total", "out[k] = -total"), encoding="utf-8")
    assert said(start(kernels, project)) == "-15.0"
    assert len(folders(kernels)) == 2
    source.write_text(text, encoding="utf-8")
    assert said(start(kernels, project)) == "15.0"
    assert len(folders(kernels)) == 2  # the first is found again


def test_everything_that_is_compiled_into_a_kernel_is_among_its_sources() -> None:
    compiled = {path.relative_to(ROOT).as_posix() for path in sources(["policies.mlp", "environments.acrobot"])}
    assert {"policies/mlp.py", "harness/rollouts/tanh.py", "harness/rollouts/random.py"} <= compiled
    assert "environments/acrobot.py" in compiled


@pytest.mark.parametrize("change", [{"sizes": (1, 1, 1)}, {"dimensions": (0, 1, 1, 1, 7)}, {"head": "greedy_discrete"}])
def test_other_constants_and_another_head_make_another_kernel(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    folder = shutil.copytree(made, tmp_path / "kernels")
    imported: list[Path] = []
    monkeypatch.setattr(kernel, "_execute", lambda path, name: imported.append(path) or kernel)
    kernel.build.cache_clear()
    monkeypatch.setattr(kernel, "kernel", None, raising=False)
    kernel.build(folder, **(SPEC | change))
    assert len(folders(folder)) == 2
    assert imported[0].parent.name not in folders(made)


@pytest.mark.parametrize("version", ["numba", "llvmlite"])
def test_another_version_of_the_compiler_makes_another_kernel(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    folder = shutil.copytree(made, tmp_path / "kernels")
    monkeypatch.setattr(kernel, "_execute", lambda path, name: kernel)
    monkeypatch.setattr(kernel, "kernel", None, raising=False)
    monkeypatch.setattr(f"{version}.__version__", "0.0.0")
    kernel.build(folder, **SPEC)
    assert len(folders(folder)) == 2


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_truncated_cache_is_named_and_made_again(made: Path, tmp_path: Path, suffix: str, left: float) -> None:
    folder = shutil.copytree(made, tmp_path / "kernels")
    (path,) = caches(folder, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole))])
    with pytest.warns(UserWarning, match=r"greedy_continuous\.py could not be read .* it is made again"):
        assert acted(folder) == 15.0
    assert len(caches(folder, suffix)[0].read_bytes()) > 0.9 * len(whole)
    assert acted(folder) == 15.0  # without a warning


def test_a_truncated_kernel_module_is_written_again(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "kernels")
    (module,) = folder.glob("*/*.py")
    text = module.read_text(encoding="utf-8")
    module.write_text(text[:-200], encoding="utf-8")
    assert acted(folder) == 15.0
    assert module.read_text(encoding="utf-8") == text


def test_a_fault_in_a_structure_is_not_taken_for_a_damaged_cache(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match="no_such_head"):
        kernel.build(tmp_path, **(SPEC | {"head": "no_such_head"}))


def test_two_processes_that_need_the_same_kernel_at_once_both_get_it(tmp_path: Path) -> None:
    processes = [start(tmp_path / "kernels") for _ in range(2)]
    assert [said(process) for process in processes] == ["15.0", "15.0"]
    assert len(folders(tmp_path / "kernels")) == 1
    assert len(caches(tmp_path / "kernels", "nbi")) == 1


def test_a_process_looks_for_a_kernel_once(made: Path) -> None:
    assert kernel.build(made, **SPEC) is kernel.build(made, **SPEC)
