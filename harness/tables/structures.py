"""Structure against the generic policy: the question of a study, asked once per environment, family and structure.

The generic policy of an environment is the one with the most parameters. Every other is compared with it by the
algorithms that ran on both, so that neither side has more attempts; the best of them stands for each side. The tests
are those of comparisons.csv, adjusted for all contests of the study together: which structure does best may then be
read off the same runs without a price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from harness.statistics.comparisons import holm_known
from harness.tables.cells import CellRuns
from harness.tables.comparisons import PROBABILITY, UNDETERMINED, compare, is_paired
from harness.tables.estimates import Address, CellEstimates, columns
from harness.tables.findings import FAMILIES, SIGNIFICANT, Key, best
from harness.tables.write import Row

SIDES = ("structure", "generic")
SIDE = ("policy", "algorithm", "parameters", "n")
STRUCTURES = (
    *("environment", "family"),
    *(f"{side}_{name}" for side in SIDES for name in SIDE),
    *("paired", *PROBABILITY, "p", "p_holm", "ahead", "best"),
)


class Contest(NamedTuple):
    """A structure and the generic policy in one environment, each by the best of the algorithms that ran on both."""

    structure: CellRuns
    generic: CellRuns


def structure_rows(
    cells: Sequence[CellRuns], estimates: Mapping[Key, CellEstimates], address: Address, resamples: int
) -> Iterator[Row]:
    """One row per contest; p is adjusted over all of them."""
    groups: dict[tuple[str, str], list[CellRuns]] = defaultdict(list)
    for cell in cells:
        if cell.runs and cell.record.family in FAMILIES.values():
            groups[cell.record.environment, cell.record.family].append(cell)
    rows: list[dict[str, Any]] = []
    for (_, family), group in sorted(groups.items()):
        found = contests(group, family, estimates)
        first = best([contest.structure for contest in found], family, estimates)
        rows += [{**contest_row(each, address, resamples), "best": each.structure is first} for each in found]
    adjusted = holm_known(np.array([row["p"] for row in rows], dtype=np.float64))
    for row, p in zip(rows, adjusted, strict=True):
        yield {**row, "p_holm": p, "ahead": verdict(row["probability"], p)}


def contests(cells: Sequence[CellRuns], family: str, estimates: Mapping[Key, CellEstimates]) -> list[Contest]:
    """Every structure of one environment that shares an algorithm with the generic policy, by name."""
    policies: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        policies[cell.record.policy].append(cell)
    generic = max(policies, key=lambda name: (median(cell.record.parameters for cell in policies[name]), name))
    found = []
    for name in sorted(policies.keys() - {generic}):
        common = {cell.record.algorithm for cell in policies[name]} & {
            cell.record.algorithm for cell in policies[generic]
        }
        sides = [
            best([cell for cell in policies[policy] if cell.record.algorithm in common], family, estimates)
            for policy in (name, generic)
        ]
        found += [Contest(*(side for side in sides if side))] if all(sides) else []
    return found


def contest_row(contest: Contest, address: Address, resamples: int) -> dict[str, Any]:
    """One contest, not yet adjusted."""
    structure, generic = contest
    rng = address("tables", "structure", *structure.record.key, *generic.record.key)
    estimate, p = compare(structure, generic, rng, resamples)
    row: dict[str, Any] = {"environment": structure.record.environment, "family": structure.record.family}
    for side, cell in zip(SIDES, contest, strict=True):
        record = cell.record
        numbers = (record.policy, record.algorithm, record.parameters, len(cell.runs))
        row |= dict(zip((f"{side}_{name}" for name in SIDE), numbers, strict=True))
    return {**row, "paired": is_paired(structure, generic), **columns(estimate, *PROBABILITY), "p": p}


def verdict(probability: float, p: float) -> str:
    """Which side is ahead, where the adjusted test says so."""
    if not p <= SIGNIFICANT:
        return UNDETERMINED
    return SIDES[0] if probability > 0.5 else SIDES[1]
