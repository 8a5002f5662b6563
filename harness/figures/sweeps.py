"""Sweeps: steps to solve where one of parameters, horizon and actions moves alone; the exponents of the families."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.order import RIVALS, algorithm_order
from harness.figures.panels import above
from harness.figures.problems import EMPTY, MOVING, Problem, alone, material, problems
from harness.figures.style import (
    LEGEND,
    MARKERS,
    WIDTH,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    note,
    nothing,
)

__all__ = ["CAPTION", "EMPTY", "READING", "draw", "material"]

CAPTION = "What a parameter, a step of the horizon and an action cost."
READING = (
    "The environments of one problem in which one thing moves and the other two stand still; of a linear policy with "
    "as many parameters, more actions therefore mean fewer observations. A mark is the mean number of steps to solve, "
    "counted up to the smallest budget, of one algorithm with its 95 % interval; open where not all runs solved it, a "
    "cross where none did. Above a panel stands the exponent of either family with its 95 % interval, from one fit to "
    "all environments and algorithms, runs that did not get there taken as censored."
)
NAMES = {"parameters": "parameters P", "episode_horizon": "horizon H", "actions": "actions A"}
REGRESSORS = {"parameters": "parameters", "episode_horizon": "horizon", "actions": "actions"}
LEFT, GAP, RIGHT = 0.52, 0.3, 0.1  # inches: before, between and after the panels
HEAD, HIGH, FOOT = 0.5, 1.6, 0.4  # inches: above a panel, the panel, below it
APART = 1.12  # between the marks of two algorithms, as a ratio


def draw(tables: Tables) -> Figure:
    """Three panels for each problem, from restricted.csv and scaling.csv."""
    found = list(problems(tables))
    if not found:
        return nothing(EMPTY)
    step, width = HEAD + HIGH + FOOT, (WIDTH - LEFT - RIGHT - 2 * GAP) / len(MOVING)
    figure = plt.figure(figsize=(WIDTH, len(found) * step + LEGEND))
    everything = pd.concat([problem.cells for problem in found])
    looks = dict(zip(algorithm_order(everything), MARKERS * len(everything), strict=False))
    for number, problem in enumerate(found):
        for place, moved in enumerate(MOVING):
            axes = axes_at(figure, LEFT + place * (width + GAP), number * step + HEAD, width, HIGH)
            _panel(axes, problem, moved, looks)
            axes.tick_params(axis="y", labelleft=not place)
            if not place:
                axes.set_ylabel("steps until solved", labelpad=1.0)
    families = dict(zip(everything["algorithm"], everything["family"], strict=True))
    handles = [handle(family_colour(families[name]), look) for name, look in looks.items()]
    legend_below(figure, handles, list(looks), columns=6)
    return figure


def _panel(axes: Axes, problem: Problem, moved: str, looks: dict[str, str]) -> None:
    """Steps to solve of every algorithm over what moves."""
    here = alone(problem.cells, moved)
    axes.set_xlabel(NAMES[moved], labelpad=1.0)
    if here.empty:
        axes.set_xticks([])
        return note(axes, "does not move alone")
    if not (problem.cells["mean"] > 0).any():  # solved before any step: nothing that a logarithm could show
        axes.set_yticks([])
        return note(axes, "no steps to show")
    _frame(axes, here[moved], problem.cells["mean"])
    still = (f"{NAMES[name][-1]} = {here[name].iloc[0]:.0f}" for name in MOVING if name != moved)
    above(axes, 21.0, " · ".join(still), weight="bold", size=7.2)
    _exponents(axes, problem.lines[problem.lines["regressor"] == REGRESSORS[moved]])
    mine = [name for name in looks if (here["algorithm"] == name).any()]
    for place, name in enumerate(mine):
        cells = here[here["algorithm"] == name].sort_values(moved)
        _line(axes, cells, moved, looks[name], APART ** (place - (len(mine) - 1) / 2))
    log_axis(axes, x=True, y=True)
    axes.set_xticks(sorted(here[moved].unique()))


def _exponents(axes: Axes, lines: pd.DataFrame) -> None:
    """The exponent of each family over a panel."""
    for points, family in zip((11.0, 3.0), RIVALS, strict=True):
        for row in lines[lines["family"] == family].to_dict("records"):
            value, low, high = (round(row[name], 2) + 0.0 for name in ("exponent", "exponent_low", "exponent_high"))
            text = f"exponent {value:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")
            above(axes, points, text, family_colour(family), size=6.0)


def _frame(axes: Axes, moved: pd.Series, means: pd.Series) -> None:
    """Logarithmic axes; the vertical one is that of all panels."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(moved.min() / 1.6, moved.max() * 1.6)
    axes.set_ylim(means[means > 0].min() / 1.6, means.max() * 1.6)


def _line(axes: Axes, mine: pd.DataFrame, moved: str, look: str, shift: float) -> None:
    """One algorithm: its means joined, each with its interval; open where not all solved it, a cross where none."""
    colour = family_colour(str(mine["family"].iloc[0]))
    x = mine[moved].to_numpy() * shift
    axes.plot(x, mine["mean"], color=colour, linewidth=0.9, alpha=0.6, zorder=2)
    axes.vlines(x, mine["mean_low"], mine["mean_high"], color=colour, linewidth=0.8, alpha=0.6, zorder=2)
    for at, cell in zip(x, mine.to_dict("records"), strict=True):
        face = colour if cell["crossed"] == cell["n"] else "white"
        mark = look if cell["crossed"] else "x"
        axes.plot([at], [cell["mean"]], mark, color=colour, markerfacecolor=face, markersize=4.0, zorder=3)
