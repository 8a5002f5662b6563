"""From a finished study to its report: what the tables do not know is gathered here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.cell import SHORT, Cell
from harness.files import is_there
from harness.films import film_of
from harness.manifest import read_manifest
from harness.plugins import ROOT
from harness.report import Clip, Facts, build
from harness.report.animation import Film
from harness.results import Manifests, candidate, live, shown_runs
from harness.tracking import ledger
from harness.workers import each
from harness.workflow import Workflow, figures_folder, tables_folder

LEFT = "its last solution is too large to be published; a rerun makes it again"


def write_report(workflow: Workflow, jobs: int = 1) -> tuple[Path, Path]:
    """Write reports/{study}.html and reports/{study}.pdf, from whatever runs there are; films by so many workers."""
    name = workflow.study.name
    lacking = ledger.unmirrored(ROOT / "results", name, [ROOT / path for path in workflow.manifests], jobs)
    folders = tables_folder(name), figures_folder(name), ROOT / "reports"
    return report_of(workflow, live(workflow), *folders, lacking, jobs)


def report_of(
    workflow: Workflow,
    manifests: Manifests,
    tables: Path,
    figures: Path,
    reports: Path,
    unmirrored: Sequence[tuple[str, str]] = (),
    jobs: int = 1,
    published: bool = False,
) -> tuple[Path, Path]:
    """Write {reports}/{study}.html and {reports}/{study}.pdf.

    Args:
        workflow: the study.
        manifests: of its jobs.
        tables: made from their records.
        figures: made from the tables.
        reports: where the two files go.
        unmirrored: run and reason, for all that MLflow does not show.
        jobs: workers at most, which change no byte.
        published: whether it leads to what is published of the study.
    """
    study = workflow.study
    names = dict.fromkeys(planned.cell.environment.name for planned in workflow.planned)
    runs = [path for planned in workflow.planned for path in manifests.get(planned.cell.digest[:SHORT], ())]
    facts = Facts(
        study=study.name,
        title=study.title,
        question=study.question,
        notes=study.notes,
        environments={name: workflow.environments[name] for name in names},
        provenance=provenances(runs, jobs),
        command=f"snakemake --cores 8 --config study={study.name}",
        cells=[planned.cell for planned in workflow.planned],
        clips=_clips(workflow, manifests, tables, jobs),
        unmirrored=unmirrored,
        published=published,
    )
    return build(facts, tables, figures, reports)


def provenances(manifests: Iterable[Path], jobs: int) -> list[dict[str, Any]]:
    """The distinct provenances of the jobs that are there; read by so many workers."""
    there = [path for path in manifests if is_there(path)]
    found = each(lambda path: json.dumps(read_manifest(path)["provenance"], sort_keys=True), there, jobs)
    return [json.loads(text) for text in dict.fromkeys(found)]


def _clips(workflow: Workflow, manifests: Manifests, tables: Path, jobs: int) -> list[Clip]:
    """The best finished run in each environment, as a film."""
    shown = shown_runs(workflow, tables)
    films = each(lambda run: film_in(manifests, *run), shown, jobs)
    return [Clip(*cell.labels, seed, film) for (cell, seed), film in zip(shown, films, strict=True)]


def film_in(manifests: Manifests, cell: Cell, seed: int) -> Film:
    """A run as a film; without a picture where its candidate stayed behind when it was published."""
    solution = candidate(manifests.get(cell.digest[:SHORT], ()), seed)
    return film_of(cell, seed, solution) if solution else Film(b"", float("nan"), 0, LEFT)
