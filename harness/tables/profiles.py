"""Shares of runs that did well enough, over environments: performance profiles and data profiles.

Environments are strata and count alike. A run of a family is one of any of its cells, taken at random.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from harness.interface import Floats
from harness.statistics.bootstrap import Estimate
from harness.statistics.profiles import data_profile, performance_profile
from harness.tables.cells import CellRuns
from harness.tables.estimates import Address
from harness.tables.summary import GROUP
from harness.tables.write import Row

PROFILES = (*GROUP, "environments", "n_environments", "everywhere", "profile", "x", "share", "low", "high", "n")
SCORES = np.linspace(0.0, 1.0, 41)  # normalised scores that a run is held against
COSTS = np.geomspace(1.0, 10_000.0, 41)  # α: episodes in units of P + 1


def profile_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """Two profiles of each algorithm with a policy and of each family."""
    groups: dict[tuple[str, ...], list[CellRuns]] = defaultdict(list)
    for cell in cells:
        record = cell.record
        if cell.runs:
            groups["algorithm", record.family, record.algorithm, record.policy].append(cell)
            groups["family", record.family, "", ""].append(cell)
    everywhere = len({cell.record.environment for cell in cells})
    for group, members in sorted(groups.items()):
        names = sorted({cell.record.environment for cell in members})
        start: Row = {
            **dict(zip(GROUP, group, strict=True)),
            **{"environments": " ".join(names), "n_environments": len(names), "everywhere": len(names) == everywhere},
            "n": sum(len(cell.runs) for cell in members),
        }
        members.sort(key=lambda cell: cell.record.key)
        sizes = [sum(len(cell.runs) for cell in members if cell.record.environment == name) for name in names]
        for profile, grid, band in profiles(members, sizes, address, group, resamples):
            for x, share, low, high in zip(grid, *band, strict=True):
                yield {**start, "profile": profile, "x": x, "share": share, "low": low, "high": high}


def profiles(
    cells: Sequence[CellRuns], sizes: Sequence[int], address: Address, group: tuple[str, ...], resamples: int
) -> Iterator[tuple[str, Floats, Estimate]]:
    """Name, grid and band of either profile; the cells stand in the order of their environments."""
    scores = np.concatenate([cell.normalised for cell in cells])  # [N]
    rng = address("tables", "profile", "performance", *group)
    yield "performance", SCORES, performance_profile(rng, scores, sizes, SCORES, resamples)
    parameters = np.concatenate([np.full(len(cell.runs), float(cell.record.parameters)) for cell in cells])  # [N]
    rng = address("tables", "profile", "data", *group)
    yield "data", COSTS, data_profile(rng, episodes(cells), parameters, sizes, COSTS, resamples)


def episodes(cells: Sequence[CellRuns]) -> Floats:
    """Episodes to each target [N, T]; environments with a shorter ladder are filled up with NaN."""
    longest = max(cell.episodes.shape[1] for cell in cells)
    filled = [
        np.pad(cell.episodes, ((0, 0), (0, longest - cell.episodes.shape[1])), constant_values=np.nan) for cell in cells
    ]
    return np.concatenate(filled)
