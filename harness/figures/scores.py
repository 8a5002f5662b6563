"""Score at the budget: every algorithm with every structure, one panel per environment."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.panels import zero_one
from harness.figures.rows import by_algorithm, policy_looks
from harness.figures.style import Colour, handle, legend_below, nothing

CAPTION = "Score at the budget, by algorithm and structure."
READING = (
    "A dot is the interquartile mean over seeds of the normalised score at the budget: 0 (dotted) is the random "
    "policy, 1 (dashed) the reference. The line through it is the 95 % bootstrap interval; one run has none. Colour "
    "and marker are the structure: the stronger the colour, the more generic. Names of gradient-free methods are "
    "orange, of policy gradients blue, of probes grey. An arrow at the edge stands for a score outside the panel."
)
EMPTY = "No score yet."
LIMITS = (-0.55, 1.25)
TICKS = (-0.5, 0.0, 0.5, 1.0)


def material(tables: Tables) -> pd.DataFrame:
    """The cells that have a score."""
    return tables.scores[np.isfinite(tables.scores["normalised_iqm"])]


def draw(tables: Tables) -> Figure:
    """Dots and intervals from scores.csv."""
    scores = material(tables)
    if scores.empty:
        return nothing(EMPTY)
    look = policy_looks(scores)
    figure, panels = by_algorithm(scores)
    for axes, environment, places in panels:
        zero_one(axes)
        for cell in scores[scores["environment"] == environment].to_dict("records"):
            place = places[cell["algorithm"], cell["policy"]]
            interval = (cell["normalised_low"], cell["normalised_high"])
            dot(axes, cell["normalised_iqm"], interval, place, look[cell["policy"]])
        axes.set_xlim(*LIMITS)
        axes.set_xticks(TICKS)
        axes.set_xlabel("normalised score")
    legend_below(figure, [handle(*shape, joined=False) for shape in look.values()], list(look), columns=5)
    return figure


def dot(
    axes: Axes, value: float, interval: tuple[float, float], place: float, look: tuple[Colour, str], size: float = 5.0
) -> None:
    """A value with its interval, or an arrow at the edge if it lies outside LIMITS."""
    colour, marker = look
    low, high = (float(np.clip(end, *LIMITS)) for end in interval)
    axes.plot([low, high], [place, place], color=colour, linewidth=1.3, solid_capstyle="butt", zorder=2)
    if value < LIMITS[0]:
        value, marker = LIMITS[0] + 0.06, "<"
    elif value > LIMITS[1]:
        value, marker = LIMITS[1] - 0.06, ">"
    axes.plot(
        [value],
        [place],
        marker=marker,
        color=colour,
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=0.4,
        linestyle="",
        zorder=3,
    )
