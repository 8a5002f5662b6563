"""From a finished study to its report: what the tables do not know is gathered here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.films import film_of
from harness.plugins import ROOT
from harness.report import Clip, Facts, build
from harness.results import best_runs
from harness.tracking import ledger
from harness.workflow import Workflow, figures_folder, tables_folder


def write_report(workflow: Workflow) -> tuple[Path, Path]:
    """Write reports/{study}.html and reports/{study}.pdf, from whatever runs there are."""
    study = workflow.study
    names = dict.fromkeys(planned.cell.environment.name for planned in workflow.planned)
    manifests = [ROOT / path for path in workflow.manifests]
    facts = Facts(
        study=study.name,
        title=study.title,
        question=study.question,
        notes=study.notes,
        environments={name: workflow.environments[name] for name in names},
        provenance=list(provenances(manifests)),
        command=f"snakemake --cores 8 --config study={study.name}",
        cells=[planned.cell for planned in workflow.planned],
        clips=list(_clips(workflow, names)),
        unmirrored=ledger.unmirrored(ROOT / "results", study.name, manifests),
    )
    return build(facts, tables_folder(study.name), figures_folder(study.name), ROOT / "reports")


def provenances(manifests: list[Path]) -> Iterator[dict[str, Any]]:
    """The distinct provenances of the jobs that are there."""
    seen = set()
    for path in manifests:
        if path.exists():
            facts = json.loads(path.read_text(encoding="utf-8"))["provenance"]
            text = json.dumps(facts, sort_keys=True)
            if text not in seen:
                seen.add(text)
                yield facts


def _clips(workflow: Workflow, environments: dict[str, None]) -> Iterator[Clip]:
    """The best finished run in each environment, as a film."""
    for environment in environments:
        found = best_runs(workflow, environment, None, None, None)
        if found:
            cell, seed, _ = found[0]
            _, policy, algorithm = cell.labels
            yield Clip(environment, policy, algorithm, seed, film_of(cell, seed))
