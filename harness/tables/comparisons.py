"""Every pair of algorithms that share a policy and an environment: which is better, and is that more than luck?

Where both have the same seeds they are paired: seeds are resampled and tested together. "Not more than luck" is not
"equal": that is tested on its own, against a margin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from harness.statistics.bootstrap import Estimate
from harness.statistics.comparisons import holm_known, paired_p, unpaired_p
from harness.statistics.counts import count_bootstrap, improvement_of
from harness.statistics.equivalence import ALPHA, Equivalence, equivalence, paired_equivalence
from harness.tables.cells import CellRuns
from harness.tables.estimates import Address, columns
from harness.tables.write import Row

PAIR = ("environment", "policy", "first", "second", "first_family", "second_family", "first_n", "second_n", "paired")
PROBABILITY = ("probability", "low", "high")
DIFFERENCE = ("difference", "difference_low", "difference_high")
COMPARISONS = (*PAIR, *PROBABILITY, "p", "p_holm", *DIFFERENCE, "p_equal", "p_equal_holm", "verdict")
MARGIN = 0.05  # of the normalised score, half a step of a ladder of ten: less than that decides between no two targets
EQUAL, UNDETERMINED = "equal", "undetermined"


def is_paired(first: CellRuns, second: CellRuns) -> bool:
    """True if the runs of both have the same seeds."""
    return [run.seed for run in first.runs] == [run.seed for run in second.runs]


def compare(first: CellRuns, second: CellRuns, rng: np.random.Generator, resamples: int) -> tuple[Estimate, float]:
    """P(first > second) + P(equal) / 2 of the scores with its interval, and its p."""
    x, y = first.scores, second.scores  # [N], [M]
    paired = is_paired(first, second)
    sizes = (len(x),) if paired else (len(x), len(y))
    estimate = count_bootstrap(rng, sizes, improvement_of(x, y, paired), resamples)
    return estimate, paired_p(x, y) if paired else unpaired_p(x, y)


def comparison_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """All pairs; p is adjusted within an environment and a policy."""
    groups: dict[tuple[str, str], list[CellRuns]] = defaultdict(list)
    for cell in cells:
        groups[cell.record.environment, cell.record.policy].append(cell)
    for _, group in sorted(groups.items()):
        pairs = combinations(sorted(group, key=lambda cell: cell.record.key), 2)
        rows = [comparison_row(first, second, address, resamples) for first, second in pairs]
        for name in ("p", "p_equal"):
            adjusted = holm_known(np.array([row[name] for row in rows], dtype=np.float64))
            rows = [{**row, f"{name}_holm": value} for row, value in zip(rows, adjusted, strict=True)]
        yield from ({**row, "verdict": verdict(row)} for row in rows)


def verdict(row: Mapping[str, Any]) -> str:
    """`equal` within the margin, else the label that is ahead, else `undetermined`: both p adjusted."""
    if row["p_equal_holm"] <= ALPHA:
        return EQUAL
    if not row["p_holm"] <= ALPHA:
        return UNDETERMINED
    return str(row["first"] if row["probability"] > 0.5 else row["second"])


def equal(first: CellRuns, second: CellRuns) -> Equivalence:
    """Difference of the mean normalised scores with its 90 % interval, and the p of "further apart than MARGIN"."""
    test = paired_equivalence if is_paired(first, second) else equivalence
    return test(first.normalised, second.normalised, MARGIN)


def comparison_row(first: CellRuns, second: CellRuns, address: Address, resamples: int) -> dict[str, Any]:
    """One pair, not yet adjusted; not defined where one of them has no run."""
    estimate, p, same = None, np.nan, Equivalence(*[np.nan] * 4)
    if first.runs and second.runs:
        rng = address("tables", "comparison", *first.record.key, second.record.algorithm)
        estimate, p = compare(first, second, rng, resamples)
        same = equal(first, second)
    numbers = (
        *(first.record.environment, first.record.policy, first.record.algorithm, second.record.algorithm),
        *(first.record.family, second.record.family, len(first.runs), len(second.runs), is_paired(first, second)),
    )
    start = {**dict(zip(PAIR, numbers, strict=True)), **columns(estimate, *PROBABILITY), "p": p}
    return {**start, **dict(zip((*DIFFERENCE, "p_equal"), same, strict=True))}
