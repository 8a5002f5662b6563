"""Sensitivity: the score against each setting that was searched, from the draws of tuning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.order import algorithm_order
from harness.figures.style import (
    INK,
    LEGEND,
    WIDTH,
    Colour,
    axes_at,
    family_colour,
    handle,
    legend_below,
    nothing,
    short_axis,
    shortened,
)
from harness.interface import Floats

CAPTION = "Sensitivity to the settings."
READING = (
    "A dot is one setting that was tried in one environment: the mean over structures of its score on tuning seeds "
    "(area under the normalised learning curve), against one of the settings that were drawn together. The line is the "
    "mean of neighbours: flat, the setting does not matter in this range. The dotted line is the default."
)
EMPTY = "No tuned settings."
LIMITS = (-1.05, 1.15)
ACROSS = 6  # panels side by side
LEFT, BETWEEN, HEAD, HEIGHT, FOOT = 0.32, 0.1, 0.3, 0.66, 0.22  # inches
GROUPS = 5  # of neighbours


class Panel(NamedTuple):
    """A setting of an algorithm; N dots."""

    algorithm: str
    family: str
    setting: str
    values: Floats  # [N]
    scores: Floats  # [N]
    environments: list[str]  # N
    default: float


def material(tables: Tables) -> pd.DataFrame:
    """The settings that were tried."""
    return tables.tuning[np.isfinite(tables.tuning["score"])]


def draw(tables: Tables) -> Figure:
    """A panel per algorithm and searched setting from tuning.csv."""
    tuning = material(tables)
    if tuning.empty:
        return nothing(EMPTY)
    panels = list(_panels(tuning))
    lines = -(-len(panels) // ACROSS)
    figure = plt.figure(figsize=(WIDTH, lines * (HEAD + HEIGHT + FOOT) + LEGEND))
    width = (WIDTH - LEFT - ACROSS * BETWEEN) / ACROSS
    names = sorted(set(tuning["environment"]))
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    for number, panel in enumerate(panels):
        line, place = divmod(number, ACROSS)
        left, top = LEFT + place * (width + BETWEEN), line * (HEAD + HEIGHT + FOOT) + HEAD
        axes = axes_at(figure, left, top, width, HEIGHT)
        _fill(axes, panel, colours)
        axes.tick_params(axis="y", labelleft=not place)
    legend_below(figure, [handle(colour, "o", joined=False) for colour in colours.values()], names, columns=5)
    return figure


def _panels(tuning: pd.DataFrame) -> Iterator[Panel]:
    """Every searched setting of every algorithm, in the order of the house."""
    keys = ["algorithm", "family", "environment", "draw", "settings"]
    means = tuning.groupby(keys, as_index=False)["score"].mean()
    for algorithm in algorithm_order(means):
        rows = means[means["algorithm"] == algorithm]
        settings = pd.DataFrame([json.loads(text) for text in rows["settings"]], index=rows.index)
        for setting in settings:
            values = pd.to_numeric(settings[setting], errors="coerce")
            default = values[rows["draw"] == 0].iloc[0] if (rows["draw"] == 0).any() else np.nan
            family, environments = str(rows["family"].iloc[0]), list(rows["environment"])
            scores = rows["score"].to_numpy()
            if values.nunique() > 1:
                yield Panel(algorithm, family, str(setting), values.to_numpy(), scores, environments, float(default))


def _fill(axes: Axes, panel: Panel, colours: dict[str, Colour]) -> None:
    """Dots, the line through groups of neighbours, and the default."""
    shown = np.clip(panel.scores, *LIMITS)
    axes.scatter(panel.values, shown, s=5.0, c=[colours[name] for name in panel.environments], alpha=0.7, linewidths=0)
    axes.plot(*neighbours(panel.values, shown), color=INK, linewidth=1.0)
    axes.axvline(panel.default, color=INK, linewidth=0.7, linestyle=":")
    positive = panel.values.min() > 0.0
    if positive and panel.values.max() > 8.0 * panel.values.min():
        axes.set_xscale("log")
    short_axis(axes, x=True)
    axes.tick_params(labelsize=5.5)
    axes.set_ylim(*LIMITS)
    for points, text, colour in ((9.0, panel.algorithm, family_colour(panel.family)), (2.0, panel.setting, INK)):
        axes.annotate(
            shortened(text, 17), (0.0, 1.0), (0.0, points), "axes fraction", "offset points", color=colour, fontsize=6.0
        )


def neighbours(values: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Mean value and mean score of each value, or, of many values, of so many groups of neighbours: [G], [G]."""
    order = np.argsort(values, kind="stable")
    levels, places = np.unique(values, return_inverse=True)
    if len(levels) <= GROUPS + 1:
        groups = [np.flatnonzero(places == level) for level in range(len(levels))]
    else:
        groups = np.array_split(order, GROUPS)
    return np.array([values[rows].mean() for rows in groups]), np.array([scores[rows].mean() for rows in groups])
