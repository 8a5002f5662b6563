"""Dispersion: the score of every single run at the budget, and beside it the runs that diverged."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.panels import zero_one
from harness.figures.rows import by_algorithm, policy_looks
from harness.figures.scores import LIMITS, TICKS
from harness.figures.style import INK, Colour, handle, legend_below, nothing, short

CAPTION = "Spread across seeds."
READING = (
    "Every dot is one run (one seed): its normalised score at the budget, placed at the edge of the panel if it lies "
    "outside. The bar behind the dots spans the middle half of the runs. Runs that diverged, if any, stand as "
    "crosses in a grey margin at the right; they count in every statistic."
)
EMPTY = "No run yet."
MARGIN = (1.32, 1.62)  # where diverged runs stand
SHADE = "0.90"


def material(tables: Tables) -> pd.DataFrame:
    """The runs that there are."""
    return tables.runs[tables.runs["status"] != "missing"]


def draw(tables: Tables) -> Figure:
    """A strip of runs per cell from runs.csv."""
    runs = material(tables)
    if runs.empty:
        return nothing(EMPTY)
    look, lost = policy_looks(runs), bool((runs["status"] == "diverged").any())
    figure, panels = by_algorithm(runs)
    for axes, environment, places in panels:
        zero_one(axes)
        here = runs[runs["environment"] == environment]
        for (algorithm, policy), cell in here.groupby(["algorithm", "policy"]):
            _strip(axes, cell, places[algorithm, policy], look[policy])
        axes.set_xlim(*LIMITS)
        axes.set_xticks(TICKS)
        axes.set_xlabel("normalised score")
        if lost:
            _margin(axes)
    cross = [Line2D([], [], color=INK, marker="x", linestyle="", markersize=4)] if lost else []
    names = [*look, "diverged"] if lost else list(look)
    legend_below(figure, [*(handle(*shape, joined=False) for shape in look.values()), *cross], names, columns=5)
    return figure


def _margin(axes: Axes) -> None:
    """Where diverged runs stand."""
    axes.axvspan(*MARGIN, color=SHADE, zorder=1, linewidth=0)
    axes.set_xlim(LIMITS[0], MARGIN[1])
    axes.set_xticks([*TICKS, float(np.mean(MARGIN))], [*(short(tick) for tick in TICKS), "div."])


def _strip(axes: Axes, cell: pd.DataFrame, place: float, look: tuple[Colour, str]) -> None:
    """The runs of one cell."""
    colour, marker = look
    lost = cell["status"] == "diverged"
    kept = cell.loc[~lost, "normalised"]
    kept = kept[np.isfinite(kept)].clip(LIMITS[0] + 0.03, LIMITS[1])
    if len(kept) > 1:
        quartiles = np.quantile(kept, [0.25, 0.75])
        axes.plot(quartiles, [place, place], color=colour, linewidth=2.4, alpha=0.35, solid_capstyle="butt", zorder=2)
    axes.plot(
        kept,
        np.full(len(kept), place),
        linestyle="",
        marker=marker,
        color=colour,
        markersize=3.0,
        markeredgewidth=0,
        alpha=0.7,
        zorder=3,
    )
    crosses = np.linspace(*MARGIN, int(lost.sum()) + 2)[1:-1]
    axes.plot(
        crosses,
        np.full(len(crosses), place),
        linestyle="",
        marker="x",
        color=colour,
        markersize=3.4,
        markeredgewidth=0.8,
        zorder=3,
    )
