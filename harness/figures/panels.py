"""Two arrangements that several figures share: panels by environment and policy, and rows by algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.style import FAINT, MARKERS, Colour, family_colour, shortened, sorted_families

WIDTH = 7.4  # inches: about the text width of a page, so that letters keep their size
WRAP = 4  # panels side by side


class Panel(NamedTuple):
    """One environment under one policy."""

    axes: Axes
    environment: str
    policy: str


class Rows(NamedTuple):
    """One environment, a row for each algorithm."""

    axes: Axes
    environment: str
    row: dict[str, int]


def by_policy(cells: pd.DataFrame) -> tuple[Figure, list[Panel]]:
    """A row of panels per environment, its policies from few parameters to many; long rows are wrapped.

    Args:
        cells: with columns environment, policy, parameters; at least one row.
    """
    rows = []
    for environment, group in cells.groupby("environment"):
        policies = policy_order(group)
        rows += [(str(environment), policies[start : start + WRAP]) for start in range(0, len(policies), WRAP)]
    columns = max(2, *(len(policies) for _, policies in rows))
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(WIDTH, 1.5 * len(rows) + 1.1), squeeze=False, layout="constrained"
    )
    panels = []
    for line, (environment, policies) in zip(grid, rows, strict=True):
        for axes in line[len(policies) :]:
            axes.set_axis_off()
        for number, (axes, policy) in enumerate(zip(line, policies, strict=False)):
            here = cells[(cells["environment"] == environment) & (cells["policy"] == policy)]
            axes.set_title(shortened(policy, 22), fontsize=7.5, pad=11.0)
            axes.text(0.0, 1.025, count(here["parameters"]), transform=axes.transAxes, fontsize=6.5)
            if number == 0:
                axes.set_ylabel(shortened(environment, 25), fontsize=7.5, fontweight="bold")
            panels.append(Panel(axes, environment, policy))
    for column in grid.T:
        for axes in [axes for axes in column if axes.axison][-1:]:
            axes.set_xlabel("environment steps")
    return figure, panels


def by_algorithm(cells: pd.DataFrame, height: float) -> tuple[Figure, list[Rows]]:
    """A panel per environment whose rows are its algorithms, families together, names in the family's colour.

    Where all environments have the same algorithms, panels of a line share their names; otherwise every panel has its
    own, and the largest stand first.

    Args:
        cells: with columns environment, algorithm, family; at least one row.
        height: of one row, in inches.
    """
    orders = {str(environment): algorithm_order(group) for environment, group in cells.groupby("environment")}
    shared = len({tuple(order) for order in orders.values()}) == 1
    environments = sorted(orders, key=lambda environment: (-len(orders[environment]), environment))
    columns = min(WRAP if shared else 2, len(environments))
    starts = range(0, len(environments), columns)
    heights = [height * max(3, len(orders[environments[start]])) + 0.6 for start in starts]
    figure, grid = plt.subplots(
        len(heights),
        columns,
        figsize=(WIDTH, sum(heights) + 0.5),
        squeeze=False,
        layout="constrained",
        gridspec_kw={"height_ratios": heights},
    )
    for axes in grid.flat[len(environments) :]:
        axes.set_axis_off()
    panels = []
    for number, (axes, environment) in enumerate(zip(grid.flat, environments, strict=False)):
        order = orders[environment]
        axes.set_title(shortened(environment, 25 if shared else 50), fontsize=7.0)
        label_rows(axes, order, cells)
        axes.tick_params(axis="y", labelleft=not shared or number % columns == 0)
        panels.append(Rows(axes, environment, {name: row for row, name in enumerate(order)}))
    return figure, panels


def label_rows(axes: Axes, names: list[str], cells: pd.DataFrame) -> None:
    """Algorithm names on the vertical axis, the first on top, with a faint stripe under every second row."""
    families = dict(zip(cells["algorithm"], cells["family"], strict=True))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(family_colour(families[name]))
    for row in range(0, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="0.97", zorder=0, linewidth=0)


def algorithm_order(cells: pd.DataFrame) -> list[str]:
    """Algorithms by family, then by name."""
    pairs = cells[["family", "algorithm"]].drop_duplicates()
    return [
        str(name)
        for family in sorted_families(pairs["family"])
        for name in sorted(pairs.loc[pairs["family"] == family, "algorithm"])
    ]


def policy_order(cells: pd.DataFrame) -> list[str]:
    """Policies from few parameters to many (the median over cells), then by name."""
    sizes = cells.groupby("policy")["parameters"].median().fillna(np.inf)
    return [str(name) for name in sorted(sizes.index, key=lambda name: (sizes[name], name))]


def policy_looks(cells: pd.DataFrame) -> dict[str, tuple[Colour, str]]:
    """Colour (darker: more parameters) and marker of every policy."""
    names = policy_order(cells)
    shades = sns.color_palette("viridis_r", len(names) + 2)[1:-1]
    return {name: (shade, MARKERS[i % len(MARKERS)]) for i, (name, shade) in enumerate(zip(names, shades, strict=True))}


def dodged(names: list[str]) -> dict[str, float]:
    """Small vertical offsets that lay things of one row side by side."""
    return dict(zip(names, np.linspace(-0.3, 0.3, len(names)) if len(names) > 1 else [0.0], strict=True))


def cells_of(table: pd.DataFrame, panel: Panel) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Algorithm, family and rows of every cell of a panel, in the order of the legend."""
    here = table[(table["environment"] == panel.environment) & (table["policy"] == panel.policy)]
    for name in algorithm_order(here):
        rows = here[here["algorithm"] == name]
        yield name, str(rows["family"].iloc[0]), rows


def count(parameters: pd.Series) -> str:
    """P = 8, or P = 8-10 where the head adds parameters for some methods."""
    finite = parameters.dropna()
    if finite.empty:
        return "P unknown"
    low, high = int(finite.min()), int(finite.max())
    return f"P\u00a0=\u00a0{low}" if low == high else f"P\u00a0=\u00a0{low}–{high}"


def zero_one(axes: Axes) -> None:
    """Lines at the random (0) and the reference score (1) of a normalised axis."""
    axes.axvline(0.0, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
    axes.axvline(1.0, color=FAINT, linewidth=0.8, linestyle="--", zorder=1)
