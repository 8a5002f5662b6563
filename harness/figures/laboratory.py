"""Laboratory: what 1 000 environment steps of updates are worth, for every method at the same parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.rows import by_algorithm
from harness.figures.style import FAINT, MARKERS, legend_below, nothing

CAPTION = "Cosine to the truth, per 1 000 environment steps."
READING = (
    "At the same parameters, points on one path (stronger colour: later), every method is asked for many updates. A "
    "dot is the cosine between the mean of as many updates as 1 000 environment steps pay for and the truth of the "
    "method: 1 points exactly uphill, 0 anywhere; the noise of the truth is taken out, so that an interval may pass 1. "
    "Mean over seeds with a 95 % interval. Every method is held against its own target: the return of the policy that "
    "explores, the return smoothed over parameters, or, where neither is known, its own mean update, to which it has "
    "no bias by definition. Of several structures that with the most structure stands on top."
)
EMPTY = "Nothing was measured in the laboratory."
MEASURE = "cosine_per_1000"
SWEPT = ["exploration", "shift", "horizon", "options"]
ROW = ["environment", "algorithm", "policy"]


def material(tables: Tables) -> pd.DataFrame:
    """The setting that most methods were measured at."""
    return common(tables.laboratory[np.isfinite(tables.laboratory[MEASURE])])


def draw(tables: Tables) -> Figure:
    """A row per method from laboratory.csv, of the setting that most methods were measured at."""
    shown = material(tables)
    if shown.empty:
        return nothing(EMPTY)
    shares = sorted(set(shown["share"]))
    shades = sns.color_palette("flare", len(shares))
    looks = {share: (shades[place], MARKERS[place % len(MARKERS)]) for place, share in enumerate(shares)}
    figure, panels = by_algorithm(shown)
    for axes, environment, places in panels:
        axes.axvline(0.0, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
        axes.axvline(1.0, color=FAINT, linewidth=0.8, linestyle="--", zorder=1)
        here = shown[shown["environment"] == environment]
        for (algorithm, policy, share), rows in here.groupby(["algorithm", "policy", "share"]):
            _dot(axes, rows[MEASURE], places[algorithm, policy], *looks[share])
        axes.set_xlim(-0.35, 1.1)
        axes.set_xticks([0.0, 0.5, 1.0])
        axes.set_xlabel("cosine, 1 000 steps")
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4) for colour, marker in looks.values()
    ]
    legend_below(figure, handles, [f"{100 * share:.0f}\u00a0% of the path" for share in shares], columns=6)
    return figure


def common(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the setting that the most methods of an environment were measured at: sweeps of few stand aside.

    So do those that a law is known of: they have a figure of their own.
    """
    lawless = rows[rows[["relative_noise_law", "effective_fraction_law"]].isna().all(axis=1)]
    kept = []
    for _, group in lawless.groupby("environment"):
        counts = group.groupby(SWEPT)["algorithm"].nunique()
        chosen = dict(zip(SWEPT, counts.idxmax(), strict=True))
        kept.append(group[(group[SWEPT] == pd.Series(chosen)).all(axis=1)])
    return pd.concat(kept) if kept else lawless


def _dot(axes: Axes, values: pd.Series, place: float, colour: tuple[float, float, float], marker: str) -> None:
    """Mean over seeds with its interval."""
    half = 1.96 * values.std() / np.sqrt(len(values)) if len(values) > 1 else 0.0
    axes.errorbar(
        values.mean(),
        place,
        xerr=half,
        linestyle="",
        marker=marker,
        color=colour,
        markersize=3.6,
        linewidth=0.9,
        zorder=3,
    )
