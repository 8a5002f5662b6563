"""Problems of which horizon or actions move among environments: their cells, the lines through them, who was faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from harness.figures.load import Tables
from harness.figures.order import RIVALS
from harness.figures.scaling import determined

EMPTY = "No problem of this study has environments that differ in their horizon or their number of actions."
MOVING = ("parameters", "episode_horizon", "actions")  # columns of restricted.csv: P, H, A


class Problem(NamedTuple):
    """The environments of one problem; P of a cell is that of its policy without the head of an algorithm."""

    cells: pd.DataFrame
    lines: pd.DataFrame
    winners: pd.DataFrame


def material(tables: Tables) -> pd.DataFrame:
    """The lines of problems of which the horizon or the actions move, all structures together."""
    moving = tables.scaling[tables.scaling["regressor"].isin(["horizon", "actions"])]
    kinds = moving.groupby("environment")["policy_kind"].transform("min")  # "" wherever there are several
    return moving[moving["policy_kind"] == kinds]


def problems(tables: Tables) -> Iterator[Problem]:
    """Every problem with its cells, the lines of its families and its winners."""
    scaling, rivals = tables.scaling, tables.restricted[tables.restricted["family"].isin(list(RIVALS))]
    for (environments, kind), _ in material(tables).groupby(["environment", "policy_kind"]):
        names = str(environments).split()
        cells = rivals[rivals["environment"].isin(names) & (rivals["n"] > 0)]
        bare = cells.groupby(["environment", "policy"])["parameters"].transform("min")
        whole = (scaling["environment"] == environments) & (scaling["policy_kind"] == kind)
        lines = determined(scaling[whole & (scaling["algorithm"] == "")])
        winners = tables.findings[tables.findings["environment"].isin(names)]
        yield Problem(cells.assign(parameters=bare), lines, winners)


def alone(cells: pd.DataFrame, moved: str) -> pd.DataFrame:
    """The cells among which one thing moves while the other two stand still, at the place where it has most values."""
    still = [name for name in MOVING if name != moved]
    values = cells.groupby(still)[moved].nunique()
    if values.empty or values.max() < 2:
        return cells.iloc[:0]
    place = pd.Series(values.idxmax(), index=still)
    return cells[(cells[still] == place).all(axis=1)]
