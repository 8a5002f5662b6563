"""Readings of tuning: a random setting, the default, one setting for all, the best here; and all that were tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.panels import zero_one
from harness.figures.rows import by_algorithm, policy_looks
from harness.figures.scores import LIMITS, TICKS
from harness.figures.style import INK, Colour, handle, legend_below, nothing

CAPTION = "What tuning is worth: the best setting here, one setting for all, the default, a random setting."
READING = (
    "The score is the area under the normalised learning curve, at least −1. A faint dot is one setting that was "
    "tried, on tuning seeds. A hollow diamond is the mean over random settings, a bar the default, a hollow square "
    "the one setting that is best over all environments, a disc the best setting of this environment; square and disc "
    "stand on fresh seeds where this study ran them, with 95 % intervals. Colour is the structure."
)
EMPTY = "No tuned settings."
MARKS = {"random": "D", "default": "|", "one": "s", "each": "o"}
WORDS = {"random": "random setting", "default": "default", "one": "one for all", "each": "best here"}


def material(tables: Tables) -> pd.DataFrame:
    """The readings that have a score."""
    return tables.readings[np.isfinite(tables.readings["score"])].assign(parameters=np.nan)


def draw(tables: Tables) -> Figure:
    """A strip of draws and four marks per cell from tuning.csv and readings.csv."""
    readings = material(tables)
    if readings.empty:
        return nothing(EMPTY)
    looks = policy_looks(readings)
    figure, panels = by_algorithm(readings, len(MARKS))
    for axes, environment, places in panels:
        zero_one(axes)
        here = tables.tuning[tables.tuning["environment"] == environment]
        for (algorithm, policy), tried in here.groupby(["algorithm", "policy"]):
            if (algorithm, policy) in places:
                _cloud(axes, tried["score"], places[algorithm, policy], looks[policy][0])
        for row in readings[readings["environment"] == environment].to_dict("records"):
            _mark(axes, row, places[row["algorithm"], row["policy"]], looks[row["policy"]][0])
        axes.set_xlim(*LIMITS)
        axes.set_xticks(TICKS)
        axes.set_xlabel("area under the curve")
    colours = [handle(colour, "", joined=True) for colour, _ in looks.values()]
    legend_below(figure, [*colours, *map(_sample, MARKS)], [*looks, *WORDS.values()], columns=5)
    return figure


def _cloud(axes: Axes, scores: pd.Series, place: float, colour: Colour) -> None:
    """Every setting that was tried."""
    kept = scores[np.isfinite(scores)].clip(*LIMITS)
    axes.plot(
        kept, np.full(len(kept), place), "o", color=colour, markersize=2.0, markeredgewidth=0, alpha=0.3, zorder=2
    )


def _mark(axes: Axes, row: dict[str, Any], place: float, colour: Colour) -> None:
    """One reading with its interval."""
    low, high = (float(np.clip(row[end], *LIMITS)) for end in ("low", "high"))
    axes.plot([low, high], [place, place], color=colour, linewidth=1.0, solid_capstyle="butt", zorder=3)
    axes.plot([float(np.clip(row["score"], *LIMITS))], [place], zorder=4, **_look(str(row["reading"]), colour))


def _look(reading: str, colour: Colour | str) -> dict[str, Any]:
    """How a reading looks."""
    face = "white" if reading in ("random", "one") else colour  # the best here may lie inside the one for all
    size = {"default": 5.5, "random": 4.0, "one": 5.0, "each": 3.2}[reading]
    return {
        "marker": MARKS[reading],
        "color": colour,
        "markerfacecolor": face,
        "markersize": size,
        "markeredgecolor": colour,
        "markeredgewidth": 0.9,
        "linestyle": "",
    }


def _sample(reading: str) -> Line2D:
    """An entry of the legend."""
    return Line2D([], [], **_look(reading, INK))
