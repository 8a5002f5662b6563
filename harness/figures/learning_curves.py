"""Learning curves: the score of the evaluated policy against the environment steps charged."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Anchors, Tables, anchors
from harness.figures.panels import Panel, by_policy, cells_of
from harness.figures.style import FAINT, Colour, handle, legend_below, looks, note, nothing, short_axis

CAPTION = "Learning curves."
READING = (
    "A row is an environment, a column a structure with its number of parameters P. Each line is the interquartile "
    "mean over seeds of the deterministic policy's score, as a step function of the environment steps charged; its "
    "band is the 95 % bootstrap interval at each point. The heavy lines are the best cell of each family at the "
    "budget. Dashed: the reference score. Dotted: the random policy. The vertical line is the budget. Curves that "
    "fall far below the random policy leave the panel at the bottom."
)
DEPTH = 0.45  # shown below the random score, as a share of reference - random


def draw(tables: Tables) -> Figure:
    """Environment by policy small multiples from curves.csv, scores.csv and targets.csv."""
    curves = tables.curves
    if curves.empty:
        return nothing("No learning curve yet.")
    figure, panels = by_policy(curves)
    look, frozen = looks(curves), anchors(tables.targets)
    for panel in panels:
        heavy = best_cells(tables.scores, panel)
        for name, _, rows in cells_of(curves, panel):
            _curve(panel.axes, rows, look[name], heavy=name in heavy)
        _frame(panel, curves, frozen.get(panel.environment))
    lines = [Line2D([], [], color=FAINT, linestyle=style, linewidth=1.0) for style in ("--", ":", "-")]
    handles = [handle(*shape) for shape in look.values()] + lines
    legend_below(figure, handles, [*look, "reference", "random", "budget"], columns=6)
    return figure


def best_cells(scores: pd.DataFrame, panel: Panel) -> set[str]:
    """The algorithm with the highest normalised score of each of the two families in a panel."""
    here = scores[(scores["environment"] == panel.environment) & (scores["policy"] == panel.policy)]
    here = here[np.isfinite(here["normalised_iqm"]) & (here["family"] != "probe")]
    return set(here.loc[here.groupby("family")["normalised_iqm"].idxmax(), "algorithm"])


def _curve(axes: Axes, rows: pd.DataFrame, look: tuple[Colour, str], *, heavy: bool) -> None:
    """One cell: line, band, and a marker now and then."""
    rows = _corners(rows[np.isfinite(rows["iqm"])].sort_values("steps"))
    if rows.empty:
        return
    colour, marker = look
    depth = 4 if heavy else 3
    axes.fill_between(
        rows["steps"],
        rows["low"],
        rows["high"],
        step="post",
        color=colour,
        linewidth=0,
        alpha=0.20 if heavy else 0.08,
        zorder=depth,
    )
    axes.step(
        rows["steps"],
        rows["iqm"],
        where="post",
        color=colour,
        linewidth=1.7 if heavy else 0.8,
        marker=marker,
        markersize=3.4 if heavy else 2.4,
        markevery=(0.09, 0.22),
        markeredgecolor="white",
        markeredgewidth=0.3,
        zorder=depth,
    )


def _corners(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at which the step function or its band changes, and the last one."""
    values = rows[["iqm", "low", "high"]]
    same = ((values == values.shift()) | (values.isna() & values.shift().isna())).all(axis=1)
    return rows[~same | (rows["steps"] == rows["steps"].max())]


def _frame(panel: Panel, curves: pd.DataFrame, frozen: Anchors | None) -> None:
    """Reference lines, budget, limits and labels."""
    axes = panel.axes
    here = curves[(curves["environment"] == panel.environment) & (curves["policy"] == panel.policy)]
    if not np.isfinite(here["iqm"]).any():
        note(axes, "no finite score")
    axes.axvline(here["steps"].max(), color=FAINT, linewidth=1.0, zorder=2)
    if frozen is not None and np.isfinite([frozen.random, frozen.reference]).all():
        span = frozen.reference - frozen.random
        axes.axhline(frozen.reference, color=FAINT, linewidth=1.0, linestyle="--", zorder=2)
        axes.axhline(frozen.random, color=FAINT, linewidth=1.0, linestyle=":", zorder=2)
        lowest = np.nanmin(np.append(here["low"].replace(-np.inf, np.nan), frozen.random))
        axes.set_ylim(max(lowest, frozen.random - DEPTH * span) - 0.04 * span, frozen.reference + 0.12 * span)
    short_axis(axes, x=True, y=True)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlim(left=0.0)
