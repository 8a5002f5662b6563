"""A folder of compiled kernels that cannot be used is named in one line; it is no verdict on a run or a plug-in."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import small_project

from faults import test_pipes
from faults.documents import ENVIRONMENTS
from faults.places import move
from faults.test_disk import leave, mounted
from faults.test_pipes import STUDY, job, told
from harness.cli import main
from harness.files import Unusable
from harness.kernel_folder import of_kernels
from harness.plugins import ROOT
from harness.rollouts import kernel

COMMANDS = {
    "job": job,
    "run": lambda: ["run", "Pole", "linear", "ars", "--budget", "500"],
    "verify": lambda: ["verify", "mine"],
    "check": lambda: ["check", "algorithms/ars.py"],
}


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Everybody may write to it."""
    folder.chmod(0o777)
    try:
        yield
    finally:
        folder.chmod(0o700)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    with mounted(folder, "-t", "tmpfs", "-o", "ro,mode=700", "tmpfs"):
        yield


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Room for the module of a kernel, and not for what Numba makes of it."""
    with mounted(folder, "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"):
        leave(folder, 16)
        yield


FAULTS = {
    shared: "which holds compiled code: `chmod o-w` it",
    read_only: "Read-only file system",
    full: "No space left on device",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished run and an empty folder of kernels."""
    project = small_project.write(tmp_path_factory.mktemp("project"), STUDY, ENVIRONMENTS)
    kernels = project / ".kernels"
    kernels.symlink_to(ROOT / ".kernels")
    with pytest.MonkeyPatch.context() as patch:
        move(patch, project)
        assert main(job()) == 0
        kernels.unlink()
        kernels.mkdir(0o700)
        kernel.build.cache_clear()
        yield project
    kernel.build.cache_clear()


TRIALS = [(fault, command) for fault in (shared, read_only) for command in COMMANDS]
TRIALS += [(full, "job"), (full, "verify")]  # found when all is compiled, after many seconds


@pytest.mark.parametrize(("fault", "command"), TRIALS)
def test_a_folder_of_kernels_that_cannot_be_used_is_named_in_one_line_and_is_no_verdict(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: Callable[[Path], AbstractContextManager[None]],
) -> None:
    monkeypatch.setattr(test_pipes, "PATIENCE", 200.0)
    words = COMMANDS[command]()
    seeds = ["--first", "2", "--last", "2"] if command == "job" else []  # of its own: nothing to adopt
    with fault(project / ".kernels"):
        status, said = told(words + seeds, tmp_path / "log")
    assert status == 1, said
    assert said.startswith("error: "), said
    assert ".kernels" in said.partition(": ")[2], said
    assert said.endswith(f"{FAULTS[fault]}\n"), said
    assert said.count("\n") == 1, said


def test_the_fault_comes_whole_out_of_a_worker_and_no_other_fault_is_taken_for_it() -> None:
    fault = Unusable(28, "No space left on device", ".kernels")
    again = pickle.loads(pickle.dumps(fault))
    assert type(again) is Unusable
    assert (again.errno, again.strerror, again.filename) == (28, "No space left on device", ".kernels")
    assert of_kernels(again) is again
    assert of_kernels(PermissionError(13, "Permission denied", "results")) is None
