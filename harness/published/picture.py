"""A comparison as a picture: for each own cell a panel, for each opponent the probability that an own run is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.style import FAINT, WIDTH, axes_at, family_colour, nothing, save, shortened, styled
from harness.published.lines import named
from harness.statistics.equivalence import ALPHA

LEFT, RIGHT, HEAD, FOOT, LINE = 1.6, 0.2, 0.45, 0.5, 0.19  # inches: around a panel, and of an opponent
Row = Mapping[str, Any]


def draw(rows: Sequence[Row], stem: Path) -> tuple[Path, Path]:
    """Write {stem}.svg and {stem}.pdf; rows as `comparison` gives them."""
    with styled():
        return save(figure_of(rows), stem)


def figure_of(rows: Sequence[Row]) -> Figure:
    """One panel below the other; filled: decided after Holm."""
    if not rows:
        return nothing("Nothing to compare.")
    panels = [
        list(group) for _, group in groupby(rows, key=lambda row: (row["environment"], row["policy"], row["own"]))
    ]
    figure = plt.figure(figsize=(WIDTH, sum(HEAD + LINE * len(panel) + FOOT for panel in panels)))
    top = 0.0
    for panel in panels:
        height = LINE * len(panel)
        _draw_panel(axes_at(figure, LEFT, top + HEAD, WIDTH - LEFT - RIGHT, height), panel)
        top += HEAD + height + FOOT
    return figure


def _draw_panel(axes: Axes, rows: Sequence[Row]) -> None:
    first = rows[0]
    axes.axvline(0.5, color=FAINT, linewidth=0.8, linestyle=":")
    for place, row in enumerate(rows):
        colour = family_colour(row["family"])
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.3, solid_capstyle="butt")
        filled = colour if row["p_holm"] <= ALPHA else "white"
        axes.plot([row["probability"]], [place], marker="o", markersize=5.0, color=colour, markerfacecolor=filled)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [shortened(name, 26) for name in named(rows)])
    axes.set_title(shortened(f"{first['own']} in {first['environment']}, {first['policy']}", 70))
    axes.set_xlabel("probability that an own run is better (filled: decided)")
