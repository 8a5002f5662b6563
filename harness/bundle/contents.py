"""What belongs to a bundle: the records of a study, all that was made of them, and the sources."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.bundle.compare import deciding
from harness.errors import InputError
from harness.files import is_there
from harness.manifest import OF_BENCH, OF_RUNS, Kind, read_manifest
from harness.plugins import ROOT
from harness.products import products_in
from harness.tables.read import verify
from harness.workflow import Workflow

APART = ("results/", "reports/")  # published results of other studies are no source of this one


def data(workflow: Workflow) -> tuple[str, ...]:
    """The records of every job, verified, and the tables, figures and reports, relative to the project.

    Raises:
        InputError: if anything is missing or damaged, or was not made of what it should show.
    """
    name = workflow.study.name
    runs = [file for manifest in workflow.manifests for file in _job(ROOT / manifest, name)]
    measured = [file for manifest in workflow.measurements for file in _job(ROOT / manifest, name, OF_BENCH)]
    made = [path for product in products_in(ROOT, name) for path in product.whole()]
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in (*runs, *measured, *made)))


def _job(manifest: Path, study: str, kind: Kind = OF_RUNS) -> Iterator[Path]:
    """The files of a job; snapshots for longer budgets are no records and stay behind."""
    if not is_there(manifest):
        again = f"`snakemake --cores 2 --config study={study}`"
        raise InputError(f"studies/{study}.yaml", f"{manifest.relative_to(ROOT)} is missing: {again}")
    yield manifest
    for name, stated in read_manifest(manifest, kind)["files"].items():
        verify(manifest.parent / name, stated)
        yield manifest.parent / name


def sources(study: str) -> tuple[str, ...]:
    """All files that git knows or would take in, as they are now: what was not committed made numbers too.

    Links are none of them, and stay behind.

    Raises:
        InputError: outside a git repository, where nothing tells sources from other files; or if one without which
            the study could not be run again is not among them.
    """
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    around = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(words, cwd=ROOT, env=around, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as fault:
        raise InputError("export", "needs a git checkout, whose file list tells what the sources are") from fault
    names = {os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
    found = {name for name in names if not name.startswith(APART) and _is_file(ROOT / name)}
    if lost := sorted({*deciding(ROOT), f"studies/{study}.yaml", "Snakefile"} - found):
        why = "git ignores it, or it is a link; without it the study could not be run again"
        raise InputError(ascii(lost[0]), f"cannot be in a bundle: {why}")
    return tuple(sorted(found))


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
