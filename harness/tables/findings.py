"""What the report's sentences say of each environment: the best cell of either family against the other.

The best cells are chosen on the runs that describe them; the intervals do not include that choice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.interface import Floats
from harness.statistics.bootstrap import Estimate, bootstrap
from harness.statistics.targets import ert
from harness.tables.cells import CellRuns
from harness.tables.comparisons import PROBABILITY, UNDETERMINED, compare
from harness.tables.estimates import Address, CellEstimates, columns
from harness.tables.write import Row

Key = tuple[str, str, str]
FREE, GRADIENT = "gradient-free", "policy-gradient"
FAMILIES = {"free": FREE, "gradient": GRADIENT}
BEST = ("policy", "algorithm", "parameters", "n", "iqm", "low", "high", "ert", "ert_low", "ert_high")
SIDES = tuple(f"{side}_{name}" for side in FAMILIES for name in BEST)
RATIO = ("ert_ratio", "ert_ratio_low", "ert_ratio_high")
FINDINGS = ("environment", *SIDES, *PROBABILITY, "p", "ahead", *RATIO, "faster")
SIGNIFICANT = 0.05
ENOUGH = 5  # runs from which on an interval covers about what it says


def finding_rows(
    cells: Sequence[CellRuns], estimates: Mapping[Key, CellEstimates], address: Address, resamples: int
) -> Iterator[Row]:
    """One row per environment."""
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        groups[cell.record.environment].append(cell)
    for environment, group in sorted(groups.items()):
        chosen = {side: best(group, family, estimates) for side, family in FAMILIES.items()}
        row: dict[str, str | float | None] = dict.fromkeys(FINDINGS)
        row |= {"environment": environment, "ahead": UNDETERMINED, "faster": UNDETERMINED}
        for side, choice in chosen.items():
            row |= describe(side, choice, estimates[choice.record.key]) if choice else {}
        free, gradient = chosen["free"], chosen["gradient"]
        if free and gradient:
            row |= contrast(free, gradient, address, resamples)
        yield row


def best(cells: Sequence[CellRuns], family: str, estimates: Mapping[Key, CellEstimates]) -> CellRuns | None:
    """Highest normalised IQM, then lowest ERT, fewest parameters, name; None if the family has no run."""

    def rank(cell: CellRuns) -> tuple[float, float, int, Key]:
        record, known = cell.record, estimates[cell.record.key]
        _, time = known.solved(cell)
        return -float(known.normalised.value), float(time.value), record.parameters, record.key

    return min((cell for cell in cells if cell.runs and cell.record.family == family), key=rank, default=None)


def describe(side: str, cell: CellRuns, estimates: CellEstimates) -> dict[str, str | float | None]:
    """The columns of one side."""
    record = cell.record
    numbers = (record.policy, record.algorithm, record.parameters, len(cell.runs))
    scores, times = map(float, estimates.score), map(float, estimates.solved(cell)[1])
    return dict(zip((f"{side}_{name}" for name in BEST), (*numbers, *scores, *times), strict=True))


def contrast(free: CellRuns, gradient: CellRuns, address: Address, resamples: int) -> dict[str, str | float | None]:
    """Who is ahead at the budget, and who needs fewer steps."""
    rng = address("tables", "finding", *free.record.key, *gradient.record.key)
    estimate, p = compare(free, gradient, rng, resamples)
    ratio = ert_ratio(free, gradient, rng, resamples)
    enough = min(len(free.runs), len(gradient.runs)) >= ENOUGH
    return {
        **columns(estimate, *PROBABILITY),
        "p": p,
        "ahead": verdict(float(estimate.value) - 0.5, p <= SIGNIFICANT),
        **columns(ratio, *RATIO),
        "faster": verdict(float(ratio.value) - 1.0, enough and bool(ratio.low > 1.0 or ratio.high < 1.0)),
    }


def verdict(advantage: float, known: bool) -> str:
    """Who is better, where the data say; a positive advantage is that of the gradient-free side."""
    if not known:
        return UNDETERMINED
    return FREE if advantage > 0 else GRADIENT


def ert_ratio(free: CellRuns, gradient: CellRuns, rng: np.random.Generator, resamples: int) -> Estimate:
    """ERT of the gradient cell / ERT of the free cell, for `solved`; NaN where it is inf / inf or 0 / 0.

    A resample with such a ratio says nothing: it counts as 0 for the lower end and as inf for the upper one.
    """
    sizes = (len(free.runs), len(gradient.runs))
    pool = np.concatenate((free.solved, gradient.solved))  # [N + M]

    def ratio(pools: Floats, unknown: float) -> Floats:
        """Pools [R, N + M] -> [R]."""
        below = ert(pools[:, : sizes[0]], free.record.budget, axis=1)
        above = ert(pools[:, sizes[0] :], gradient.record.budget, axis=1)
        same = (np.isinf(below) & np.isinf(above)) | ((below == 0) & (above == 0))
        with np.errstate(divide="ignore"):
            return np.where(same, unknown, above / np.where(same, 1.0, below))

    def bounds(pools: Floats) -> Floats:
        """Pools [R, N + M] -> [R, 2]."""
        return np.stack((ratio(pools, 0.0), ratio(pools, np.inf)), axis=1)

    ends = bootstrap(rng, pool, sizes, bounds, resamples)
    value = ratio(pool[np.newaxis], np.nan)[0]
    return Estimate(value, ends.low[0], ends.high[1])
