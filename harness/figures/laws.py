"""Laws: the measured noise of estimators on a linear return, and what theory says it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.pyplot import figure as new_figure

from harness.figures.load import Tables
from harness.figures.order import algorithm_order
from harness.figures.style import (
    INK,
    LEGEND,
    MARKERS,
    WIDTH,
    Colour,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    note,
    nothing,
)

CAPTION = "The noise of one update, theory and measurement."
READING = (
    "Dots: the trace of the covariance of an update over the squared length of the true gradient, on a linear return, "
    "mean over seeds with a 95 % interval; lines: the law. Left over the number of parameters, in the middle over the "
    "horizon. Right: the share of a sample of old data that its importance weights leave, when the actions have moved "
    "by so many standard deviations; the law is that of infinitely many data, and few data cannot fall below one."
)
EMPTY = "No estimator of this study has a law that is known."
LEFT, TOP, HIGH, FOOT, GAP = 0.5, 0.3, 1.7, 0.42, 0.52  # inches
NOISE, EFFECTIVE = "relative_noise", "effective_fraction"


def material(tables: Tables) -> pd.DataFrame:
    """What was measured where a law is known."""
    laws = tables.laboratory[[f"{NOISE}_law", f"{EFFECTIVE}_law"]]
    return tables.laboratory[np.isfinite(laws).any(axis=1)]


def draw(tables: Tables) -> Figure:
    """Three panels from laboratory.csv."""
    both = material(tables)
    if both.empty:
        return nothing(EMPTY)
    known, aged = (both[np.isfinite(both[f"{name}_law"])] for name in (NOISE, EFFECTIVE))
    names = algorithm_order(both)
    families = dict(zip(both["algorithm"], both["family"], strict=True))
    looks = {name: (family_colour(families[name]), MARKERS[place]) for place, name in enumerate(names)}
    figure = new_figure(figsize=(WIDTH, TOP + HIGH + FOOT + LEGEND + 0.15))
    width = (WIDTH - LEFT - 2 * GAP - 0.1) / 3
    axes = [axes_at(figure, LEFT + place * (width + GAP), TOP, width, HIGH) for place in range(3)]
    _panel(axes[0], _one_value(known, "horizon", "dimension"), "dimension", NOISE, looks)
    _panel(axes[1], _one_value(known, "dimension", "horizon"), "horizon", NOISE, looks)
    _panel(axes[2], aged[aged["shift"] > 0.0], "shift", EFFECTIVE, looks)
    for place, words in zip(axes, ("parameters d", "horizon H", "shift, in deviations of an action"), strict=True):
        place.set_xlabel(words)
    axes[0].set_title("noise over d", fontsize=8)
    axes[1].set_title("noise over H", fontsize=8)
    axes[2].set_title("old data that count", fontsize=8)
    law = Line2D([], [], color=INK, linewidth=0.9)
    legend_below(figure, [*(handle(*looks[name], joined=False) for name in names), law], [*names, "law"], columns=4)
    return figure


def _one_value(known: pd.DataFrame, held: str, swept: str) -> pd.DataFrame:
    """The rows of the point, and of the value of `held`, at which the most values of `swept` were measured."""
    counts = known.groupby([held, "share"])[swept].nunique()
    if counts.empty:
        return known
    value, share = counts.idxmax()
    return known[(known[held] == value) & (known["share"] == share)]


def _panel(axes: Axes, rows: pd.DataFrame, x: str, y: str, looks: dict[str, tuple[Colour, str]]) -> None:
    """A line of theory and dots of measurement for every algorithm; for the age of data one for every horizon too."""
    if rows.empty:
        note(axes, "not measured")
        return
    groups = ["algorithm", "horizon"] if x == "shift" else ["algorithm"]
    for key, group in rows.groupby(groups):
        colour, marker = looks[str(key[0])]
        law = group.groupby(x)[f"{y}_law"].mean()
        axes.plot(law.index, law, color=colour, linewidth=0.9, zorder=2)
        centre, half = _mean(group.groupby(x)[y])
        axes.errorbar(
            centre.index,
            centre,
            half,
            linestyle="",
            marker=marker,
            color=colour,
            markersize=3.4,
            linewidth=0.9,
            zorder=3,
        )
    axes.set_xscale("log")
    low, high = rows[x].min(), rows[x].max()
    axes.set_xlim(low / 1.4, high * 1.4)
    if y == NOISE:
        axes.set_yscale("log")
        log_axis(axes, x=True, y=True)
    else:
        axes.set_ylim(-0.04, 1.04)
        log_axis(axes, x=True)


def _mean(groups: pd.core.groupby.SeriesGroupBy) -> tuple[pd.Series, pd.Series]:
    """Mean over seeds and half of its 95 % interval."""
    return groups.mean(), 1.96 * groups.std() / np.sqrt(groups.count())
