"""The answer at a glance: the best method of each family, for every environment and structure."""

from __future__ import annotations

import math
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.order import BY_SCORE, best_cells, count, policy_order
from harness.figures.panels import zero_one
from harness.figures.scores import LIMITS, TICKS, dot
from harness.figures.style import (
    LEGEND,
    WIDTH,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    nothing,
    shortened,
)

CAPTION = "Structure versus data at a glance."
READING = (
    "For every environment and structure, with its number of parameters P: the best "
    "gradient-free method (orange circle) and the best policy gradient (blue square), named at the right. Left: "
    "normalised score at the budget (0 random, 1 reference). Right: expected running time to the environment's "
    "threshold, in environment steps; a mark in the grey margin never reached it. Lines are 95 % intervals. The best "
    "cell was chosen on the same runs, which flatters both families; where the lines overlap, the order is open."
)
EMPTY = "No run of either family yet."
SHAPES = {"gradient-free": "o", "policy-gradient": "s"}
LEFT, RIGHT = (1.60, 1.86), (3.58, 1.87)  # inches: where the panels start, how wide they are
HEAD, FOOT, PITCH = 0.30, 0.50, 0.29  # inches: above and below the panels of an environment, between two rows
SHIFT = {"gradient-free": -0.16, "policy-gradient": 0.16}


def material(tables: Tables) -> pd.DataFrame:
    """The cells of both families."""
    cells = tables.dimension
    return cells[cells["family"].isin(list(SHAPES)) & np.isfinite(cells["normalised_iqm"])]


def draw(tables: Tables) -> Figure:
    """Score and ERT of the best cells from dimension.csv."""
    cells = material(tables)
    if cells.empty:
        return nothing(EMPTY)
    best, groups = best_cells(cells, BY_SCORE), cells.groupby("environment")
    heights = [PITCH * group["policy"].nunique() for _, group in groups]
    figure = plt.figure(figsize=(WIDTH, sum(heights) + (HEAD + FOOT) * len(heights) + LEGEND / 2))
    scale, top = Scale.of(best["ert"]), 0.0
    for (environment, group), height in zip(groups, heights, strict=True):
        left, right = (axes_at(figure, start, top + HEAD, width, height) for start, width in (LEFT, RIGHT))
        left.set_title(str(environment), fontsize=8.5)
        here = best[best["environment"] == environment]
        lines = {policy: float(row) for row, policy in enumerate(policy_order(group))}
        _scores(left, here, lines)
        _times(right, here, lines, scale)
        _labels(left, right, group, lines)
        _names(right, here, lines)
        top += HEAD + height + FOOT
    handles = [handle(family_colour(family), shape, joined=False) for family, shape in SHAPES.items()]
    legend_below(figure, handles, [f"best {family} method" for family in SHAPES])
    return figure


class Scale(NamedTuple):
    """Of the times of all environments: from where to where they go, and the margin for what never comes."""

    low: float
    border: float
    edge: float

    @classmethod
    def of(cls, times: pd.Series) -> Scale:
        """With room for the margin at the right."""
        finite = times[np.isfinite(times) & (times > 0)]
        low, high = (finite.min(), finite.max()) if len(finite) else (1.0, 10.0)
        room = max(high / low, 10.0)
        return cls(low / room**0.12, high * room**0.22, high * room**0.40)

    @property
    def never(self) -> float:
        """The middle of the margin."""
        return math.sqrt(self.border * self.edge)


def _scores(axes: Axes, best: pd.DataFrame, lines: dict[str, float]) -> None:
    """Normalised score at the budget."""
    zero_one(axes)
    for cell in best.to_dict("records"):
        family = cell["family"]
        place = lines[cell["policy"]] + SHIFT[family]
        interval = (cell["normalised_low"], cell["normalised_high"])
        dot(axes, cell["normalised_iqm"], interval, place, (family_colour(family), SHAPES[family]), size=5.0)
    axes.set_xlim(*LIMITS)
    axes.set_xticks(TICKS)
    axes.set_xlabel("normalised score at the budget")


def _times(axes: Axes, best: pd.DataFrame, lines: dict[str, float], scale: Scale) -> None:
    """ERT with a margin for infinity."""
    axes.set_xscale("log")
    axes.axvspan(scale.border, scale.edge, color="0.90", linewidth=0, zorder=1)
    for cell in best.to_dict("records"):
        family = cell["family"]
        place = lines[cell["policy"]] + SHIFT[family]
        colour = family_colour(family)
        value = cell["ert"] if np.isfinite(cell["ert"]) else scale.never
        if np.isfinite(cell["ert"]):
            axes.plot(
                np.clip([cell["ert_low"], cell["ert_high"]], 0.0, scale.border),
                [place, place],
                color=colour,
                linewidth=1.1,
                solid_capstyle="butt",
                zorder=2,
            )
        axes.plot(
            [value],
            [place],
            marker=SHAPES[family],
            color=colour,
            markersize=5.0,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linestyle="",
            zorder=3,
        )
    axes.set_xlim(scale.low, scale.edge)
    axes.text(scale.never, 1.0, "never", transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=7)
    log_axis(axes, x=True)
    axes.set_xlabel("expected steps until solved (ERT)")


def _labels(left: Axes, right: Axes, cells: pd.DataFrame, lines: dict[str, float]) -> None:
    """Structures with their P on the vertical axis."""
    parameters = cells.groupby("policy")["parameters"]
    left.set_yticks(
        list(lines.values()), [f"{shortened(name, 18)}  {count(parameters.get_group(name))}" for name in lines]
    )
    right.set_yticks([])
    for axes in (left, right):
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)


def _names(axes: Axes, best: pd.DataFrame, lines: dict[str, float]) -> None:
    """The methods compared, at the right of their rows."""
    for cell in best.to_dict("records"):
        place = lines[cell["policy"]] + 1.45 * SHIFT[cell["family"]]
        axes.text(
            1.02,
            place,
            shortened(cell["algorithm"], 20),
            transform=axes.get_yaxis_transform(),
            fontsize=6.8,
            va="center",
            color=family_colour(cell["family"]),
        )
