"""A cell of a study as the tables see it: what was expected, what has come back, and each run's numbers.

The rules (carried forward, floor of a diverged run, confirmed crossings) are those of `docs/tables.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.interface import Booleans, Floats, Integers
from harness.statistics.curves import area, at
from harness.statistics.scores import normalised
from harness.statistics.targets import first_crossings

FINISHED, DIVERGED, MISSING = "finished", "diverged", "missing"


@dataclass(frozen=True)
class CellRecord:
    """One cell of the grid: algorithm × policy × environment, its expected seeds and where their jobs are recorded."""

    environment: str
    policy: str
    algorithm: str
    family: str
    parameters: int  # P
    digest: str  # of the canonical spec
    seeds: tuple[int, ...]
    budget: int  # charged steps
    manifests: tuple[Path, ...]  # of all expected jobs; those that do not exist yet are missing
    random: float  # score of the random policy
    reference: float  # frozen reference score
    optimum: float | None  # best possible expected return, where it is known
    solved: float
    targets: tuple[float, ...]
    structure: str  # kind of the policy: the plug-in behind its label
    problem: str  # what is played, whatever its horizon and size: the plug-in or id behind the environment
    horizon: int  # steps of an episode at most
    actions: int  # dimension of the action; of a discrete one the number of choices

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells the cells of one study apart."""
        return self.environment, self.policy, self.algorithm

    @cached_property
    def ladder(self) -> Floats:
        """All targets, `solved` among them, ascending [T]."""
        return np.unique((*self.targets, self.solved))

    @property
    def identity(self) -> dict[str, str | int]:
        """First columns of every table about cells."""
        names = ("environment", "policy", "algorithm", "family", "parameters")
        return {name: getattr(self, name) for name in names}


class RunRecord(NamedTuple):
    """One recorded run: its line in the manifest, K evaluations, its seconds."""

    seed: int
    status: str
    reason: str
    turns: int
    steps: int
    episodes: int
    digest: str
    evaluated: Integers  # [K] charged steps
    played: Integers  # [K] charged episodes
    returns: Floats  # [K]
    exact: Booleans  # [K] whether the return is the exact expectation
    seconds: Floats  # [5] ask, rollout, tell, evaluate, total


class JobRecord(NamedTuple):
    """One recorded job: its runs, and the digests of the claims that it knew, by name."""

    runs: tuple[RunRecord, ...]
    claims: Mapping[str, str]


class CellRuns(NamedTuple):
    """A record with its n runs that came back, in the order of their seeds; T targets of the ladder."""

    record: CellRecord
    runs: tuple[RunRecord, ...]
    scores: Floats  # [n] at the budget
    normalised: Floats  # [n]
    exact: Floats  # [n] exact expected return at the budget; NaN where unknown, -inf: diverged
    areas: Floats  # [n] normalised
    crossings: Floats  # [n, T] steps; inf: censored
    episodes: Floats  # [n, T] episodes until then; inf: censored
    claims: tuple[Mapping[str, str], ...]  # that each job knew, digests by name

    @property
    def solved(self) -> Floats:
        """Steps to `solved` [n]; inf: censored."""
        return self.crossings[:, np.searchsorted(self.record.ladder, self.record.solved)]

    @property
    def diverged(self) -> int:
        """Number of runs that diverged."""
        return sum(run.status == DIVERGED for run in self.runs)

    @property
    def missing(self) -> int:
        """Number of expected runs that have not come back."""
        return len(self.record.seeds) - len(self.runs)


def evaluations(run: RunRecord, record: CellRecord) -> tuple[Integers, Floats]:
    """Steps [K'] and values [K'] within the budget; what is not finite counts as the random score."""
    inside = run.evaluated <= record.budget
    values = run.returns[inside]
    return run.evaluated[inside], np.where(np.isfinite(values), values, record.random)


def curve(run: RunRecord, record: CellRecord) -> tuple[Integers, Floats]:
    """The run's step function, steps [K''] and values [K'']: one that diverged falls to its floor and stays there."""
    steps, values = evaluations(run, record)
    if run.status != DIVERGED:
        return steps, values
    floor = np.append(values[-1:], record.random).min()
    return np.append(steps, min(run.steps, record.budget)), np.append(values, floor)


def exact_at_budget(run: RunRecord, record: CellRecord) -> float:
    """Exact expected return at the budget: NaN where unknown, -inf for a run that diverged."""
    known = run.returns[(run.evaluated <= record.budget) & run.exact]
    if not len(known):
        return np.nan
    return -np.inf if run.status == DIVERGED else float(known[-1])


def episodes_at(run: RunRecord, crossings: Floats) -> Floats:
    """Episodes [T] charged when the run crossed each target at these steps [T]; inf: censored."""
    places = np.searchsorted(run.evaluated, crossings)  # [T] of an evaluation, or past the last one
    return np.append(run.played, np.inf)[places]


def assemble(record: CellRecord, runs: tuple[RunRecord, ...], claims: tuple[Mapping[str, str], ...] = ()) -> CellRuns:
    """Each run's numbers."""
    budget = np.array([record.budget])
    curves = [curve(run, record) for run in runs]
    scores = np.array([at(*points, budget, record.random)[0] for points in curves])  # [n]
    areas = np.array([area(*points, record.budget, record.random) for points in curves])  # [n]
    crossings = np.array([first_crossings(*evaluations(run, record), record.ladder) for run in runs])
    crossings = crossings.reshape(len(runs), len(record.ladder))  # [n, T]
    episodes = [episodes_at(run, steps) for run, steps in zip(runs, crossings, strict=True)]
    return CellRuns(
        record,
        runs,
        scores,
        normalised(scores, record.random, record.reference),
        np.array([exact_at_budget(run, record) for run in runs]),
        normalised(areas, record.random, record.reference),
        crossings,
        np.array(episodes).reshape(crossings.shape),
        claims,
    )
