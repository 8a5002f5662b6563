"""Publishing a study: what a repository keeps of it, so that every number can be run again and every table made again.

    results/published/{study}/runs/…       manifest and Parquet of every job; candidates where they are small
    results/published/{study}/tables/      the tables of the report
    results/published/{study}/figures/     its figures
    results/published/{study}/MANIFEST.sha256
    reports/published/{study}.html|pdf

The manifest of a published job vouches for the files that are there and names what stayed behind (`left`); it keeps
the digest of every run, which a rerun must have.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.bundle.pack import MANIFEST, manifest
from harness.errors import InputError
from harness.files import checksum, write_json
from harness.plugins import ROOT, shown
from harness.seal import SEAL, sealed
from harness.tables.read import read_manifest, verify
from harness.tables.write import require_whole
from harness.verify import claims
from harness.workflow import Workflow, figures_folder, tables_folder

REPORTS = ROOT / "reports" / "published"
LARGE = 128 * 1024  # bytes of candidates.npz beyond which it stays behind
MOST = 60_000_000  # bytes of all published studies together
CANDIDATES = "candidates.npz"


def publish(workflow: Workflow) -> Path:
    """Publish what a study has, in the place of what was published of it; returns the folder.

    Raises:
        InputError: nothing was run, something is damaged, tables or report are missing or older than the runs, or all
            that is published would be too large; what was published before then stands.
    """
    name = workflow.study.name
    place = claims.PUBLISHED / name
    aside = ROOT / "results" / f".published-{name}"  # of one that was killed, if it is there
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _gather(workflow, aside / name)
        report = [ROOT / "reports" / f"{name}.{ending}" for ending in ("html", "pdf")]
        if lost := [path for path in report if not path.exists()]:
            raise InputError(shown(lost[0]), _again(name))
        _require_small(name, [aside, *report])
        _replace(aside, place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    for path in report:
        shutil.copyfile(path, REPORTS / path.name)
    return place


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, or of one file."""
    files = folder.rglob("*") if folder.is_dir() else [folder]
    return sum(path.stat().st_size for path in files if path.is_file())


def _again(name: str) -> str:
    return f"not there yet: `snakemake --cores 2 --config study={name}`"


def _gather(workflow: Workflow, folder: Path) -> None:
    """All that is published of a study, checked, under one list of checksums."""
    name = workflow.study.name
    jobs = [ROOT / path for path in workflow.manifests if (ROOT / path).exists()]
    if not jobs:
        raise InputError(f"studies/{name}.yaml", f"has no finished run: `snakemake --cores 2 --config study={name}`")
    require_whole(tables_folder(name), f"harness tables {name}")
    _require_same(name, {run["digest"] for job in jobs for run in read_manifest(job)["runs"]})
    for job in jobs:
        _copy_job(job, folder / job.parent.relative_to(ROOT / "results"))
    for part, source in (("tables", tables_folder(name)), ("figures", figures_folder(name))):
        if not source.is_dir():
            raise InputError(shown(source), _again(name))
        shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns(".*"))
    sums = {path.relative_to(folder).as_posix(): checksum(path) for path in sorted(_files(folder))}
    (folder / MANIFEST).write_text(manifest(sums), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _require_same(name: str, recorded: set[str]) -> None:
    """Refuse tables that are not those of the runs.

    Args:
        name: of the study.
        recorded: digests of the runs.
    """
    path = tables_folder(name) / "runs.csv"
    with path.open(newline="", encoding="utf-8") as file:
        listed = {row["digest"] for row in csv.DictReader(file) if row["digest"]}
    if listed != recorded:
        raise InputError(shown(path), f"is not made of the runs that are there: `harness tables {name}`")


def _copy_job(source: Path, folder: Path) -> None:
    """The records of a job, verified; a manifest that vouches for what is copied and names what is not."""
    content = read_manifest(source)
    kept: dict[str, str] = {}
    left: dict[str, str] = {}
    folder.mkdir(parents=True)
    for name, stated in content["files"].items():
        path = source.with_name(name)
        verify(path, stated)
        if name == CANDIDATES and path.stat().st_size > LARGE:
            left[name] = stated
        else:
            kept[name] = stated
            shutil.copyfile(path, folder / name)
    public: dict[str, Any] = {key: value for key, value in content.items() if key != SEAL}
    write_json(folder / source.name, sealed(public | {"files": kept, "left": left}))


def _require_small(name: str, fresh: list[Path]) -> None:
    """Refuse what would make all published studies larger than a repository should hold."""
    old = [path for place in (claims.PUBLISHED, REPORTS) if place.is_dir() for path in place.iterdir()]
    others = [path for path in old if path.name.partition(".")[0] != name and not path.name.startswith(".")]
    size = sum(map(size_of, [*fresh, *others]))
    if size > MOST:
        raise InputError(f"study {name}", f"with it, {size / 1e6:.1f} MB would be published, of {MOST / 1e6:.0f}")


def _replace(aside: Path, place: Path) -> None:
    """Put what was gathered aside in the place of what was published; that stands until the new one is whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(aside / "before")
    (aside / place.name).rename(place)
