"""Completeness, structures by algorithms: of every cell, how many runs finished, diverged or are missing."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from harness.figures.load import Tables
from harness.figures.order import algorithm_order, policy_order
from harness.figures.style import INK, WIDTH, family_colour, legend_below, nothing, shortened

CAPTION = "Completeness."
READING = (
    "Every bar is one cell, an algorithm with a structure in an environment; its length is divided among the runs "
    "that finished, diverged and are missing. Numbers are written where not all runs finished: finished of expected. "
    "An empty place means that the study does not ask for this cell."
)
EMPTY = "The study expects no run."
MOST_NUMBERS = 24  # columns in which a number still fits
LEAST = 4  # columns that the width is for, so that few of them are not wide
COLOURS = {"finished": "#9db8c9", "diverged": "#d55e00", "missing": "#f0e442"}


def material(tables: Tables) -> pd.DataFrame:
    """All runs that the study expects."""
    return tables.runs


def draw(tables: Tables) -> Figure:
    """A matrix of bars from runs.csv."""
    runs = material(tables)
    if runs.empty:
        return nothing(EMPTY)
    names = algorithm_order(runs)
    groups = runs.groupby("environment")
    lines = [(str(environment), policy) for environment, group in groups for policy in policy_order(group)]
    figure, axes = plt.subplots(figsize=(WIDTH, 0.135 * len(lines) + 1.3), layout="constrained")
    axes.set_ylim(len(lines) - 0.5, -0.5)
    counts = runs.groupby(["environment", "policy", "algorithm"])["status"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=list(COLOURS), fill_value=0)
    _bars(figure, counts, lines, names)
    axes.grid(visible=False)
    axes.set_xlim(-0.05, max(len(names), LEAST))
    axes.xaxis.tick_top()
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="both", length=0)
    labels = [f"{shortened(environment, 25)} · {shortened(policy, 22)}" for environment, policy in lines]
    axes.set_yticks(range(len(lines)), labels, fontsize=6.5)
    families = dict(zip(runs["algorithm"], runs["family"], strict=True))
    middles, heads = [number + 0.45 for number in range(len(names))], [shortened(name, 25) for name in names]
    axes.set_xticks(middles, heads, rotation=40, ha="left", fontsize=6.5)
    for label, name in zip(axes.get_xticklabels(), names, strict=True):
        label.set_color(family_colour(families[name]))
    legend_below(figure, [Patch(facecolor=colour) for colour in COLOURS.values()], list(COLOURS))
    return figure


def _bars(figure: Figure, counts: pd.DataFrame, lines: list[tuple[str, str]], names: list[str]) -> None:
    """One divided bar per cell [cells, 3]."""
    axes = figure.axes[0]
    for (environment, policy, algorithm), cell in counts.iterrows():
        line, left, total = lines.index((environment, policy)), float(names.index(algorithm)), int(cell.sum())
        middle = left + 0.45
        for status, colour in COLOURS.items():
            width = 0.9 * cell[status] / total
            axes.barh(line, width, height=0.72, left=left, color=colour, linewidth=0)
            left += width
        if cell["finished"] < total and len(names) <= MOST_NUMBERS:
            axes.text(middle, line, f"{cell['finished']}/{total}", ha="center", va="center", fontsize=5.5, color=INK)
