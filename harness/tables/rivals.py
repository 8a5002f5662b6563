"""Rivals: of each environment the cells of the two families, and which policies are held against which.

The generic policy of an environment is the one with the most parameters (median over its cells; ties: the later name).
Every other policy is a structure, and is compared with it by the algorithms that ran on both, so that neither side has
more attempts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from harness.tables.cells import CellRuns
from harness.tables.survival import RIVALS


class Match(NamedTuple):
    """One structure and the generic policy of its environment, under the same algorithms of one family."""

    environment: str
    family: str
    policy: str
    generic: str
    pairs: tuple[tuple[CellRuns, CellRuns], ...]  # (structured, generic), one per algorithm


def by_environment(cells: Sequence[CellRuns]) -> dict[str, list[CellRuns]]:
    """Cells with runs of the two families, those with fewer parameters first."""
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: (cell.record.parameters, cell.record.key)):
        if cell.runs and cell.record.family in RIVALS:
            groups[cell.record.environment].append(cell)
    return dict(sorted(groups.items()))


def sizes(cells: Sequence[CellRuns]) -> dict[str, float]:
    """Parameters of each policy, the structures first."""
    found: dict[str, list[int]] = defaultdict(list)
    for cell in cells:
        found[cell.record.policy].append(cell.record.parameters)
    medians = {policy: float(np.median(numbers)) for policy, numbers in found.items()}
    return dict(sorted(medians.items(), key=lambda pair: (pair[1], pair[0])))


def matches(groups: Mapping[str, Sequence[CellRuns]]) -> Iterator[Match]:
    """Each structure against the generic policy, for each family."""
    for environment, cells in groups.items():
        *structures, generic = sizes(cells)
        for family in sorted(RIVALS):
            known = {cell.record.key[1:]: cell for cell in cells if cell.record.family == family}
            for policy in structures:
                pairs = tuple(
                    (known[policy, algorithm], known[generic, algorithm])
                    for algorithm in sorted(name for place, name in known if place == policy)
                    if (generic, algorithm) in known
                )
                if pairs:
                    yield Match(environment, family, policy, generic, pairs)
