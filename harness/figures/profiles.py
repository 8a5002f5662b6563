"""Profiles: shares of runs by the score they passed, and of (run, target) pairs by the episodes they took."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.panels import pooled_lines
from harness.figures.style import LEGEND, WIDTH, axes_at, family_colour, legend_below, log_axis, nothing

CAPTION = "Performance profiles and data profiles."
READING = (
    "Heavy, with a band that holds the whole line 95 times in 100: a run of the family, taken at random among its "
    "methods and structures; environments count alike. Thin: one algorithm with one structure, where it ran in every "
    "environment of the study. Left: the share of runs whose normalised score at the budget is above the threshold; "
    "higher is better. Right: the share of targets of the ladder that a run reached within so many episodes, in units "
    "of P + 1, the cost of one finite-difference gradient; further left is cheaper for the dimension that it has."
)
EMPTY = "No run yet."
PANELS = {
    "performance": ("normalised score above which a run is", "share of runs"),
    "data": ("episodes / (P + 1)", "share of targets reached"),
}
LEFT, RIGHT, TOP, HEIGHT, FOOT = 0.55, 0.15, 0.12, 2.0, 0.42  # inches


def material(tables: Tables) -> pd.DataFrame:
    """Families, and methods that ran everywhere, but no probes."""
    lines = tables.profiles[(tables.profiles["level"] == "family") | tables.profiles["everywhere"]]
    return lines[lines["family"] != "probe"]


def draw(tables: Tables) -> Figure:
    """Two panels from profiles.csv."""
    lines = material(tables)
    if lines.empty:
        return nothing(EMPTY)
    figure = plt.figure(figsize=(WIDTH, TOP + HEIGHT + FOOT + LEGEND))
    width = WIDTH / 2 - LEFT - RIGHT
    for number, (profile, words) in enumerate(PANELS.items()):
        axes = axes_at(figure, number * WIDTH / 2 + LEFT, TOP, width, HEIGHT)
        _panel(axes, lines[lines["profile"] == profile])
        axes.set_xlabel(words[0])
        axes.set_ylabel(words[1])
        if profile == "data":
            axes.set_xscale("log")
            axes.set_xlim(lines.loc[lines["profile"] == "data", "x"].agg(["min", "max"]))
            log_axis(axes, x=True)
    handles, names = pooled_lines(lines["family"])
    legend_below(figure, handles, names, columns=4)
    return figure


def _panel(axes: Axes, lines: pd.DataFrame) -> None:
    """Light lines of algorithms, heavy ones of families."""
    for (level, family, _, _), rows in lines.groupby(["level", "family", "algorithm", "policy"]):
        rows, colour = rows.sort_values("x"), family_colour(str(family))
        if level == "family":
            axes.fill_between(rows["x"], rows["low"], rows["high"], color=colour, alpha=0.16, linewidth=0, zorder=2)
            axes.plot(rows["x"], rows["share"], color=colour, linewidth=1.8, zorder=4)
        else:
            axes.plot(rows["x"], rows["share"], color=colour, linewidth=0.7, alpha=0.45, zorder=3)
    axes.set_ylim(-0.02, 1.02)
