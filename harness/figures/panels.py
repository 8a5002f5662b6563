"""Strips of panels: an environment after the other, within it a panel for every structure, all filling the width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.order import RIVALS, algorithm_order, count, policy_order
from harness.figures.style import FAINT, LEGEND, WIDTH, axes_at, family_colour, shortened, sorted_families

MOST = 6  # panels side by side
LEFT, BETWEEN, RIGHT = 0.5, 0.13, 0.08  # inches: before an environment, between its panels, at the end of a strip
HEAD, HEIGHT, FOOT = 0.83, 1.15, 0.37  # inches: names above a panel, the panel, its steps below
WIDEST, LETTER, BOLD = 3.0, 0.082, 0.066  # inches: of a panel, of a letter of an environment and of a policy

Block = tuple[str, list[str]]  # an environment and the policies that stand side by side


class Panel(NamedTuple):
    """One environment under one policy."""

    axes: Axes
    environment: str
    policy: str
    rows: pd.DataFrame  # of its cells
    first: bool  # of its environment in its strip: the one with a labelled vertical axis


def by_policy(cells: pd.DataFrame) -> tuple[Figure, list[Panel]]:
    """A panel per environment and policy, the policies in the order of the house.

    Args:
        cells: with columns environment, policy, parameters; at least one row.
    """
    strips = packed(cells)
    step = HEAD + HEIGHT + FOOT
    figure = plt.figure(figsize=(WIDTH, len(strips) * step + LEGEND))
    groups = dict(tuple(cells.groupby(["environment", "policy"])))
    panels = []
    for line, strip in enumerate(strips):
        number = _policies(strip)
        room = WIDTH - RIGHT - len(strip) * LEFT - (number - len(strip)) * BETWEEN
        width, left, top = min(WIDEST, room / number), 0.0, line * step + HEAD
        for environment, policies in strip:
            left += LEFT
            for place, policy in enumerate(policies):
                axes = axes_at(figure, left, top, width, HEIGHT)
                name = shortened(environment, int((LEFT + len(policies) * width) / LETTER))
                label = shortened(policy, min(24, int((width + BETWEEN) / BOLD)))
                rows = groups[environment, policy]
                _title(axes, label, count(rows["parameters"]), name, not place)
                axes.tick_params(axis="y", labelleft=not place)
                panels.append(Panel(axes, environment, policy, rows, not place))
                left += width + (BETWEEN if policy != policies[-1] else 0.0)
    return figure, panels


def packed(cells: pd.DataFrame) -> list[list[Block]]:
    """Environments in strips, those with most policies first; each block where it first fits, none before its kin."""
    groups = {str(environment): policy_order(group) for environment, group in cells.groupby("environment")}
    capacity = max(3, *(min(MOST, len(policies)) for policies in groups.values()))
    strips: list[list[Block]] = []
    for environment, policies in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        earliest = 0
        for start in range(0, len(policies), MOST):
            block = policies[start : start + MOST]
            later = range(earliest, len(strips))
            room = (place for place in later if _policies(strips[place]) + len(block) <= capacity)
            earliest = next(room, len(strips))
            if earliest == len(strips):
                strips.append([])
            strips[earliest].append((environment, block))
    return strips


def _policies(strip: list[Block]) -> int:
    """How many stand in a strip."""
    return sum(len(policies) for _, policies in strip)


def _title(axes: Axes, policy: str, size: str, environment: str, first: bool) -> None:
    """The structure and under it its P over a panel, the environment over the first panel of its row."""
    above(axes, 28.0, policy, weight="bold")
    above(axes, 20.0, size, size=6.5)
    if first:
        above(axes, 43.0, environment, weight="bold", size=9.0, start=-72.0 * LEFT)


def above(
    axes: Axes,
    points: float,
    text: str,
    colour: Any = "0.15",
    weight: str = "normal",
    size: float = 7.0,
    start: float = 0.0,
) -> None:
    """A line of text so many points above a panel and right of its left edge."""
    axes.annotate(
        text,
        (0.0, 1.0),
        (start, points),
        "axes fraction",
        "offset points",
        color=colour,
        fontweight=weight,
        fontsize=size,
        annotation_clip=False,
    )


def name_best(panel: Panel, best: dict[str, str]) -> None:
    """The named method of each family over a panel."""
    for points, family in zip((11.0, 3.0), RIVALS, strict=True):
        if family in best:
            above(panel.axes, points, shortened(best[family], 22), family_colour(family), size=6.5)


def family_lines(families: pd.Series, heavy: str) -> tuple[list[Line2D], list[str]]:
    """Legend of figures that draw one heavy and many light lines per family."""
    handles, names = [], []
    for family in sorted_families(families):
        if family in RIVALS:
            handles.append(Line2D([], [], color=family_colour(family), linewidth=1.8))
            names.append(f"{heavy} {family} (named)")
        handles.append(Line2D([], [], color=family_colour(family), linewidth=0.8, alpha=0.5))
        names.append(f"other {family}" if family in RIVALS else family)
    return handles, names


def pooled_lines(families: pd.Series) -> tuple[list[Line2D], list[str]]:
    """Legend of figures that draw a whole family heavily and single algorithms lightly."""
    handles, names = [], []
    for family in sorted_families(families):
        handles += [Line2D([], [], color=family_colour(family), linewidth=1.8)]
        handles += [Line2D([], [], color=family_colour(family), linewidth=0.8, alpha=0.5)]
        names += [f"{family}, pooled", "one method"]
    return handles, names


def steps_axis(axes: Axes) -> None:
    """The outer numbers of the horizontal axis turned inwards: panels stand close together."""
    axes.set_xlabel("environment steps", fontsize=7.0)
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")


def cells_of(panel: Panel) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Algorithm, family and rows of every cell of a panel."""
    groups = dict(tuple(panel.rows.groupby("algorithm")))
    for name in algorithm_order(panel.rows):
        yield name, str(groups[name]["family"].iloc[0]), groups[name]


def named(best: pd.DataFrame, panel: Panel) -> dict[str, str]:
    """Family -> algorithm, of the best cells of a panel."""
    here = best[(best["environment"] == panel.environment) & (best["policy"] == panel.policy)]
    return dict(zip(here["family"], here["algorithm"], strict=True))


def zero_one(axes: Axes) -> None:
    """Lines at the random (0) and the reference score (1) of a normalised axis."""
    axes.axvline(0.0, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
    axes.axvline(1.0, color=FAINT, linewidth=0.8, linestyle="--", zorder=1)
