"""From the runs of a study of tuning to its tuned settings: the files that `harness/tuned.py` reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from harness import plugins
from harness.cell import Part
from harness.errors import InputError
from harness.files import write_together
from harness.interface import Floats
from harness.manifest import read_manifest
from harness.results import records
from harness.search import draw_label, drawn_from, search_space
from harness.statistics.tuning import FLOOR, best, best_everywhere, eligible, floored
from harness.tables.cells import CellRuns
from harness.tables.read import read_cell
from harness.tables.write import csv_bytes
from harness.tuned import Draw, yaml_text
from harness.workflow import Workflow

HEAD = "# Made by `{command}` from the runs in {study}.csv; not to be edited.\n"
SCORE = f"mean over seeds of the area under the normalised learning curve, of each run at least {FLOOR:g}"
Parts: TypeAlias = Mapping[tuple[str, str, str], Part]  # settings by environment, policy and label of a draw
Tried: TypeAlias = tuple[Draw, ...]  # all draws of a label with a policy in an environment, the default first


def tune(workflow: Workflow, folder: Path) -> None:
    """Write {study}.csv and {study}.yaml.

    Args:
        workflow: of a study of tuning, all of its runs there.
        folder: `tuned`.

    Raises:
        InputError: it is no study of tuning, or runs are missing or damaged.
    """
    study = workflow.study
    if study.tuning is None:
        raise InputError(f"studies/{study.name}.yaml", "has no `tuning:`, so there is nothing to tune")
    parts: Parts = {planned.cell.labels: planned.cell.algorithm for planned in workflow.planned}
    tried = [tuple(group) for _, group in groupby(sorted(_draws(workflow, parts), key=_place), key=lambda one: one[:3])]
    table = csv_bytes(
        Draw._fields, ({**one._asdict(), "settings": _json(one.settings)} for cell in tried for one in cell)
    )
    seeds = workflow.planned[0].seeds
    facts = {
        "study": study.name,
        "tried": study.tuning.settings,
        "first_seed": seeds.start,
        "seeds": len(seeds),
        "score": SCORE,
        "draws": hashlib.sha256(table).hexdigest(),
        "provenance": list(_provenances(workflow)),
    }
    entries = {"each": [_each(cell, parts) for cell in tried], "one": list(_one(tried, parts))}
    head = HEAD.format(command=f"snakemake --cores 8 tune --config study={study.name}", study=study.name)
    text = head + yaml_text(facts, entries)
    write_together(folder, {f"{study.name}.csv": table, f"{study.name}.yaml": text.encode()})


def _draws(workflow: Workflow, parts: Parts) -> Iterator[Draw]:
    """Every setting in every cell."""
    for record in records(workflow):
        cell = read_cell(record)
        if cell.missing:
            command = f"snakemake --cores 2 tune --config study={workflow.study.name}"
            missing = f"{cell.missing} runs are missing, and all must be there to choose: `{command}`"
            raise InputError(" × ".join(record.key), missing)
        part = parts[record.key]
        searched = search_space(plugins.load("algorithms", part.file))
        yield draw_of(cell, {name: part.settings[name] for name in searched})


def draw_of(cell: CellRuns, settings: Mapping[str, Any]) -> Draw:
    """The row of a setting in a cell, all of whose runs are there."""
    record, scores = cell.record, floored(cell.areas)  # [S]
    label, number = drawn_from(record.algorithm)
    return Draw(
        record.environment,
        record.policy,
        label,
        record.family,
        number,
        settings,
        record.budget,
        len(scores),
        cell.diverged,
        max(run.turns for run in cell.runs),
        float(scores.mean()),
        float(scores.std(ddof=1)) if len(scores) > 1 else np.nan,
        sum(run.steps for run in cell.runs),
        " ".join(run.digest for run in cell.runs),
    )


def _place(one: Draw) -> tuple[str, str, str, int]:
    return one.environment, one.policy, one.algorithm, one.draw


def _each(tried: Tried, parts: Parts) -> dict[str, Any]:
    """The best setting in one environment."""
    return _winner([tried], best(_scores(tried)), parts)


def _one(tried: Sequence[Tried], parts: Parts) -> Iterator[dict[str, Any]]:
    """The best setting over all environments in which a label with a policy was tuned."""
    groups: dict[tuple[str, str], list[Tried]] = {}
    for cell in tried:
        groups.setdefault((cell[0].policy, cell[0].algorithm), []).append(cell)
    for _, group in sorted(groups.items()):
        yield _winner(group, best_everywhere(np.stack([_scores(cell) for cell in group])), parts)


def _winner(group: Sequence[Tried], number: int, parts: Parts) -> dict[str, Any]:
    """The entry of a draw that was chosen in some environments."""
    won = group[0][number]
    part = parts[won.environment, won.policy, draw_label(won.algorithm, number)]
    return {
        "environments": [cell[0].environment for cell in group],
        "policy": won.policy,
        "algorithm": won.algorithm,
        "plugin": part.file,
        "draw": number,
        "score": float(np.mean([cell[number].score for cell in group])),
        "steps": sum(one.steps for cell in group for one in cell),
        "settings": dict(part.settings),
    }


def _scores(tried: Tried) -> Floats:
    """Of those that can be chosen [K]."""
    return eligible(np.array([one.score for one in tried]), np.array([one.turns for one in tried], dtype=float))


def _provenances(workflow: Workflow) -> Iterable[dict[str, Any]]:
    """Where the runs were made; each way once."""
    found = (read_manifest(plugins.ROOT / path)["provenance"] for path in workflow.manifests)
    return {_json(one): one for one in found}.values()


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
