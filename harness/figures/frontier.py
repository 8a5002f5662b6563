"""The frontier: parameter dimension by data, who is ahead there, and how surely."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from harness.figures.load import Tables
from harness.figures.order import RIVALS
from harness.figures.panels import above
from harness.figures.style import (
    FAINT,
    LEGEND,
    WIDTH,
    Colour,
    axes_at,
    family_colour,
    legend_below,
    nothing,
    short,
    shortened,
)

CAPTION = "The frontier: which family is ahead, by parameter dimension and data."
READING = (
    "A row is a structure with its number of parameters P, the largest on top; a column is an amount of data in "
    "environment steps (equal ratios). Orange: the gradient-free family is ahead; blue: policy gradients are; the "
    "stronger the colour, the surer (bootstrap over whole runs). Hatched: undetermined, neither side has a probability "
    "of 0.95. Each family is its best method there, chosen on other runs than those that judge it; at the right the "
    "method of each that is chosen most often at the full budget. Structures on which only one family ran are left out."
)
EMPTY = "No structure on which both families ran with four seeds or more."
SURE = 0.95  # probability from which the tables call a family ahead
LEFT, MAP, RIGHT, HEAD, FOOT, PITCH = 1.52, 3.55, 1.53, 0.28, 0.38, 0.235  # inches
OPEN = "#f2f2f2"  # behind the hatching


def material(tables: Tables) -> pd.DataFrame:
    """The places of the maps that are known."""
    return tables.frontier[np.isfinite(tables.frontier["probability"])]


def draw(tables: Tables) -> Figure:
    """One map per environment from frontier.csv."""
    places = material(tables)
    if places.empty:
        return nothing(EMPTY)
    groups = {str(name): group for name, group in places.groupby("environment")}
    heights = {name: PITCH * group["policy"].nunique() for name, group in groups.items()}
    figure = plt.figure(figsize=(WIDTH, sum(heights.values()) + len(groups) * (HEAD + FOOT) + LEGEND))
    top = 0.0
    for name, group in groups.items():
        axes = axes_at(figure, LEFT, top + HEAD, MAP, heights[name])
        _map(axes, group)
        above(axes, 5.0, shortened(name, 40), weight="bold", size=8.5, start=-72.0 * LEFT + 4.0)
        top += HEAD + heights[name] + FOOT
    handles = [
        *(Patch(facecolor=family_colour(family)) for family in RIVALS),
        Patch(facecolor=OPEN, edgecolor=FAINT, hatch="//////", linewidth=0.0),
    ]
    legend_below(figure, handles, [*(f"{family} ahead" for family in RIVALS), "undetermined"])
    return figure


def _map(axes: Axes, group: pd.DataFrame) -> None:
    """A rectangle for every structure and amount of data."""
    policies = list(group.sort_values(["parameters", "policy"])["policy"].unique())
    steps = np.sort(group["steps"].unique())
    edges = _edges(steps)
    for place in group.to_dict("records"):
        at, row = int(np.searchsorted(steps, place["steps"])), policies.index(place["policy"])
        _tile(axes, (edges[at], row - 0.5), edges[at + 1] - edges[at], place["probability"])
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(-0.5, len(policies) - 0.5)
    ticks = np.log(steps[::-1][::3])[::-1]
    axes.set_xticks(ticks, [short(float(f"{step:.2g}")) for step in np.exp(ticks)])
    axes.set_xlabel("environment steps", labelpad=1.0)
    last = group.sort_values("steps").drop_duplicates("policy", keep="last").set_index("policy")
    labels = [f"{shortened(name, 18)}  P\u00a0=\u00a0{last.loc[name, 'parameters']:.0f}" for name in policies]
    axes.set_yticks(range(len(policies)), labels)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    for line, policy in enumerate(policies):
        for family, column, shift in zip(RIVALS, ("free_algorithm", "gradient_algorithm"), (0.22, -0.22), strict=True):
            _name(axes, line + shift, str(last.loc[policy, column]), family)


def _edges(steps: np.ndarray) -> np.ndarray:
    """Borders [G + 1] about the logarithms of the steps [G], half way between two."""
    logs = np.log(steps)
    if len(logs) == 1:
        return np.array([logs[0] - 0.5, logs[0] + 0.5])
    middles = (logs[1:] + logs[:-1]) / 2
    return np.concatenate(([2 * logs[0] - middles[0]], middles, [2 * logs[-1] - middles[-1]]))


def _tile(axes: Axes, corner: tuple[float, float], width: float, probability: float) -> None:
    """One place of the map; hatched where neither family is ahead."""
    leader = probability if probability >= 0.5 else 1.0 - probability
    colour = family_colour(RIVALS[0] if probability >= 0.5 else RIVALS[1])
    known = leader >= SURE
    axes.add_patch(
        Rectangle(
            corner,
            width,
            1.0,
            facecolor=_shade(colour, leader),
            edgecolor="white" if known else FAINT,
            hatch=None if known else "//////",
            linewidth=0.0,
        )
    )
    axes.add_patch(Rectangle(corner, width, 1.0, fill=False, edgecolor="white", linewidth=1.2))


def _shade(colour: Colour, leader: float) -> Colour:
    """The colour of a family, the paler the less sure: white at one half, half way there where undetermined ends."""
    depth = 0.35 * (leader - 0.5) / (SURE - 0.5) if leader < SURE else 0.7 + 0.3 * (leader - SURE) / (1.0 - SURE)
    red, green, blue = (1.0 - depth * (1.0 - part) for part in colour)
    return red, green, blue


def _name(axes: Axes, row: float, name: str, family: str) -> None:
    """The method that stands for a family."""
    axes.text(
        1.02,
        row,
        shortened(name, 24),
        transform=axes.get_yaxis_transform(),
        fontsize=6.3,
        va="center",
        color=family_colour(family),
    )
