"""Structure against the generic policy: the question of a study, asked once per environment, family and structure.

Which policies are structures, and which one is generic, says `harness/tables/rivals.py`: only algorithms that ran on
both count. The best cells are named on the runs that made them the best. Who is ahead and who needs fewer steps is
judged apart: there each side's best cell is chosen on other runs than those that judge it
(`harness/tables/contrasts.py`). p is adjusted for all contests of the study together: which structure does best may
then be read off the same runs without a price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from harness.tables.cells import CellRuns
from harness.tables.contrasts import Contrast, columns, contrast, same_seeds, settled
from harness.tables.estimates import Address, CellEstimates
from harness.tables.findings import Key, best
from harness.tables.rivals import by_environment, matches
from harness.tables.write import Row

SIDES = ("structure", "generic")
SIDE = ("policy", "algorithm", "parameters", "n")
STRUCTURES = (
    *("environment", "family"),
    *(f"{side}_{name}" for side in SIDES for name in SIDE),
    *("paired", *columns(SIDES), "best"),
)


def structure_rows(
    cells: Sequence[CellRuns], estimates: Mapping[Key, CellEstimates], address: Address, resamples: int
) -> Iterator[Row]:
    """One row per contest; p is adjusted over all of them."""
    rows: list[dict[str, Any]] = []
    found: list[Contrast] = []
    contests = sorted(matches(by_environment(cells)), key=lambda match: match[:3])
    for _, group in groupby(contests, key=lambda match: match[:2]):
        asked = list(group)
        first = best((cell for match in asked for cell in match.sides[0]), estimates)
        for match in asked:
            structured, generic = match.sides
            choice = best(structured, estimates)
            start: dict[str, Any] = {"environment": match.environment, "family": match.family}
            start |= {"paired": same_seeds(structured, generic), "best": choice is first}
            rows.append(start | described(choice, best(generic, estimates)))
            rng = partial(address, "tables", "structure", *match[:3])
            found.append(contrast(structured, generic, rng, resamples))
    yield from settled(rows, found, SIDES, SIDES)


def described(*cells: CellRuns) -> dict[str, str | int]:
    """The columns that name the cell of either side."""
    row: dict[str, str | int] = {}
    for side, cell in zip(SIDES, cells, strict=True):
        record = cell.record
        numbers = (record.policy, record.algorithm, record.parameters, len(cell.runs))
        row |= dict(zip((f"{side}_{name}" for name in SIDE), numbers, strict=True))
    return row
