"""Steps to solve: Kaplan and Meier's share of seeds that have crossed the environment's threshold by so many steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.order import BY_STEPS, best_cells
from harness.figures.panels import Panel, by_policy, cells_of, family_lines, name_best, named
from harness.figures.style import FAINT_COLOUR, INK, family_colour, legend_below, log_axis, nothing

CAPTION = "Environment steps until solved."
READING = (
    "The height of a staircase is the share of runs that had crossed the environment's threshold (confirmed by the "
    "next evaluation) after so many environment steps, by Kaplan and Meier, on a logarithmic axis: further left is "
    "faster, higher is more reliable. Heavy, with its pointwise 95 % interval: the method of each family with the "
    "smallest expected number of steps, named above the panel; thin: the others of the family. The cross is where the "
    "data end: runs that had not crossed by then are censored, not failed for ever. The corner counts the methods of "
    "which no run crossed; their lines are grey. A staircase that begins above zero crossed before any learning."
)
EMPTY = "No run yet."


def material(tables: Tables) -> pd.DataFrame:
    """The staircases of all cells."""
    return tables.survival


def draw(tables: Tables) -> Figure:
    """Survival curves from survival.csv and dimension.csv."""
    lengths = material(tables)
    if lengths.empty:
        return nothing(EMPTY)
    figure, panels = by_policy(lengths)
    best = best_cells(tables.dimension[np.isfinite(tables.dimension["ert"])], BY_STEPS)
    worlds = dict(tuple(lengths.groupby("environment")))
    for panel in panels:
        heavy = named(best, panel)
        never = cells = 0
        for name, family, rows in cells_of(panel):
            _staircase(panel.axes, rows, family, heavy=heavy.get(family) == name)
            never, cells = never + int(not rows["share"].max() > 0.0), cells + 1
        name_best(panel, heavy)
        _frame(panel, worlds[panel.environment], never, cells)
    cross = Line2D([], [], color=INK, marker="x", linestyle="", markersize=4.5)
    handles, names = family_lines(lengths["family"], "fastest")
    legend_below(figure, [*handles, cross], [*names, "data end"], columns=3)
    return figure


def _staircase(axes: Axes, rows: pd.DataFrame, family: str, *, heavy: bool) -> None:
    """One cell: stairs, and a cross where its data end."""
    rows = rows.sort_values(["steps", "share"])
    crossed = rows["share"].max() > 0.0
    colour = family_colour(family) if crossed else FAINT_COLOUR
    if heavy and crossed:
        x, low, high = (rows[name] for name in ("steps", "low", "high"))
        axes.fill_between(x, low, high, step="post", color=colour, linewidth=0, alpha=0.13, zorder=2)
    axes.step(
        rows["steps"],
        rows["share"],
        where="post",
        color=colour,
        linewidth=1.8 if heavy else 0.8,
        alpha=1.0 if heavy else 0.45,
        zorder=4 if heavy else 3 if crossed else 2,
    )
    end = rows.iloc[-1:][rows["share"].iloc[-1:] < 1.0]
    axes.plot(end["steps"], end["share"], linestyle="", marker="x", color=colour, markersize=4.0, zorder=5)


def _frame(panel: Panel, here: pd.DataFrame, never: int, cells: int) -> None:
    """A logarithmic axis from the first crossing of the environment to its budget."""
    axes = panel.axes
    crossings = here.loc[(here["steps"] > 0) & np.isfinite(here["steps"]), "steps"]
    axes.set_xscale("log")
    if not crossings.empty:
        axes.set_xlim(crossings.min() / 1.5, crossings.max() * 1.25)
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0.0, 0.5, 1.0])
    log_axis(axes, x=True)
    axes.set_xlabel("environment steps", fontsize=7.0)
    if panel.first:
        axes.set_ylabel("share of runs", labelpad=1.0)
    if never:
        axes.text(
            0.04,
            0.94,
            f"{never} of {cells} never",
            transform=axes.transAxes,
            fontsize=6.5,
            va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
            zorder=6,
        )
