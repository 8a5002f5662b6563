"""Estimates of one cell with their intervals, made once and read by several tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np

from harness.statistics.bootstrap import Estimate
from harness.statistics.counts import count_bootstrap, ert_of, iqm_of
from harness.statistics.targets import success_rate
from harness.tables.cells import CellRuns

Address: TypeAlias = Callable[..., np.random.Generator]  # streams of the table seed


class CellEstimates(NamedTuple):
    """IQM of score, normalised score and area; for each of the T targets the success rate and the ERT."""

    score: Estimate
    normalised: Estimate
    area: Estimate
    success: tuple[Estimate, ...]  # T
    ert: tuple[Estimate, ...]  # T

    def solved(self, cell: CellRuns) -> tuple[Estimate, Estimate]:
        """Success rate and ERT of the environment's `solved`."""
        place = int(np.searchsorted(cell.record.ladder, cell.record.solved))
        return self.success[place], self.ert[place]


def split(estimate: Estimate) -> tuple[Estimate, ...]:
    """One estimate for each entry of an estimate [M]."""
    return tuple(Estimate(*numbers) for numbers in zip(*estimate, strict=True))


def estimate_cell(cell: CellRuns, address: Address, resamples: int) -> CellEstimates:
    """All estimates of a cell with at least one run; equal whatever other cells there are."""
    rng = partial(address, "tables", *cell.record.key)
    runs = (len(cell.runs),)
    table = np.stack((cell.scores, cell.normalised, cell.areas), axis=1)  # [n, 3]
    score, normalised, area = split(count_bootstrap(rng("scores"), runs, iqm_of(table), resamples))
    times = count_bootstrap(rng("targets"), runs, ert_of(cell.crossings, cell.record.budget), resamples)
    successes = np.isfinite(cell.crossings).sum(axis=0)  # [T]
    rates = tuple(success_rate(int(count), *runs) for count in successes)
    return CellEstimates(score, normalised, area, rates, split(times))


def columns(estimate: Estimate | None, *names: str) -> dict[str, float]:
    """Value, low and high under their names; NaN where there is no run."""
    return dict(zip(names, map(float, estimate or (np.nan,) * 3), strict=True))
