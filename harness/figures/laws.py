"""Laws: the measured noise of estimators on a linear return, and what theory says it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from harness.interface import Floats

CAPTION = "The noise of one update, theory and measurement."
READING = (
    "Dots: the trace of the covariance of an update over the squared length of the true gradient, on a linear return, "
    "mean over seeds with a 95 % interval; lines: the law. Left over the number of parameters, in the middle over the "
    "horizon. Right: the share of a sample of old data that its importance weights leave, when the actions have moved "
    "by so many standard deviations; the law is that of infinitely many data, while of few at least one always counts. "
    "Dots of several methods are set a little apart."
)
EMPTY = "No estimator of this study has a law that is known."
LEFT, TOP, HIGH, FOOT, GAP = 0.5, 0.3, 1.7, 0.42, 0.52  # inches
TINY = 1e-300
APART = 1.08  # the dots of two methods, as a ratio
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
    looks = {name: (shade, MARKERS[place]) for place, (name, shade) in enumerate(_shades(names, families).items())}
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


def _shades(names: Sequence[str], families: Mapping[str, str]) -> dict[str, Colour]:
    """A shade of its family's colour for every method, from two fifths towards black to as much towards white."""
    shades: dict[str, Colour] = {}
    for family in dict.fromkeys(families[name] for name in names):
        mine = [name for name in names if families[name] == family]
        mixes = np.linspace(-0.4, 0.4, len(mine)) if len(mine) > 1 else [0.0]
        for name, mix in zip(mine, mixes, strict=True):
            red, green, blue = (part * (1 - abs(mix)) + max(mix, 0.0) for part in family_colour(family))
            shades[name] = (red, green, blue)
    return shades


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
    present = [name for name in looks if name in set(rows["algorithm"])]
    for key, group in rows.groupby(groups):
        colour, marker = looks[str(key[0])]
        law = group.groupby(x)[f"{y}_law"].mean()
        line = _smooth(law) if x == "shift" else (law.index, law)
        axes.plot(*line, color=colour, linewidth=0.9, zorder=2)
        if x == "shift" and key[0] == present[0]:
            _name_horizon(axes, f"H = {key[1]:.0f}", *_smooth(law), left=key[1] > rows["horizon"].min())
        centre, half = _mean(group.groupby(x)[y])
        axes.errorbar(
            centre.index * APART ** (present.index(str(key[0])) - (len(present) - 1) / 2),
            centre,
            half,
            linestyle="",
            marker=marker,
            color=colour,
            markersize=4.2,
            markeredgecolor="white",
            markeredgewidth=0.4,
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


def _name_horizon(axes: Axes, name: str, shifts: Floats, law: Floats, *, left: bool) -> None:
    """A name beside a curve, where it is half way down."""
    middle = np.abs(law - 0.5).argmin()
    offset, side = ((-4, -2), "right") if left else ((4, -2), "left")
    place = (shifts[middle], law[middle])
    axes.annotate(name, place, xytext=offset, textcoords="offset points", ha=side, fontsize=6.5, color=INK)


def _smooth(law: pd.Series) -> tuple[Floats, Floats]:
    """exp(−H δ²) between its points: straight in δ² and the logarithm."""
    shifts = law.index.to_numpy()
    fine = np.geomspace(shifts[0], shifts[-1], 60)
    return fine, np.exp(np.interp(fine**2, shifts**2, np.log(np.maximum(law.to_numpy(), TINY))))


def _mean(groups: pd.core.groupby.SeriesGroupBy) -> tuple[pd.Series, pd.Series]:
    """Mean over seeds and half of its 95 % interval."""
    return groups.mean(), 1.96 * groups.std() / np.sqrt(groups.count())
