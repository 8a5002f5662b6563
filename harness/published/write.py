"""Publishing a study: what a repository keeps of it, so that every number can be run again and every table made again.

    results/published/{study}/runs/…        a job for each cell: manifest and Parquet; candidates if small or shown
    results/published/{study}/laboratory/…  the laboratory's jobs as they are
    results/published/{study}/tables/       the tables of the report
    results/published/{study}/figures/      its figures
    results/published/{study}/MANIFEST.sha256
    reports/published/{study}.html|pdf      the report, made of what is published: nothing in it is of this machine

The manifest of a published job vouches for the files that are there and names what stayed behind (`left`); it keeps
the digest of every run, which a rerun must have. A job that another published study keeps, byte for byte, is not kept
twice: the list of checksums leads there.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.bundle.pack import MANIFEST, manifest
from harness.cell import SHORT
from harness.errors import InputError
from harness.files import alone_in, is_there, named, write_together
from harness.manifest import OF_BENCH, read_manifest
from harness.plugins import ROOT, shown
from harness.products import products, products_in
from harness.publish import report_of
from harness.published import read
from harness.published.merge import Contents, merged
from harness.published.read import REPORTS, by_digest, checked
from harness.results import live, shown_runs
from harness.tables.read import verify
from harness.verify.claims import PUBLISHED
from harness.workflow import Workflow, tables_folder

BEFORE = "before"  # aside: what was published until now
MOST = 60_000_000  # bytes of the data of all published studies together; reports are drawn of them


def publish(workflow: Workflow) -> Path:
    """Publish what a study has, in the place of what was published of it; returns the folder.

    Raises:
        InputError: nothing was run, something is damaged, tables or report are missing or older than the runs, or all
            that is published would be too large.
        Unwritable: the disk is full. Either way what was published before stands.
    """
    name = workflow.study.name
    if workflow.study.tuning:
        raise InputError(f"studies/{name}.yaml", f"is a study of tuning: tuned/{name}.yaml and .csv are kept of it")
    workflow.require_runs()
    with alone_in(PUBLISHED):  # what others publish meanwhile might lead here
        return _published(workflow, name)


def _published(workflow: Workflow, name: str) -> Path:
    place = PUBLISHED / name
    aside = ROOT / "results" / f".published-{name}"  # of one that was killed, if it is there
    if (aside / BEFORE).exists() and not place.exists():  # killed between two renames
        (aside / BEFORE).rename(place)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        fresh = aside / name
        _gather(workflow, fresh)
        _require_small(name, aside)
        tables, figures = fresh / "tables", fresh / "figures"
        report_of(workflow, by_digest(checked(fresh)), tables, figures, aside, published=True)  # what a rebuild makes
        *_, report = products(name, tables, figures, aside)
        write_together(REPORTS, {path.name: path.read_bytes() for path in report.whole()})
        _replace(aside, place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return place


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, or of one file."""
    files = folder.rglob("*") if folder.is_dir() else [folder]
    return sum(path.stat().st_size for path in files if path.is_file())


def _gather(workflow: Workflow, folder: Path) -> None:
    """All that is published of a study, checked, under one list of checksums."""
    name = workflow.study.name
    jobs = [ROOT / path for path in workflow.manifests if is_there(ROOT / path)]
    recorded = {run["digest"] for job in jobs for run in read_manifest(job)["runs"]}
    tables, figures, _ = [product.whole() for product in products_in(ROOT, name)]
    _require_same(name, recorded)
    sums: dict[str, str] = {}
    for place, contents in _jobs(workflow):
        keeper = _keeper(name, place, contents)
        if not keeper:
            _write(folder / place, contents)
        prefix = f"../{keeper}/" if keeper else ""
        sums |= {f"{prefix}{place}/{file}": hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    for part, files in (("tables", tables), ("figures", figures)):
        made = {path.name: path.read_bytes() for path in files}
        _write(folder / part, made)
        sums |= {f"{part}/{file}": hashlib.sha256(content).hexdigest() for file, content in made.items()}
    _write(folder, {MANIFEST: manifest(sums).encode()})


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


def _jobs(workflow: Workflow) -> Iterator[tuple[str, Contents]]:
    """What is published of the jobs that are there: a folder, relative to that of the study, and its files."""
    filmed = {cell.digest[:SHORT] for cell, _ in shown_runs(workflow, tables_folder(workflow.study.name))}
    for digest, manifests in live(workflow).items():
        here = [path for path in manifests if is_there(path)]
        if not here:
            continue
        place = here[0].parents[1].relative_to(ROOT / "results").as_posix()
        measured = place.startswith("laboratory/")
        whole = digest in filmed
        jobs = {path.parent.name: _as_it_is(path) for path in here} if measured else merged(here, whole=whole)
        for folder, contents in jobs.items():
            yield f"{place}/{folder}", contents


def _as_it_is(path: Path) -> Contents:
    """The files of a job of the laboratory, verified."""
    files = read_manifest(path, OF_BENCH)["files"]
    for name, stated in files.items():
        verify(path.with_name(name), stated)
    return {name: path.with_name(name).read_bytes() for name in (*sorted(files), path.name)}


def _keeper(name: str, place: str, contents: Contents) -> str | None:
    """Another published study that keeps a job, byte for byte."""
    others = (other for other in read.studies() if other != name)
    return next((other for other in others if _holds(PUBLISHED / other / place, contents)), None)


def _holds(folder: Path, contents: Contents) -> bool:
    return all((folder / name).is_file() and (folder / name).read_bytes() == contents[name] for name in contents)


def _write(folder: Path, contents: Contents) -> None:
    with named(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)


def _require_small(name: str, fresh: Path) -> None:
    """Refuse what would make the data of all published studies more than a repository should hold."""
    others = (PUBLISHED / other for other in read.studies() if other != name)
    size = sum(map(size_of, [fresh, *others]))
    if size > MOST:
        raise InputError(f"study {name}", f"with it, {size / 1e6:.1f} MB would be published, of {MOST / 1e6:.0f}")


def _replace(aside: Path, place: Path) -> None:
    """Put what was gathered aside in the place of what was published; that stands until the new one is whole."""
    with named(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(aside / BEFORE)
        (aside / place.name).rename(place)
