"""What belongs to a bundle: the records of a study, all that was made of them, and the sources."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.errors import InputError
from harness.files import is_there
from harness.plugins import ROOT
from harness.tables.laboratory import ESTIMATES, VECTORS
from harness.tables.read import EVALUATIONS, TIMING, read_manifest, verify
from harness.tables.write import require_whole
from harness.workflow import Workflow, figures_folder, tables_folder

APART = ("results/", "reports/")  # published results of other studies are no source of this one


def data(workflow: Workflow) -> tuple[str, ...]:
    """The records of every job, verified, and the tables, figures and reports, relative to the project.

    Raises:
        InputError: if anything is missing or damaged.
    """
    name = workflow.study.name
    runs = [file for manifest in workflow.manifests for file in _job(ROOT / manifest, name)]
    measured = [
        file for manifest in workflow.measurements for file in _job(ROOT / manifest, name, (ESTIMATES, VECTORS))
    ]
    require_whole(tables_folder(name), f"harness tables {name}")
    made = [
        *tables_folder(name).glob("*.*"),
        *figures_folder(name).glob("*.*"),
        *(ROOT / "reports").glob(f"{name}.*"),
    ]
    if not {".csv", ".svg", ".html", ".pdf"} <= {path.suffix for path in made}:
        raise _unfinished(name, "its tables, figures or report are missing")
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in (*runs, *measured, *made)))


def _job(manifest: Path, study: str, needed: tuple[str, ...] = (EVALUATIONS, TIMING)) -> Iterator[Path]:
    """The files of a job, the needed ones among them; snapshots for longer budgets are no records and stay behind."""
    if not is_there(manifest):
        raise _unfinished(study, f"{manifest.relative_to(ROOT)} is missing")
    yield manifest
    for name, stated in read_manifest(manifest, needed)["files"].items():
        verify(manifest.parent / name, stated)
        yield manifest.parent / name


def _unfinished(study: str, problem: str) -> InputError:
    return InputError(f"studies/{study}.yaml", f"{problem}: `snakemake --cores 2 --config study={study}`")


def sources() -> tuple[str, ...]:
    """All files that git knows or would take in, as they are now: what was not committed made numbers too.

    Raises:
        InputError: outside a git repository, where nothing tells sources from other files.
    """
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as fault:
        raise InputError("export", "needs a git checkout, whose file list tells what the sources are") from fault
    names = sorted(name for name in answer.stdout.decode().split("\0") if name and not name.startswith(APART))
    return tuple(name for name in dict.fromkeys(names) if (ROOT / name).is_file() and not (ROOT / name).is_symlink())
