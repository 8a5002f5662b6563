"""Phase: parameters against the numbers chosen in an episode, and the border that theory draws between the families.

Source: A. Vemula, W. Sun & J. A. Bagnell (2018), "Exploration in Action Space": exploring in the space of actions is
preferred where a policy has more parameters P than an episode has numbers to choose, A · H.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.figures.load import Tables
from harness.figures.order import RIVALS
from harness.figures.panels import above
from harness.figures.problems import EMPTY, MOVING, Problem, material, problems
from harness.figures.style import (
    FAINT_COLOUR,
    INK,
    LEGEND,
    WIDTH,
    axes_at,
    family_colour,
    handle,
    legend_below,
    log_axis,
    note,
    nothing,
    short,
    shortened,
)

__all__ = ["CAPTION", "EMPTY", "READING", "draw", "material"]

CAPTION = "Who needs fewer steps, and the border that theory draws."
READING = (
    "Every environment of a problem by its number of parameters P and the numbers that are chosen in an episode, "
    "actions times horizon. Theory (Vemula, Sun and Bagnell) expects the search in parameters to be faster below the "
    "dotted border P = A · H, and that in actions above it. The colour is that of the family that needed fewer steps "
    "until solved, grey where that is undetermined; beside it stands how many times fewer, “>” where the other did not "
    "get there. Environments at one place are drawn within each other."
)
LEFT, RIGHT, HEAD, HIGH, FOOT = 0.52, 0.1, 0.3, 2.0, 0.4  # inches
LETTERS = 60  # that fit above it


def draw(tables: Tables) -> Figure:
    """A plane for each problem, from restricted.csv and findings.csv."""
    found = list(problems(tables))
    if not found:
        return nothing(EMPTY)
    step = HEAD + HIGH + FOOT
    figure = plt.figure(figsize=(WIDTH, len(found) * step + LEGEND))
    for number, problem in enumerate(found):
        axes = axes_at(figure, LEFT, number * step + HEAD, WIDTH - LEFT - RIGHT, HIGH)
        _plane(axes, problem)
    looks = [handle(family_colour(family), "o", joined=False) for family in RIVALS]
    legend_below(figure, [*looks, handle(FAINT_COLOUR, "o", joined=False)], [*RIVALS, "undetermined"])
    return figure


def _plane(axes: Axes, problem: Problem) -> None:
    """Environments by A · H and P, coloured by who needed fewer steps, and the border of theory."""
    names = sorted(problem.winners["environment"])
    if not names:
        return note(axes, "no family against the other")
    above(axes, 5.0, shortened(f"{names[0]} … {names[-1]}", LETTERS), weight="bold", size=7.2)
    places = problem.cells.groupby("environment")[list(MOVING)].min()
    chosen = places["actions"] * places["episode_horizon"]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(chosen.min() / 2.0, chosen.max() * 2.0)
    axes.set_ylim(places["parameters"].min() / 2.0, places["parameters"].max() * 2.5)
    border = np.array(axes.get_xlim())
    axes.plot(border, border, color=INK, linewidth=1.0, linestyle=":", zorder=1)
    axes.set_xlabel("numbers chosen in an episode, A · H", labelpad=1.0)
    axes.set_ylabel("parameters P", labelpad=1.0)
    taken: dict[tuple[float, float], int] = {}
    for row in problem.winners.to_dict("records"):
        x, y = chosen[row["environment"]], places["parameters"][row["environment"]]
        turn = taken[x, y] = taken.get((x, y), -1) + 1
        known = row["faster"] in RIVALS
        colour = family_colour(row["faster"]) if known else FAINT_COLOUR
        axes.plot([x], [y], "o", color=colour, markersize=8.0 - 3.0 * turn, markeredgecolor="white", zorder=3 + turn)
        words = f"{_times(row)}  H = {places['episode_horizon'][row['environment']]:.0f}"
        axes.annotate(
            words, (x, y), (7.0, -2.0 - 8.0 * turn), textcoords="offset points", color=INK, fontsize=6.0, zorder=4
        )
    log_axis(axes, x=True, y=True)


def _times(row: dict[str, float]) -> str:
    """How many times fewer steps the faster family needed; “>” where the other did not get there."""
    free, gradient = row["free_steps"], row["gradient_steps"]
    if not (free > 0 and gradient > 0):
        return "–"
    bound = ">" if max(free, gradient) >= row["horizon"] else ""
    return f"{bound}{short(round(max(free, gradient) / min(free, gradient), 1))}×"
