"""What a bundle holds beside its runs, held to what vouches for it: jobs of the laboratory, tables, figures, report.

Tables are made again from the records, by the present sources alone: nothing of a bundle is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.files import checksum
from harness.plugins import ROOT
from harness.products import products_in
from harness.published.rebuild import likeness
from harness.results import live, tabulate
from harness.verify.hold import hold_benches
from harness.workflow import Workflow, open_study

MADE_AGAIN = "those made again of its records"


class Made(NamedTuple):
    """What came of holding what was made of the records."""

    lines: tuple[str, ...]
    holds: bool
    tables: Path
    workflow: Workflow | None = None  # the study, where it is the present one


def hold_made(unpacked: Path, place: str, same_sources: bool, scratch: Path) -> Made:
    """Hold the laboratory's jobs, figures and report to their checksums, and the tables to those that the records make.

    Args:
        unpacked: the bundle.
        place: how it is called.
        same_sources: whether code, lock and environments are the present ones.
        scratch: an empty folder.

    Raises:
        InputError: its tables are not those of one study, or not what was written.
    """
    name = _study(unpacked, place)
    tables, *drawn = (made._replace(again=f"harness export {name}") for made in products_in(unpacked, name))
    tables.whole()
    benches = hold_benches(sorted((unpacked / "results" / "laboratory").rglob("manifest.json")))
    faults = [*(f"the laboratory, {fault}" for fault in benches), *(made.fault for made in drawn if made.fault)]
    told = [f"  {fault.replace(f'{unpacked}/', '')}" for fault in faults] or ["figures, report: each with its checksum"]
    if reason := _why_not(unpacked, name, same_sources):
        told.append(f"tables: held to their checksums alone, not made again: {reason}")
        return Made(tuple(told), not faults, tables.folder)
    workflow = open_study(name)
    tabulate(workflow, scratch / name, live(workflow, unpacked))
    found = likeness("tables", scratch / name, tables.folder, MADE_AGAIN)
    return Made((*told, found.line), not faults and not found.others, tables.folder, workflow)


def _study(unpacked: Path, place: str) -> str:
    """The study whose tables are there."""
    names = [path.name for path in (unpacked / "results" / "tables").glob("*") if path.is_dir()]
    if len(names) != 1:
        raise InputError(place, f"holds the tables of {len(names)} studies, not of one")
    return names[0]


def _why_not(unpacked: Path, name: str, same_sources: bool) -> str:
    """Why the tables cannot be made again here, or nothing."""
    if not same_sources:
        return "its sources differ from the present ones"
    study = f"studies/{name}.yaml"
    terms = chain([study], _terms(name)) if _same(unpacked, study) else [study]
    return next((f"{term} is not the present one" for term in terms if not _same(unpacked, term)), "")


def _terms(name: str) -> Iterator[str]:
    """The files that the tables of a study are made from, beside sources and records."""
    study = open_study(name).study
    yield "claims.yaml"
    yield from (f"studies/{part}.yaml" for part in study.parts)
    yield from (f"tuned/{one.file.study}.{suffix}" for one in study.tuned for suffix in ("yaml", "csv"))


def _same(unpacked: Path, name: str) -> bool:
    """Whether a file is the same in the bundle and here."""
    one, other = unpacked / name, ROOT / name
    return one.is_file() and other.is_file() and checksum(one) == checksum(other)
