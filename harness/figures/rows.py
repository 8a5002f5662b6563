"""Rows by algorithm: a panel per environment, in it a row per algorithm, in it a line per structure."""

from __future__ import annotations

import math
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.order import algorithm_order, policy_order
from harness.figures.style import LEGEND, MARKERS, WIDTH, Colour, axes_at, family_colour, shortened

PITCH = 0.115  # inches between the lines of a row
LEAST = 0.17  # inches: a row with one line
NAMES, RIGHT = 1.12, 0.12  # inches: left and right of a panel
HEAD, FOOT = 0.32, 0.42  # inches: above and below a panel
FIVE, LINE = 5, 0.17  # names in a line of the legend; its inches, of which LEGEND holds two lines


class Rows(NamedTuple):
    """One environment; `place` is in inches from the top."""

    axes: Axes
    environment: str
    place: dict[tuple[str, str], float]  # (algorithm, policy)


def by_algorithm(cells: pd.DataFrame, others: int = 0) -> tuple[Figure, list[Rows]]:
    """Panels two by two, the largest first; between two pairs a page can end.

    Args:
        cells: with columns environment, policy, parameters, algorithm, family; at least one row.
        others: names of the legend beside the structures.
    """
    groups = {str(environment): group for environment, group in cells.groupby("environment")}
    heights = {name: sum(_heights(group).values()) for name, group in groups.items()}
    columns = min(2, len(groups))
    width = min(WIDTH / columns, 4.6)
    order, bottom = sorted(groups, key=lambda name: (-heights[name], name)), 0.0
    places: dict[str, tuple[float, float]] = {}
    for start in range(0, len(order), columns):
        pair = order[start : start + columns]
        places |= {name: (column * width + NAMES, bottom + HEAD) for column, name in enumerate(pair)}
        bottom += HEAD + heights[pair[0]] + FOOT
    lines = math.ceil((cells["policy"].nunique() + others) / FIVE)
    figure = plt.figure(figsize=(width * columns, bottom + LEGEND + LINE * max(lines - 2, 0)))
    return figure, [
        _panel(axes_at(figure, *places[name], width - NAMES - RIGHT, heights[name]), name, groups[name])
        for name in places
    ]


def _heights(cells: pd.DataFrame) -> dict[str, float]:
    """Inches of the row of every algorithm."""
    lines = cells.groupby("algorithm")["policy"].nunique()
    return {name: max(LEAST, PITCH * (int(lines[name]) + 0.6)) for name in algorithm_order(cells)}


def _panel(axes: Axes, environment: str, cells: pd.DataFrame) -> Rows:
    """Names, stripes and the place of every cell: the structures of a row lie around its middle."""
    heights = _heights(cells)
    edges = np.cumsum([0.0, *heights.values()])  # [rows + 1] inches
    middles = dict(zip(heights, (edges[1:] + edges[:-1]) / 2.0, strict=True))
    axes.set_ylim(edges[-1], 0.0)
    label_rows(axes, middles, cells)
    for top, bottom in zip(edges[:-1:2], edges[1::2], strict=False):
        axes.axhspan(top, bottom, color="0.965", zorder=0, linewidth=0)
    axes.set_title(shortened(environment, 40), fontsize=8.5)
    place: dict[tuple[str, str], float] = {}
    for name, row in cells.groupby("algorithm"):
        policies = policy_order(row)
        offsets = PITCH * (np.arange(len(policies)) - (len(policies) - 1) / 2.0)
        place |= {(str(name), policy): middles[name] + offset for policy, offset in zip(policies, offsets, strict=True)}
    return Rows(axes, environment, place)


def label_rows(axes: Axes, places: dict[str, float], cells: pd.DataFrame) -> None:
    """Algorithm names on the vertical axis, in the colour of their family."""
    families = dict(zip(cells["algorithm"], cells["family"], strict=True))
    axes.set_yticks(list(places.values()), list(places))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for label, name in zip(axes.get_yticklabels(), places, strict=True):
        label.set_color(family_colour(families[name]))


def policy_looks(cells: pd.DataFrame) -> dict[str, tuple[Colour, str]]:
    """Colour (stronger: less structure) and marker of every policy."""
    names = policy_order(cells)
    shades = sns.color_palette("viridis", 101)
    places = np.linspace(74, 4, len(names)).astype(int)
    return {
        name: (shades[place], MARKERS[number % len(MARKERS)])
        for number, (name, place) in enumerate(zip(names, places, strict=True))
    }
