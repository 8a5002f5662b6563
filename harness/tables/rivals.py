"""Rivals: of each environment the cells of the two families, and which policies are held against which.

A network is generic. A random subspace, duplicated features and nuisance features put nothing known about the problem
into a policy: they change the number of parameters alone, and are nobody's rival here. Whatever else there is in
`policies/` (programs, linear, low rank, features, trees, and what a user adds) is a structure.

The generic policy of an environment is its network with the most parameters (median over its cells; ties: the later
name). Every structure is compared with it by the algorithms that ran on both, so that neither side has more attempts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from harness.tables.cells import CellRuns
from harness.tables.findings import RIVALS

GENERIC = frozenset({"mlp"})  # files of policies/
DIMENSION_ONLY = frozenset({"subspace", "redundant", "nuisance"})


class Match(NamedTuple):
    """One structure and the generic policy of its environment, under the same algorithms of one family."""

    environment: str
    family: str
    policy: str
    generic: str
    pairs: tuple[tuple[CellRuns, CellRuns], ...]  # (structured, generic), one per algorithm

    @property
    def sides(self) -> tuple[tuple[CellRuns, ...], tuple[CellRuns, ...]]:
        """The cells of the structure and those of the generic policy, by algorithm."""
        return tuple(one for one, _ in self.pairs), tuple(other for _, other in self.pairs)


def by_environment(cells: Sequence[CellRuns]) -> dict[str, list[CellRuns]]:
    """Cells with runs of the two families, those with fewer parameters first."""
    groups: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: (cell.record.parameters, cell.record.key)):
        if cell.runs and cell.record.family in RIVALS:
            groups[cell.record.environment].append(cell)
    return dict(sorted(groups.items()))


def sizes(cells: Sequence[CellRuns]) -> dict[str, float]:
    """Parameters of each policy, the fewest first."""
    found: dict[str, list[int]] = defaultdict(list)
    for cell in cells:
        found[cell.record.policy].append(cell.record.parameters)
    medians = {policy: float(np.median(numbers)) for policy, numbers in found.items()}
    return dict(sorted(medians.items(), key=lambda pair: (pair[1], pair[0])))


def matches(groups: Mapping[str, Sequence[CellRuns]]) -> Iterator[Match]:
    """Each structure against the generic policy, for each family; none where no network ran."""
    for environment, cells in groups.items():
        kinds = {cell.record.policy: cell.record.structure for cell in cells}
        structures = [policy for policy in sizes(cells) if kinds[policy] not in GENERIC | DIMENSION_ONLY]
        networks = [policy for policy in sizes(cells) if kinds[policy] in GENERIC]
        if not networks:
            continue
        generic = networks[-1]
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
