"""A published study made again from what is published of it, and held against it, byte for byte.

    {folder}/tables/{study}/    {folder}/figures/{study}/    {folder}/reports/{study}.html|pdf

No run is repeated and nothing but the published records, `studies/`, `envs.yaml`, `claims.yaml` and `tuned/` is read.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.plugins import ROOT, shown
from harness.published.read import REPORTS, by_digest, checked, studies
from harness.results import Manifests, tabulate
from harness.verify.claims import PUBLISHED
from harness.vouched import SUMS
from harness.workflow import Workflow

KEPT = "the published ones"
CLAIMS = {"claims.csv", "claims.tex", SUMS}  # the tables that alone differ where the claims do: Holm counts them all
REBUILT = ROOT / "results" / "rebuilt"


class Likeness(NamedTuple):
    """How files that were made again compare with those that were kept."""

    what: str
    same: int
    others: tuple[str, ...]  # names of those with other bytes, or on one side only
    whose: str = KEPT

    @property
    def line(self) -> str:
        """`tables: 27 of 28 byte-equal to the published ones; not runs.csv`."""
        total, odd = self.same + len(self.others), ", ".join(self.others)
        why = " (claims.yaml is another, or declares more)" if self.others and CLAIMS.issuperset(self.others) else ""
        return f"{self.what}: {self.same} of {total} byte-equal to {self.whose}{f'; not {odd}{why}' if odd else ''}"


def records_of(name: str) -> Manifests:
    """The published jobs of a study, every file held to its checksum.

    Raises:
        InputError: the study is not published, or a file is not what was published.
    """
    if name not in studies():
        raise InputError(shown(PUBLISHED / name), "is not published", name, studies())
    return by_digest(checked(PUBLISHED / name))


def folder_for(asked: Path | None) -> Path:
    """Where a study is made again; raises InputError where that would be in the place of what is no copy."""
    if asked is None:
        return REBUILT
    folder, results = asked.resolve(), ROOT / "results"
    if folder == ROOT or (folder.is_relative_to(results) and not folder.is_relative_to(REBUILT)):
        raise InputError(f"--into {asked}", f"holds what is no copy; name {shown(REBUILT)} or a folder elsewhere")
    return folder


def rebuild_tables(workflow: Workflow, manifests: Manifests, folder: Path) -> Likeness:
    """Make {folder}/tables/{study}; raises as `tabulate`."""
    name = workflow.study.name
    tables = folder / "tables" / name
    shutil.rmtree(tables, ignore_errors=True)
    tabulate(workflow, tables, manifests)
    return likeness("tables", tables, PUBLISHED / name / "tables")


def rebuild_report(workflow: Workflow, manifests: Manifests, folder: Path) -> tuple[Likeness, Likeness]:
    """Make figures and report from the tables of `rebuild_tables`."""
    from harness.figures import draw_all
    from harness.publish import report_of

    name = workflow.study.name
    tables, figures, reports = folder / "tables" / name, folder / "figures" / name, folder / "reports"
    shutil.rmtree(figures, ignore_errors=True)
    draw_all(tables, figures)
    made = report_of(workflow, manifests, tables, figures, reports, published=True)
    same = [path.name for path in made if _same(path, REPORTS / path.name)]
    others = tuple(path.name for path in made if path.name not in same)
    drawn = likeness("figures", figures, PUBLISHED / name / "figures", apart=SUMS)  # older ones were published without
    return drawn, Likeness("report", len(same), others)


def likeness(what: str, made: Path, kept: Path, whose: str = KEPT, apart: str = "") -> Likeness:
    """Hold the files of two folders against each other, byte for byte, but for the one that is apart."""
    names = sorted({path.name for folder in (made, kept) for path in folder.glob("*")} - {apart})
    others = tuple(name for name in names if not _same(made / name, kept / name))
    return Likeness(what, len(names) - len(others), others, whose)


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()
