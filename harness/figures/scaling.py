"""Scaling: steps to solve against the number of parameters, with fitted lines and the crossover of the families."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.panels import above, pooled_lines
from harness.figures.style import (
    INK,
    LEGEND,
    WIDTH,
    axes_at,
    family_colour,
    legend_below,
    log_axis,
    nothing,
    shortened,
)

CAPTION = "Scaling with the number of parameters, and the crossover."
READING = (
    "A mark is the mean number of steps to solve, counted up to the smallest budget, of one algorithm with one "
    "structure, open where not all runs solved it; a line is the fit log T = a + b log P to its runs, those that did "
    "not get there taken as censored. Heavy: all algorithms of the family that ran on every structure shown; its "
    "exponent b stands in the panel with its 95 % interval. Grey: the part of the range in which it is not known which "
    "family needs fewer steps; dotted: where the heavy lines cross. “Any structure” differs in more than P; where "
    "the title names one kind, only the dimension moves. Groups whose lines the data do not determine are left out."
)
EMPTY = "No line that the runs determine: too few structures, or too few runs that solved it."
MOST = 3  # panels side by side
LETTERS = 30  # that fit above one
LEFT, RIGHT, HEAD, HEIGHT, FOOT = 0.52, 0.08, 0.5, 1.5, 0.42  # inches


def material(tables: Tables) -> pd.DataFrame:
    """The lines in which P alone varies."""
    fits = determined(tables.scaling)
    fits = fits[fits["lowest"] > 0]
    shared = fits.groupby(["environment", "policy_kind", "algorithm", "family"])["regressor"].transform("size")
    return fits[(fits["regressor"] == "parameters") & (shared == 1)]


def draw(tables: Tables) -> Figure:
    """One panel per group of scaling.csv in which P alone varies, with restricted.csv and crossover.csv."""
    fits = material(tables)
    if fits.empty:
        return nothing(EMPTY)
    groups = list(fits.groupby(["environment", "policy_kind"]))
    columns = min(MOST, len(groups))
    lines = -(-len(groups) // columns)
    step, width = HEAD + HEIGHT + FOOT, WIDTH / MOST - LEFT - RIGHT
    figure = plt.figure(figsize=(WIDTH, lines * step + LEGEND))
    for number, ((environment, kind), group) in enumerate(groups):
        line, column = divmod(number, columns)
        axes = axes_at(figure, column * WIDTH / MOST + LEFT, line * step + HEAD, width, HEIGHT)
        _frame(axes, group)
        _crossover(axes, tables.crossover, str(environment), str(kind))
        _marks(axes, tables.restricted, group)
        _fits(axes, group)
        words = f", {kind or 'any structure'}"
        title = f"{shortened(str(environment), LETTERS - len(words))}{words}"
        above(axes, 21.0, title, weight="bold", size=7.6, start=-72.0 * (LEFT - 0.1))
        if not column:
            axes.set_ylabel("steps until solved", labelpad=1.0)
    handles, names = pooled_lines(fits["family"])
    legend_below(figure, handles, names, columns=4)
    return figure


def determined(scaling: pd.DataFrame) -> pd.DataFrame:
    """Lines whose exponent and its interval are finite: a handful of crossings leaves every slope possible."""
    ends = ["exponent", "exponent_low", "exponent_high"]
    return scaling[np.isfinite(scaling[ends]).all(axis=1)]


def _frame(axes: Axes, group: pd.DataFrame) -> None:
    """Logarithmic axes."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(group["lowest"].min() / 1.5, group["highest"].max() * 1.5)
    axes.set_xlabel("parameters P", labelpad=1.0)


def _crossover(axes: Axes, crossover: pd.DataFrame, environment: str, kind: str) -> None:
    """Band of doubt and meeting point of the two families."""
    mine = crossover[(crossover["environment"] == environment) & (crossover["policy_kind"] == kind)]
    for row in mine[mine["first"] == "gradient-free"].to_dict("records"):
        if not np.isnan(row["crossover_low"]):
            ends = np.clip([row["crossover_low"], row["crossover_high"]], *axes.get_xlim())
            axes.axvspan(*ends, color="0.93", linewidth=0, zorder=0)
        if np.isfinite(row["crossover"]):
            axes.axvline(row["crossover"], color=INK, linewidth=1.0, linestyle=":", zorder=2)


def _marks(axes: Axes, restricted: pd.DataFrame, group: pd.DataFrame) -> None:
    """Restricted means of the cells through which the lines go: of one kind, by its name or, under labels, by its P."""
    environment, kind = group.iloc[0][["environment", "policy_kind"]]
    here = restricted[(restricted["environment"] == environment) & restricted["algorithm"].isin(group["algorithm"])]
    if kind:
        named = here["policy"].str.startswith(kind)
        here = here[named if named.any() else here["parameters"].between(group["lowest"].min(), group["highest"].max())]
    here = here[(here["mean"] > 0) & (here["crossed"] > 0)]
    for cell in here.to_dict("records"):
        colour = family_colour(cell["family"])
        face = colour if cell["crossed"] == cell["n"] else "white"
        axes.plot(
            [cell["parameters"]],
            [cell["mean"]],
            marker="o",
            markersize=3.2,
            color=colour,
            markerfacecolor=face,
            markeredgewidth=0.8,
            alpha=0.7,
            zorder=3,
        )


def _fits(axes: Axes, group: pd.DataFrame) -> None:
    """Lines of algorithms light, of families heavy with their exponents."""
    shift = 3.0
    for row in group.sort_values("family").to_dict("records"):
        colour, whole = family_colour(row["family"]), not row["algorithm"]
        x = np.array([row["lowest"], row["highest"]])
        y = np.exp(row["constant"]) * x ** row["exponent"]
        axes.plot(x, y, color=colour, linewidth=1.8 if whole else 0.7, alpha=1.0 if whole else 0.5, zorder=4)
        if whole:
            value, low, high = (round(row[name], 2) + 0.0 for name in ("exponent", "exponent_low", "exponent_high"))
            text = f"b = {value:.2f} [{low:.2f}, {high:.2f}]"
            above(axes, shift, text.replace("-", "−"), colour, size=6.0)
            shift += 8.0
    log_axis(axes, x=True, y=True)
