"""The last words of a study: where its result is, and what MLflow does not show; or what to do where it failed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from harness.plugins import ROOT
from harness.tracking import ledger
from harness.workflow import Workflow


def farewell(workflow: Workflow) -> str:
    """Where the result is, what to do with it, and what MLflow does not show of it."""
    name = workflow.study.name
    if workflow.study.tuning:
        made = f"\nThe tuned settings:    tuned/{name}.yaml, every draw in tuned/{name}.csv"
    else:
        made = (
            f"\nThe report:            reports/{name}.html and reports/{name}.pdf"
            f"\nThe numbers:           results/tables/{name}/"
        )
    return f"{made}\n{_view(workflow)}\n"


def _view(workflow: Workflow) -> str:
    """How to see the runs in MLflow, and what is not there of this study and of others."""
    harness, name, results = command("harness"), workflow.study.name, ROOT / "results"
    missing = ledger.unmirrored(results, name, [ROOT / path for path in workflow.manifests])
    lines = [
        f"Not in MLflow:         {len(missing)} runs ({missing[0].reason}); to show them: {harness} sync {name}"
        if missing
        else f"All runs in MLflow:    {harness} ui {name}"
    ]
    if others := [one for one in ledger.emptied(results) if one != name]:
        lines.append(
            f"The MLflow store was made anew, without {', '.join(others)}; to show a study: {harness} sync STUDY"
        )
    return "\n".join(lines)


def advice(workflow: Workflow) -> str:
    """What can be done where something failed, and which runs ended without a word."""
    harness, name = command("harness"), workflow.study.name
    stages = " && ".join(f"{harness} {stage} {name}" for stage in ("tables", "figures", "report"))
    lines = [
        "",
        "Something failed; the other jobs were done, and the same command goes on from there.",
        *workflow.abandoned(),
        "The logs:                                results/logs/",
        f"A report that shows what is missing:     {stages}",
        "",
    ]
    return "\n".join(lines)


def command(name: str) -> str:
    """A command of this Python's environment, as a person can type it here: by its path where PATH does not find it."""
    path = Path(sys.executable).parent / name
    found = shutil.which(name)
    if found and Path(found).parent.samefile(path.parent):
        return name
    return shlex.quote(os.path.relpath(path) if path.is_relative_to(ROOT) else str(path))
