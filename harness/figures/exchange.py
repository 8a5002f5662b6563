"""The exchange rate: how many times more data the generic policy needs than a structure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.figures.load import Tables
from harness.figures.order import RIVALS
from harness.figures.panels import above
from harness.figures.style import (
    FAINT,
    INK,
    LEGEND,
    WIDTH,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    nothing,
    shortened,
    sorted_families,
)
from harness.tables.findings import ENOUGH

CAPTION = "The exchange rate between structure and data."
READING = (
    "How many times more environment steps the generic policy (the network with the most parameters, named with the "
    "environment) needs to reach a target than a structure does, for the fastest method of each family that ran on "
    "both. Heavy: the target that counts as solved, or the highest that either side reached; the line is its 95 % "
    "interval. Small: the other targets of the ladder. Right of 1 structure saves data, left of it it costs data. A "
    "triangle is a bound: the side it points away from did not get there within its budget, so that the rate is at "
    "least (right) or at most (left) this. An interval that runs to the edge is open there; fewer than five runs have "
    "none."
)
EMPTY = "No structure and generic policy under the same algorithm reached a target."
SHAPES = {"gradient-free": "o", "policy-gradient": "s"}
LEFT, RIGHT, HEAD, FOOT, PITCH = 1.75, 0.25, 0.3, 0.42, 0.21  # inches
FARTHEST = 300.0  # the axis ends there at the latest


def material(tables: Tables) -> pd.DataFrame:
    """The rates of the families."""
    return best_of(tables.exchange)


def draw(tables: Tables) -> Figure:
    """One panel per environment from exchange.csv."""
    rates = material(tables)
    if rates.empty:
        return nothing(EMPTY)
    groups = {str(name): group for name, group in rates.groupby("environment")}
    heights = {name: PITCH * len(group[["policy", "family"]].drop_duplicates()) for name, group in groups.items()}
    figure = plt.figure(figsize=(WIDTH, sum(heights.values()) + len(groups) * (HEAD + FOOT) + LEGEND))
    limit = _limit(rates)
    top = 0.0
    for name, group in groups.items():
        axes = axes_at(figure, LEFT, top + HEAD, WIDTH - LEFT - RIGHT, heights[name])
        _panel(axes, group, limit)
        generic, size = group.iloc[0][["generic", "generic_parameters"]]
        above(axes, 5.0, shortened(name, 30), weight="bold", size=8.5, start=-72.0 * LEFT + 4.0)
        axes.set_title(
            f"against {shortened(str(generic), 20)}, P = {size:.0f}", loc="right", fontsize=7.0, weight="normal"
        )
        axes.set_xlabel("times more steps with the generic policy")
        top += HEAD + heights[name] + FOOT
    families = sorted_families(rates["family"])
    bound = Line2D([], [], color=INK, marker=">", linestyle="", markersize=4.5)
    handles = [*(handle(family_colour(family), SHAPES[family]) for family in families), bound]
    legend_below(figure, handles, [*families, "bound"])
    return figure


def best_of(exchange: pd.DataFrame) -> pd.DataFrame:
    """Rates of the family as a whole; where one algorithm ran on both, that one stands for it.

    A target that one side had reached before any learning has no rate that an axis could show. Below `ENOUGH` runs of
    either side a rate keeps no interval, so nothing can be read off it.
    """
    known = exchange[exchange["family"].isin(list(RIVALS)) & np.isfinite(exchange["rate"]) & (exchange["rate"] > 0)]
    few = known[["n", "generic_n"]].min(axis=1) < ENOUGH
    known = known.assign(**{end: known[end].mask(few) for end in ("rate_low", "rate_high")})
    keys = ["environment", "family", "policy", "target"]
    return known.sort_values([*keys, "algorithm"]).drop_duplicates(keys)  # the family's row has no algorithm


def _limit(rates: pd.DataFrame) -> float:
    """Largest factor on the axis, the same in both directions."""
    largest = float(np.exp(np.abs(np.log(rates["rate"])).max()))
    return float(np.clip(1.5 * largest, 4.0, FARTHEST))


def _panel(axes: Axes, group: pd.DataFrame, limit: float) -> None:
    """A row per structure and family, the structure with the fewest parameters on top."""
    order = group.sort_values(["parameters", "policy", "family"])[["policy", "family"]].drop_duplicates()
    rows = [(str(policy), str(family)) for policy, family in order.itertuples(index=False)]
    axes.set_xscale("log")
    axes.set_xlim(1.0 / limit, limit)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(1.0, color=FAINT, linewidth=1.0, zorder=1)
    labels = []
    for place, (policy, family) in enumerate(rows):
        mine = group[(group["policy"] == policy) & (group["family"] == family)].sort_values("target")
        size = group.loc[group["policy"] == policy, "parameters"].min()
        labels.append(f"{shortened(policy, 18)}  P\u00a0=\u00a0{size:.0f}")
        _row(axes, mine, place, family, limit)
    first = [not place or rows[place - 1][0] != policy for place, (policy, _) in enumerate(rows)]
    middles = {text: np.mean([place for place, same in enumerate(labels) if same == text]) for text in labels}
    axes.set_yticks(list(middles.values()), list(middles))
    for place, new in enumerate(first):
        if new and place:
            axes.axhline(place - 0.5, color="0.92", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    log_axis(axes, x=True)


def _row(axes: Axes, mine: pd.DataFrame, place: float, family: str, limit: float) -> None:
    """All targets faintly, and `solved`, or the highest that was reached below it, with its interval."""
    colour = family_colour(family)
    solved = mine[mine["solved"]]
    heavy = solved.iloc[0] if len(solved) else mine.iloc[-1]
    for target in mine.to_dict("records"):
        main = target["target"] == heavy["target"]
        value = float(np.clip(target["rate"], 1.06 / limit, limit / 1.06))
        if main:
            ends = np.clip([target["rate_low"], target["rate_high"]], 1.0 / limit, limit)
            axes.plot(ends, [place, place], color=colour, linewidth=1.2, solid_capstyle="butt", zorder=2)
        axes.plot(
            [value],
            [place],
            marker={"≥": ">", "≤": "<"}.get(target["bound"], SHAPES[family]),
            color=colour,
            markersize=5.5 if main else 2.8,
            alpha=1.0 if main else 0.45,
            markeredgecolor="white" if main else "none",
            markeredgewidth=0.4,
            linestyle="",
            zorder=4 if main else 3,
        )
