"""Learning curves: the score of the evaluated policy against the environment steps charged."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Anchors, Tables, anchors
from harness.figures.order import BY_SCORE, best_cells
from harness.figures.panels import Panel, by_policy, cells_of, family_lines, name_best, named, steps_axis
from harness.figures.style import FAINT, family_colour, legend_below, note, nothing, short_axis

CAPTION = "Learning curves."
READING = (
    "A panel is a structure with its number of parameters P in an environment. A line is the interquartile mean over "
    "seeds of the score, as a step function of the environment steps used. Heavy: the best method of each family at "
    "the budget, named above the panel, with its pointwise 95 % interval and, fainter, the band that holds the whole "
    "curve 95 times in 100; thin: the others of the family. Dashed: the reference score. Dotted: the random policy. "
    "Curves far below the random policy leave the panel at the bottom."
)
EMPTY = "No learning curve yet."
DEPTH = 0.45  # shown below the random score, as a share of reference - random


def material(tables: Tables) -> pd.DataFrame:
    """The curves of all cells."""
    return tables.curves


def draw(tables: Tables) -> Figure:
    """Environment by policy small multiples from curves.csv, dimension.csv and targets.csv."""
    curves = material(tables)
    if curves.empty:
        return nothing(EMPTY)
    figure, panels = by_policy(curves)
    best, frozen = best_cells(tables.dimension, BY_SCORE), anchors(tables.targets)
    worlds = dict(tuple(curves.groupby("environment")))
    for panel in panels:
        heavy = named(best, panel)
        for name, family, rows in cells_of(panel):
            _curve(panel.axes, rows, family, heavy=heavy.get(family) == name)
        name_best(panel, heavy)
        _frame(panel, worlds[panel.environment], frozen.get(panel.environment))
    lines = [Line2D([], [], color=FAINT, linestyle=style, linewidth=1.0) for style in ("--", ":")]
    handles, names = family_lines(curves["family"], "best")
    legend_below(figure, [*handles, *lines], [*names, "reference", "random"], columns=4)
    return figure


def _curve(axes: Axes, rows: pd.DataFrame, family: str, *, heavy: bool) -> None:
    """One cell: a light line, or a heavy one with its band."""
    rows = _corners(rows[np.isfinite(rows["iqm"])].sort_values("steps"))
    if rows.empty:
        return
    colour = family_colour(family)
    x, y = rows["steps"], rows["iqm"]
    if not heavy:
        axes.step(x, y, where="post", color=colour, linewidth=0.7, alpha=0.45, zorder=3)
        return
    for low, high, strength in (("band_low", "band_high", 0.08), ("low", "high", 0.14)):
        axes.fill_between(x, rows[low], rows[high], step="post", color=colour, linewidth=0, alpha=strength, zorder=2)
    axes.step(x, y, where="post", color=colour, linewidth=1.8, zorder=4)


def _corners(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at which the step function or one of its bands changes, and the last one."""
    values = rows[["iqm", "low", "high", "band_low", "band_high"]].to_numpy()
    changed = np.ones(len(rows), bool)
    changed[1:-1] = ~((values[1:-1] == values[:-2]) | (np.isnan(values[1:-1]) & np.isnan(values[:-2]))).all(axis=1)
    return rows[changed]


def _frame(panel: Panel, here: pd.DataFrame, frozen: Anchors | None) -> None:
    """Reference lines, limits and labels: one vertical scale for all panels of an environment."""
    axes = panel.axes
    if not np.isfinite(panel.rows["iqm"]).any():
        note(axes, "no finite score")
    if frozen is not None and np.isfinite([frozen.random, frozen.reference]).all():
        span = frozen.reference - frozen.random
        axes.axhline(frozen.reference, color=FAINT, linewidth=1.0, linestyle="--", zorder=2)
        axes.axhline(frozen.random, color=FAINT, linewidth=1.0, linestyle=":", zorder=2)
        lowest = np.nanmin(np.append(here["iqm"].replace(-np.inf, np.nan), frozen.random))
        axes.set_ylim(max(lowest, frozen.random - DEPTH * span) - 0.06 * span, frozen.reference + 0.06 * span)
    axes.set_xlim(0.0, here["steps"].max())
    axes.set_xticks([0.0, here["steps"].max() / 2.0, here["steps"].max()])
    axes.locator_params(axis="y", nbins=6)
    short_axis(axes, x=True, y=True)
    steps_axis(axes)
    if panel.first:
        axes.set_ylabel("score", labelpad=1.0)
