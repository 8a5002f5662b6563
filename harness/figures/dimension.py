"""Parameter dimension: score at the budget and expected steps to solve against the number of parameters P."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.panels import above
from harness.figures.scores import TICKS
from harness.figures.style import (
    FAINT,
    LEGEND,
    WIDTH,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    note,
    nothing,
    shortened,
    sorted_families,
)

CAPTION = "Score and steps to solve against the number of parameters."
READING = (
    "Every faint dot is one algorithm with one structure, placed at its number of parameters P (logarithmic). The "
    "heavy marks join the best cell of each family at each P; their bars are 95 % intervals. Upper row: normalised "
    "score at the budget, what is below −0.5 on the lower edge. Lower row: expected running time (ERT) to the "
    "environment's threshold, lower is faster; triangles on the upper edge are cells that never reached it. "
    "Structures differ in more than their number of parameters. Environments with one structure are left out."
)
EMPTY = "In every environment there are runs of one structure only, or none."
SHAPES = {"gradient-free": "o", "policy-gradient": "s", "probe": "^"}
MOST = 4  # environments side by side
LEFT, RIGHT, HEAD, HEIGHT, BETWEEN = 0.5, 0.08, 0.3, 1.45, 0.14  # inches
STEP = HEAD + 2 * HEIGHT + BETWEEN + 0.42  # inches
FLOOR = -0.5  # of the normalised score shown


def material(tables: Tables) -> pd.DataFrame:
    """The cells of environments in which several structures ran."""
    cells = tables.dimension[np.isfinite(tables.dimension["parameters"]) & (tables.dimension["n"] > 0)]
    return cells[cells.groupby("environment")["policy"].transform("nunique") > 1]


def draw(tables: Tables) -> Figure:
    """Two panels per environment from dimension.csv."""
    cells = material(tables)
    if cells.empty:
        return nothing(EMPTY)
    environments = sorted(cells["environment"].unique())
    columns = -(-len(environments) // -(-len(environments) // MOST))
    lines = -(-len(environments) // columns)
    figure = plt.figure(figsize=(WIDTH, lines * STEP + LEGEND))
    width = (WIDTH - RIGHT) / columns - LEFT
    families = sorted_families(cells.loc[cells["environment"].isin(environments), "family"])
    for number, environment in enumerate(environments):
        line, column = divmod(number, columns)
        here, left, top = cells[cells["environment"] == environment], column * (width + LEFT) + LEFT, line * STEP + HEAD
        upper, lower = (axes_at(figure, left, top + shift, width, HEIGHT) for shift in (0.0, HEIGHT + BETWEEN))
        _scores(upper, here, families)
        _times(lower, here, families)
        above(upper, 6.0, shortened(environment, 25), weight="bold", size=7.2, start=-72.0 * (LEFT - 0.1))
        upper.tick_params(axis="x", labelbottom=False)
        if column == 0:
            upper.set_ylabel("normalised score", labelpad=1.0)
            lower.set_ylabel("expected steps (ERT)", labelpad=1.0)
    handles = [handle(family_colour(family), SHAPES.get(family, "D")) for family in families]
    legend_below(figure, handles, [f"best {family}" for family in families])
    return figure


def _scores(axes: Axes, here: pd.DataFrame, families: list[str]) -> None:
    """Normalised score against P."""
    _axis(axes, here)
    axes.axhline(1.0, color=FAINT, linewidth=0.8, linestyle="--")
    axes.axhline(0.0, color=FAINT, linewidth=0.8, linestyle=":")
    finite = here[np.isfinite(here["normalised_iqm"])]
    bounded = finite.assign(
        **{name: finite[name].clip(FLOOR) for name in ("normalised_iqm", "normalised_low", "normalised_high")}
    )
    for number, family in enumerate(families):
        group = bounded[bounded["family"] == family].sort_values("normalised_iqm", ascending=False)
        _family(axes, group, ("normalised_iqm", "normalised_low", "normalised_high"), family, number)
    axes.set_yticks(TICKS)
    axes.set_ylim(FLOOR - 0.08, max(1.15, float(bounded["normalised_iqm"].max()) + 0.1) if len(bounded) else 1.15)


def _times(axes: Axes, here: pd.DataFrame, families: list[str]) -> None:
    """ERT against P, cells that never reached the threshold on the upper edge."""
    _axis(axes, here)
    axes.set_xlabel("parameters P")
    finite = here[np.isfinite(here["ert"]) & (here["ert"] > 0)]
    if finite.empty:
        axes.set_yticks([])
        note(axes, "never reached")
        return
    axes.set_yscale("log")
    low, high = finite["ert"].min(), finite["ert"].max()
    bottom = max(low / 4.0, min(low, finite.loc[finite["ert_low"] > 0, "ert_low"].min()))
    room = max(high / low, 3.0)
    ceiling = high * room**0.35
    bounded = finite.assign(ert_high=finite["ert_high"].clip(upper=ceiling), ert_low=finite["ert_low"])
    for number, family in enumerate(families):
        _family(
            axes,
            bounded[bounded["family"] == family].sort_values("ert"),
            ("ert", "ert_low", "ert_high"),
            family,
            number,
        )
        lost = here[(here["family"] == family) & ~np.isfinite(here["ert"])]
        axes.plot(
            _beside(lost["parameters"], number),
            np.full(len(lost), ceiling),
            linestyle="",
            marker="^",
            markerfacecolor="none",
            color=family_colour(family),
            markersize=4,
            markeredgewidth=0.8,
        )
    axes.set_ylim(bottom / room**0.1, ceiling * room**0.12)
    log_axis(axes, y=True)


def _family(axes: Axes, group: pd.DataFrame, columns: tuple[str, str, str], family: str, number: int) -> None:
    """All cells of a family faintly, and its best cell at each P (the first in the order given) heavily."""
    value, low, high = columns
    colour, shape = family_colour(family), SHAPES.get(family, "D")
    axes.plot(
        _beside(group["parameters"], number),
        group[value],
        linestyle="",
        marker=shape,
        color=colour,
        markersize=2.6,
        alpha=0.35,
        markeredgewidth=0,
        zorder=2,
    )
    best = group.drop_duplicates("parameters").sort_values("parameters")
    x = _beside(best["parameters"], number)
    axes.vlines(x, best[low], best[high], color=colour, linewidth=1.2, zorder=3)
    axes.plot(
        x,
        best[value],
        color=colour,
        marker=shape,
        markersize=4.5,
        linewidth=1.1,
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=4,
    )


def _beside(parameters: pd.Series, number: int) -> pd.Series:
    """Families side by side where they have equal P."""
    return parameters * (1.0 + 0.06 * (number - 0.5))


def _axis(axes: Axes, here: pd.DataFrame) -> None:
    """The logarithmic axis of P, even if all cells have one P."""
    axes.set_xscale("log")
    axes.set_xlim(here["parameters"].min() / 2.0, here["parameters"].max() * 2.0)
    log_axis(axes, x=True)
