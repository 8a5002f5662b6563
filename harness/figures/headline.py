"""The answer at a glance: the best method of each family, for every environment and structure."""

from __future__ import annotations

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
TOP, FOOT, PITCH = 0.2, 0.45, 0.29  # inches: above and below the panels, between two rows
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
    best, lines = best_cells(cells, BY_SCORE), rows_of(cells)
    height = PITCH * (max(lines.values()) + 0.95)
    figure = plt.figure(figsize=(WIDTH, TOP + height + FOOT + LEGEND / 2))
    left, right = (axes_at(figure, start, TOP, width, height) for start, width in (LEFT, RIGHT))
    right.tick_params(axis="y", labelleft=False)
    _scores(left, best, lines)
    _times(right, best, lines)
    _labels(left, cells, lines)
    _names(right, best, lines)
    handles = [handle(family_colour(family), shape, joined=False) for family, shape in SHAPES.items()]
    legend_below(figure, handles, [f"best {family} method" for family in SHAPES])
    return figure


def rows_of(cells: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The row of every (environment, structure), a gap with a heading before each environment."""
    rows: dict[tuple[str, str], float] = {}
    row = -0.2
    for environment, group in cells.groupby("environment"):
        row += 1.0
        for policy in policy_order(group):
            rows[str(environment), policy] = row
            row += 1.0
    return rows


def _scores(axes: Axes, best: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """Normalised score at the budget."""
    zero_one(axes)
    for cell in best.to_dict("records"):
        family = cell["family"]
        place = lines[cell["environment"], cell["policy"]] + SHIFT[family]
        interval = (cell["normalised_low"], cell["normalised_high"])
        dot(axes, cell["normalised_iqm"], interval, place, (family_colour(family), SHAPES[family]), size=5.0)
    axes.set_xlim(*LIMITS)
    axes.set_xticks(TICKS)
    axes.set_xlabel("normalised score at the budget")


def _times(axes: Axes, best: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """ERT with a margin for infinity."""
    finite = best.loc[np.isfinite(best["ert"]) & (best["ert"] > 0), "ert"]
    low, high = (finite.min(), finite.max()) if len(finite) else (1.0, 10.0)
    room = max(high / low, 10.0)
    border, edge = high * room**0.22, high * room**0.40
    axes.set_xscale("log")
    axes.axvspan(border, edge, color="0.90", linewidth=0, zorder=1)
    for cell in best.to_dict("records"):
        family = cell["family"]
        place = lines[cell["environment"], cell["policy"]] + SHIFT[family]
        colour = family_colour(family)
        value = cell["ert"] if np.isfinite(cell["ert"]) else np.sqrt(border * edge)
        if np.isfinite(cell["ert"]):
            axes.plot(
                np.clip([cell["ert_low"], cell["ert_high"]], 0.0, border),
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
    axes.set_xlim(low / room**0.12, edge)
    axes.text(
        np.sqrt(border * edge), 1.0, "never", transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=7
    )
    log_axis(axes, x=True)
    axes.set_xlabel("expected steps until solved (ERT)")


def _labels(axes: Axes, cells: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """Structures with their P on the vertical axis; environments as headings over their rows."""
    texts = []
    for environment, policy in lines:
        here = cells[(cells["environment"] == environment) & (cells["policy"] == policy)]
        texts.append(f"{shortened(policy, 18)}  {count(here['parameters'])}")
    axes.set_yticks(list(lines.values()), texts)
    axes.figure.axes[1].set_yticks([])
    for beside in (axes, axes.figure.axes[1]):
        beside.set_ylim(max(lines.values()) + 0.6, -0.35)
        beside.grid(visible=False, axis="y")
        beside.tick_params(axis="y", length=0)
    for environment in sorted({environment for environment, _ in lines}):
        top = min(row for (name, _), row in lines.items() if name == environment)
        axes.text(0.02, top - 0.72, environment, transform=axes.get_yaxis_transform(), fontweight="bold", va="center")
        for beside in (axes, axes.figure.axes[1]):
            beside.axhspan(top - 0.5, top - 0.95, color="0.95", linewidth=0, zorder=2.5)


def _names(axes: Axes, best: pd.DataFrame, lines: dict[tuple[str, str], float]) -> None:
    """The methods compared, at the right of their rows."""
    for cell in best.to_dict("records"):
        place = lines[cell["environment"], cell["policy"]] + 1.45 * SHIFT[cell["family"]]
        axes.text(
            1.02,
            place,
            shortened(cell["algorithm"], 20),
            transform=axes.get_yaxis_transform(),
            fontsize=6.8,
            va="center",
            color=family_colour(cell["family"]),
        )
