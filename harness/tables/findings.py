"""What the report's sentences say of each environment: one family against the other, each by its best cell.

The best cells are named, and described, on the runs that made them the best. Who is ahead and who needs fewer steps is
judged apart: there the best is chosen on other runs than those that judge it (`harness/tables/contrasts.py`), and p is
adjusted for the number of environments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from harness.tables.cells import CellRuns
from harness.tables.contrasts import Contrast, columns, contrast, settled
from harness.tables.estimates import Address, CellEstimates
from harness.tables.write import Row

Key = tuple[str, str, str]
FREE, GRADIENT = "gradient-free", "policy-gradient"
NAMES = ("free", "gradient")
RIVALS = (FREE, GRADIENT)
BEST = ("policy", "algorithm", "parameters", "n", "iqm", "low", "high", "ert", "ert_low", "ert_high")
SIDES = tuple(f"{side}_{name}" for side in NAMES for name in BEST)
FINDINGS = ("environment", *SIDES, *columns(NAMES))
STREAMS = ("tables", "finding")  # before the environment: the streams of its contrast
ENOUGH = 5  # runs from which on an interval covers about what it says


def finding_rows(
    cells: Sequence[CellRuns], estimates: Mapping[Key, CellEstimates], address: Address, resamples: int
) -> Iterator[Row]:
    """One row per environment; p is adjusted over all of them."""
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        groups[cell.record.environment].append(cell)
    rows: list[dict[str, Any]] = []
    found: list[Contrast | None] = []
    for environment, group in sorted(groups.items()):
        row: dict[str, Any] = {**dict.fromkeys(FINDINGS), "environment": environment}
        free, gradient = ([cell for cell in group if cell.runs and cell.record.family == name] for name in RIVALS)
        for side, some in zip(NAMES, (free, gradient), strict=True):
            row |= describe(side, best(some, estimates), estimates) if some else {}
        rows.append(row)
        rng = partial(address, *STREAMS, environment)
        found.append(contrast(free, gradient, rng, resamples) if free and gradient else None)
    yield from settled(rows, found, NAMES, RIVALS)


def best(cells: Iterable[CellRuns], estimates: Mapping[Key, CellEstimates]) -> CellRuns:
    """The cell, of some that have runs, with the highest normalised IQM; then lowest ERT, fewest parameters, name."""

    def rank(cell: CellRuns) -> tuple[float, float, int, Key]:
        record, known = cell.record, estimates[cell.record.key]
        _, time = known.solved(cell)
        return -float(known.normalised.value), float(time.value), record.parameters, record.key

    return min(cells, key=rank)


def describe(side: str, cell: CellRuns, estimates: Mapping[Key, CellEstimates]) -> dict[str, str | float | None]:
    """The columns of one side."""
    record, known = cell.record, estimates[cell.record.key]
    numbers = (record.policy, record.algorithm, record.parameters, len(cell.runs))
    scores, times = map(float, known.score), map(float, known.solved(cell)[1])
    return dict(zip((f"{side}_{name}" for name in BEST), (*numbers, *scores, *times), strict=True))
