"""Structure against the generic policy: the question of the study, asked once per environment and family.

The generic policy of an environment is the one with the most parameters. Every other is compared with it by the
algorithms that ran on both, so that neither side has more attempts; the best of them stands for each side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.figures.order import BY_SCORE, RIVALS, policy_order
from harness.report.phrases import shown

Cell = dict[str, Any]  # a row of dimension.csv


class Contest(NamedTuple):
    """The best structure below the generic policy, and the generic policy."""

    environment: str
    family: str
    structured: Cell
    generic: Cell

    @property
    def decided(self) -> bool:
        """The intervals do not overlap."""
        return bool(
            self.structured["normalised_low"] > self.generic["normalised_high"]
            or self.generic["normalised_low"] > self.structured["normalised_high"]
        )

    @property
    def ahead(self) -> Cell:
        """The side with the higher score."""
        return max(self.structured, self.generic, key=lambda cell: float(cell["normalised_iqm"]))


def contests(dimension: pd.DataFrame) -> tuple[Contest, ...]:
    """One contest per environment and family that have several structures with an algorithm in common."""
    known = dimension[np.isfinite(dimension["normalised_iqm"]) & dimension["family"].isin(list(RIVALS))]
    found = (
        _contest(str(environment), str(family), group)
        for (environment, family), group in known.groupby(["environment", "family"])
    )
    return tuple(contest for contest in found if contest is not None)


def _contest(environment: str, family: str, cells: pd.DataFrame) -> Contest | None:
    """The structure that does best against the generic policy."""
    sizes = cells.groupby("policy")["parameters"].median()
    order = [name for name in policy_order(cells) if np.isfinite(sizes[name])]
    if len(order) < 2:
        return None
    generic = max(order, key=lambda name: (sizes[name], order.index(name)))
    mine = cells[cells["policy"] == generic]
    pairs = []
    for policy in order:
        theirs = cells[(cells["policy"] == policy) & cells["algorithm"].isin(mine["algorithm"])]
        if policy != generic and len(theirs):
            pairs.append((_best(theirs), _best(mine[mine["algorithm"].isin(theirs["algorithm"])])))
    if not pairs:
        return None
    first = min(pairs, key=lambda pair: (-pair[0]["normalised_iqm"], pair[0]["ert"]))
    return Contest(environment, family, *first)


def _best(cells: pd.DataFrame) -> Cell:
    """The best cell by score, as everywhere."""
    order = cells.sort_values(list(BY_SCORE), ascending=list(BY_SCORE.values()), kind="stable")
    return {str(name): value for name, value in order.iloc[0].items()}


def side(cell: Cell) -> str:
    """One side in words, such as "program (P = 3) 0.99 [0.97, 0.99]"."""
    score = shown(cell["normalised_iqm"], cell["normalised_low"], cell["normalised_high"])
    return f"{cell['policy']} (P\u00a0=\u00a0{cell['parameters']:.0f}) {score}"
