"""Own runs against recorded ones, nothing rerun: which is better, by how much, and is that more than luck?

An own cell meets every recorded cell of the same environment and the same policy, settings included. Nothing in a run
depends on its budget, so both are scored at the smaller of the two budgets. Where both have the same seeds they are
paired. The statistics are those of `harness/tables/comparisons.py`; p is adjusted by Holm over all opponents that an
own cell meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.cell import SHORT, Cell
from harness.errors import InputError
from harness.files import is_there
from harness.fingerprint import cell_fingerprint
from harness.interface import Floats
from harness.manifest import read_manifest
from harness.plugins import ROOT, shown
from harness.published import read
from harness.results import RESAMPLES, TABLE_SEED
from harness.spec import Environment, load_environments
from harness.statistics.bootstrap import Estimate, bootstrap
from harness.statistics.comparisons import holm
from harness.statistics.equivalence import IQM, paired_difference
from harness.statistics.scores import iqm
from harness.streams import address
from harness.study import studies
from harness.tables.cells import CellRecord, CellRuns
from harness.tables.comparisons import compare, is_paired
from harness.tables.read import read_cell
from harness.verify import claims
from harness.workflow import open_study

RUNS = "results/runs"
COLUMNS = (
    *("environment", "policy", "budget", "own", "own_n", "own_iqm"),
    *("other", "cell", "family", "n", "iqm", "same_evaluation", "present_sources", "paired"),
    *("difference", "difference_low", "difference_high", "normalised_difference"),
    *("probability", "low", "high", "p", "p_holm"),
)


@dataclass(frozen=True)
class Recorded:
    """One recorded cell: what its manifests have in common, and where they lie."""

    cell: Cell
    code: str  # digest of the sources that made it
    family: str
    parameters: int  # P
    seeds: tuple[int, ...]
    manifests: tuple[Path, ...]

    def scored(self, budget: int, environment: Environment) -> CellRuns:
        """Its runs, scored at a budget."""
        name, policy, algorithm = self.cell.labels
        scores = environment.scores
        record = CellRecord(
            environment=name,
            policy=policy,
            algorithm=algorithm,
            family=self.family,
            parameters=self.parameters,
            digest=self.cell.digest,
            seeds=self.seeds,
            budget=budget,
            manifests=self.manifests,
            random=scores.random,
            reference=scores.reference,
            optimum=None,
            solved=environment.solved,
            targets=environment.targets,
            structure=self.cell.policy.file,
            problem=name,
            horizon=environment.horizon,
            actions=0,  # no comparison asks for it
        )
        return read_cell(record)


def comparison(name: str, against: str) -> list[dict[str, Any]]:
    """Every own cell against every recorded cell that it can be held against, best difference first.

    Args:
        name: a study, or an algorithm that studies ask for, by its file or its label.
        against: `published`, a published study, or a folder of records.

    Raises:
        InputError: if either has no runs, or no cell of the one can be held against one of the other.
    """
    own, others = own_cells(name), recorded_cells(_opponents(against))
    known = {one.cell.digest for one in own}
    pairs = {
        one.cell.digest: [two for two in others if two.cell.digest not in known and comparable(one.cell, two.cell)]
        for one in own
    }
    if not any(pairs.values()):
        raise InputError(name, f"no cell of it has the environment and the policy of another one of {against}")
    environments = load_environments(ROOT)
    return [row for one in own for row in _rows(one, pairs[one.cell.digest], environments)]


def comparable(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same problem for their algorithms."""
    same_policy = (one.policy.file, one.policy.settings) == (other.policy.file, other.policy.settings)
    return one.environment == other.environment and same_policy


def own_cells(name: str) -> list[Recorded]:
    """The cells of a study, or those of all studies with an algorithm, as far as they were run.

    Raises:
        InputError: if there is no such study or algorithm, or nothing was run.
    """
    names = studies(ROOT)
    workflows = [open_study(study) for study in ([name] if name in names else names)]
    wanted = {
        manifest
        for workflow in workflows
        for job, manifest in zip(workflow.jobs, workflow.manifests, strict=True)
        if name in (workflow.study.name, job.cell.algorithm.label, job.cell.algorithm.file)
    }
    if not wanted:
        known = {planned.cell.algorithm.label for workflow in workflows for planned in workflow.planned}
        raise InputError(name, "is neither a study nor an algorithm of one", name, sorted({*names, *known}))
    found = recorded_cells(path for path in sorted(ROOT / one for one in wanted) if is_there(path))
    if not found:
        raise InputError(name, f"has no finished run below {RUNS}: run its study first")
    return found


def _opponents(against: str) -> Iterator[Path]:
    """Manifests of the jobs to compare with."""
    places = [claims.PUBLISHED if against == "published" else claims.PUBLISHED / against, Path(against)]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise InputError(against, f"is neither `published`, a study below {shown(claims.PUBLISHED)}, nor a folder")
    paths = read.checked(folder) if read.is_published(folder) else folder.rglob("manifest.json")
    yield from claims.run_manifests(paths)


def recorded_cells(manifests: Iterable[Path]) -> list[Recorded]:
    """The cells that manifests hold, in the order of their labels.

    Raises:
        InputError: for a manifest that cannot be used.
    """
    found: dict[str, list[tuple[Path, Mapping[str, Any]]]] = {}
    cells: dict[str, Cell] = {}
    for claim in claims.read_claims(manifests):
        cells[claim.cell.digest] = claim.cell
        jobs = found.setdefault(claim.cell.digest, [])
        if not jobs or jobs[-1][0].parent != claim.folder:
            path = claim.folder / "manifest.json"
            jobs.append((path, read_manifest(path)))
    return sorted((_recorded(cells[digest], jobs) for digest, jobs in found.items()), key=lambda one: one.cell.labels)


def _recorded(cell: Cell, jobs: Sequence[tuple[Path, Mapping[str, Any]]]) -> Recorded:
    seeds = sorted({run["seed"] for _, manifest in jobs for run in manifest["runs"]})
    first, paths = jobs[0][1], tuple(path for path, _ in jobs)
    return Recorded(cell, first["code"], first["family"], first["parameters"], tuple(seeds), paths)


def _rows(own: Recorded, others: Sequence[Recorded], environments: Mapping[str, Environment]) -> list[dict[str, Any]]:
    """One own cell against all that it meets, adjusted, the largest gain first."""
    name = own.cell.environment.name
    if name not in environments:
        raise InputError("envs.yaml", f"has no entry {name}, whose scores are needed")
    rows = [_row(own, other, environments[name]) for other in others]
    adjusted = holm(np.array([row["p"] for row in rows])) if rows else np.empty(0)
    for row, p in zip(rows, adjusted, strict=True):
        row["p_holm"] = float(p)
    return sorted(rows, key=lambda row: (-row["difference"], row["other"], row["cell"]))


def _row(own: Recorded, other: Recorded, environment: Environment) -> dict[str, Any]:
    """One pair, not yet adjusted."""
    budget = min(own.cell.budget, other.cell.budget)
    one, two = own.scored(budget, environment), other.scored(budget, environment)
    rng = partial(address(TABLE_SEED), "compare", own.cell.digest, other.cell.digest)
    estimate, p = compare(one, two, rng("probability"), RESAMPLES)
    gain = difference(one, two, rng("difference"))
    name, policy, algorithm = own.cell.labels
    alike = own.cell.evaluation == other.cell.evaluation
    values = (
        *(name, policy, budget, algorithm, len(one.runs), float(iqm(one.scores))),
        *(other.cell.labels[2], other.cell.digest[:SHORT], other.family, len(two.runs), float(iqm(two.scores))),
        *(alike, cell_fingerprint(other.cell) == other.code, is_paired(one, two)),
        *(*map(float, gain), float(gain.value) / (environment.scores.reference - environment.scores.random)),
        *(*map(float, estimate), p, np.nan),
    )
    return dict(zip(COLUMNS, values, strict=True))


def difference(one: CellRuns, two: CellRuns, rng: np.random.Generator) -> Estimate:
    """Difference of the interquartile means of the scores, with its interval."""
    first, second = one.scores, two.scores  # [N], [M]
    if is_paired(one, two):
        return paired_difference(rng, np.stack((first, second), axis=1), RESAMPLES)

    def contrast(tables: Floats) -> Floats:
        """Tables [R, N + M] -> [R]."""
        return np.asarray(IQM(tables[:, : len(first)]) - IQM(tables[:, len(first) :]))

    table = np.concatenate((first, second))  # [N + M]
    return bootstrap(rng, table, (len(first), len(second)), contrast, RESAMPLES)
