"""Structure against the generic policy as structures.csv decides it, for the best structure of each contest.

What is a structure and what is generic says `harness/tables/rivals.py`: subspaces and features that add nothing are
neither, they change the dimension alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from harness.figures.load import Tables
from harness.report.phrases import shown

Cell = dict[str, Any]  # a row of dimension.csv
UNDETERMINED = "undetermined"


class Contest(NamedTuple):
    """The best structure of an environment and a family, and the generic policy."""

    environment: str
    family: str
    structured: Cell
    generic: Cell
    test: Cell  # the row of structures.csv

    @property
    def decided(self) -> bool:
        """The adjusted test tells them apart."""
        return self.test["ahead"] in ("structure", "generic")

    @property
    def structure_ahead(self) -> bool:
        """The structure is, by the test."""
        return bool(self.test["ahead"] == "structure")

    @property
    def sides(self) -> tuple[Cell, Cell]:
        """The winner first; undecided, the structure."""
        pair = (self.structured, self.generic)
        return pair[::-1] if self.test["ahead"] == "generic" else pair


def contests(tables: Tables) -> tuple[Contest, ...]:
    """One contest per environment and family that have several structures with an algorithm in common."""
    cells = {_key(row): row for row in tables.dimension.to_dict("records")}
    rows = tables.structures[tables.structures["best"]].to_dict("records")
    return tuple(
        Contest(row["environment"], row["family"], cells[_key(row, "structure_")], cells[_key(row, "generic_")], row)
        for row in rows
    )


def _key(row: Cell, side: str = "") -> tuple[str, str, str]:
    return row["environment"], row[f"{side}policy"], row[f"{side}algorithm"]


def decided(rates: pd.DataFrame, structures: pd.DataFrame) -> pd.DataFrame:
    """Exchange rates with who needs fewer steps, `faster`, as structures.csv says: of `solved`, by runs enough.

    A rate at another target has no verdict, as nothing tests it.
    """
    keys = ["environment", "family", "policy"]
    tests = structures.rename(columns={"structure_policy": "policy"})[[*keys, "faster"]]
    found = rates.merge(tests, on=keys, how="left")
    known = found["faster"].notna() & found["rate_low"].notna()
    verdicts = found["faster"].where(known, UNDETERMINED).where(found["solved"], "")
    return found.assign(faster=verdicts)


def named(cell: Cell) -> str:
    """One side, such as "program (P = 3)"."""
    return f"{cell['policy']} (P\u00a0=\u00a0{cell['parameters']:.0f})"


def side(cell: Cell) -> str:
    """One side with its score, such as "program (P = 3) 0.99 [0.97, 0.99]"."""
    return f"{named(cell)} {shown(cell['normalised_iqm'], cell['normalised_low'], cell['normalised_high'])}"
