"""Steps to solve: the distribution over seeds of the steps until the environment's threshold is crossed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.panels import by_policy, cells_of
from harness.figures.style import FAINT_COLOUR, INK, Colour, handle, legend_below, log_axis, looks, nothing

CAPTION = "Environment steps until solved."
READING = (
    "The height of a staircase is the share of runs that had crossed the environment's threshold (confirmed by the "
    "next evaluation) after so many environment steps, on a logarithmic axis: further left is faster, higher is more "
    "reliable. A row is an environment, a column a structure. The cross is where the data end: runs that had not "
    "crossed by then are censored, not failed for ever. The corner counts the methods of which no run crossed; their "
    "lines are grey."
)


def draw(tables: Tables) -> Figure:
    """Run-length distributions from runlengths.csv."""
    lengths = tables.runlengths
    if lengths.empty:
        return nothing("No run yet.")
    figure, panels = by_policy(lengths)
    look = looks(lengths)
    for panel in panels:
        never = cells = 0
        for name, _, rows in cells_of(lengths, panel):
            _staircase(panel.axes, rows, look[name])
            never, cells = never + int(not rows["share"].max() > 0.0), cells + 1
        _frame(panel.axes, lengths[lengths["environment"] == panel.environment], never, cells)
    cross = Line2D([], [], color=INK, marker="x", linestyle="", markersize=4.5)
    legend_below(figure, [*(handle(*shape) for shape in look.values()), cross], [*look, "data end"], columns=6)
    return figure


def _staircase(axes: Axes, rows: pd.DataFrame, look: tuple[Colour, str]) -> None:
    """One cell: stairs with a marker at each crossing, and a cross where its data end."""
    rows = rows.sort_values(["steps", "share"])
    colour, marker = look if rows["share"].max() > 0.0 else (FAINT_COLOUR, "")
    stairs = rows[~rows["censored"]]
    axes.step(rows["steps"], rows["share"], where="post", color=colour, linewidth=1.1, zorder=3 if marker else 2)
    axes.plot(
        stairs["steps"],
        stairs["share"],
        linestyle="",
        marker=marker,
        color=colour,
        markersize=3.0,
        markeredgecolor="white",
        markeredgewidth=0.3,
        zorder=4,
    )
    end = rows[rows["censored"]]
    axes.plot(end["steps"], end["share"], linestyle="", marker="x", color=colour, markersize=4.5, zorder=5)


def _frame(axes: Axes, here: pd.DataFrame, never: int, cells: int) -> None:
    """A logarithmic axis from the first crossing of the environment to its budget."""
    crossings = here.loc[(here["steps"] > 0) & np.isfinite(here["steps"]), "steps"]
    axes.set_xscale("log")
    if not crossings.empty:
        axes.set_xlim(crossings.min() / 1.5, crossings.max() * 1.25)
    axes.set_ylim(-0.04, 1.04)
    log_axis(axes, x=True)
    if never:
        axes.text(
            0.03,
            0.93,
            f"{never} of {cells} never",
            transform=axes.transAxes,
            fontsize=6.5,
            va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
            zorder=6,
        )
