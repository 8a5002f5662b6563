"""Normalised scores over environments, per algorithm with a policy and per family.

Rows speak of different environments where a cell does not exist everywhere: each row names its own, and only rows with
equal names are comparable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from harness.statistics.bootstrap import Estimate
from harness.statistics.counts import count_bootstrap, iqm_of
from harness.tables.cells import CellRuns
from harness.tables.estimates import Address, columns
from harness.tables.per_cell import NORMALISED
from harness.tables.write import Row

GROUP = ("level", "family", "algorithm", "policy")
SUMMARY = (*GROUP, "environments", "n_environments", "everywhere", "cells", "n", "diverged", "missing", *NORMALISED)


def summary_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """Algorithms first, then families."""
    groups: dict[tuple[str, str, str, str], list[CellRuns]] = defaultdict(list)
    for cell in cells:
        record = cell.record
        groups["algorithm", record.family, record.algorithm, record.policy].append(cell)
        groups["family", record.family, "", ""].append(cell)
    everywhere = len({cell.record.environment for cell in cells})
    for group in sorted(groups):
        rng = address("tables", "summary", *group)
        yield {**dict(zip(GROUP, group, strict=True)), **summarise(groups[group], everywhere, rng, resamples)}


def summarise(cells: Sequence[CellRuns], everywhere: int, rng: np.random.Generator, resamples: int) -> Row:
    """One group: all its runs count once, strata are its cells."""
    present = [cell for cell in cells if cell.runs]
    names = sorted({cell.record.environment for cell in present})
    return {
        "environments": " ".join(names),
        "n_environments": len(names),
        "everywhere": len(names) == everywhere,
        "cells": len(cells),
        "n": sum(len(cell.runs) for cell in cells),
        "diverged": sum(cell.diverged for cell in cells),
        "missing": sum(cell.missing for cell in cells),
        **columns(pooled_iqm(present, rng, resamples) if present else None, *NORMALISED),
    }


def pooled_iqm(cells: Sequence[CellRuns], rng: np.random.Generator, resamples: int) -> Estimate:
    """IQM of the normalised scores of all runs."""
    scores = np.concatenate([cell.normalised for cell in cells])  # [N]
    pooled = count_bootstrap(rng, [len(cell.runs) for cell in cells], iqm_of(scores[:, np.newaxis]), resamples)
    return Estimate(*(numbers[0] for numbers in pooled))
