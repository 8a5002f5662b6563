"""The section on the estimator laboratory: how noisy one update is, and what it is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.figures.laboratory import SWEPT, common
from harness.figures.order import algorithm_order
from harness.report.blocks import Block, Cell, Point, Said, Table, Text
from harness.report.phrases import counted, fixed, listed, number

# Standard error of a truth, relative to its length: its own noise takes 1 − √(1 − 0.3²) < 5 % off a cosine to it, and
# beyond hides what is compared, until at 1 the truth is nothing but noise.
VAGUE = 0.3
WORDS = (
    "The laboratory freezes the parameters at points on one reference path, the same for every method, and asks each "
    "method for many independent updates, through the same code as in a run: a fresh state, one turn. Where a method "
    "climbs an estimated gradient the estimate is measured before the optimiser; where it does not, the step of its "
    "solution is. Each is held against its own target, because the objectives differ: a policy gradient climbs the "
    "return of the policy that explores, a search in parameter space the return smoothed over parameters, and "
    "selection by rank climbs neither; there the truth is the mean update of the other seeds. Signal-to-noise is "
    "|E g|² / tr Cov(g), and grows with the number of updates that 1 000 environment steps pay for. "
    f"Truths whose standard error is above {VAGUE:g} of their length are shown, but no sentence rests on them."
)
METHOD = ["environment", "policy", "algorithm"]
POINT = [*METHOD, "point"]
MEASURES = (
    "steps",
    "tr Cov(g) / |t|²",
    "cosine",
    "S/N per 1k",
    "cosine per 1k",
)


def laboratory(table: pd.DataFrame, pictures: tuple[Block, ...]) -> tuple[Block, ...]:
    """Words, figures and a table per environment; nothing where nothing was measured."""
    if table.empty:
        return ()
    shown = common(table)
    return (Text(WORDS), *pictures, *(_table(str(name), rows) for name, rows in shown.groupby("environment")))


def laboratory_answer(table: pd.DataFrame) -> list[Point]:
    """For the first page: whose updates point best and worst, described and not judged."""
    shown = common(table[np.isfinite(table["cosine_per_1000"])])
    if shown.empty:
        return []
    known = ~_vague(shown)
    parts = [_ends(str(environment), rows) for environment, rows in shown[known].groupby("environment")]
    text = f"mean cosine of 1 000 steps of updates to each method's own target: {'; '.join(parts) or 'none is known'}."
    return [Point("What an update is worth:", (Said(text + _left_out(shown, known), ("laboratory",)),))]


def _vague(rows: pd.DataFrame) -> pd.Series:
    """Which rows stand at a point where the truth of the method is not known well enough, be it for one seed."""
    return (~(rows["truth_error"] <= VAGUE)).groupby([rows[name] for name in POINT]).transform("any")


def _ends(environment: str, rows: pd.DataFrame) -> str:
    """The best and the worst mean of one environment, or its only one."""
    means = rows.groupby(["policy", "algorithm"])["cosine_per_1000"].mean().sort_values()
    best, worst = (f"{fixed(means.iloc[place], 2)} for {means.index[place][1]}" for place in (-1, 0))
    return f"{environment}, from {best} to {worst}" if len(means) > 1 else f"{environment}, {best}"


def _left_out(shown: pd.DataFrame, known: pd.Series) -> str:
    """How many points of a method these means lack, and why; nothing if none."""
    points, kept = (rows[POINT].drop_duplicates() for rows in (shown, shown[known]))
    if len(kept) == len(points):
        return ""
    silent = sorted(_methods(points) - _methods(kept))
    names = f", so that none is left of {listed([' · '.join(method) for method in silent])}" if silent else ""
    return (
        f" Left out: {len(points) - len(kept)} of {counted(len(points), 'point')} of a method on a structure, where "
        f"the truth has a standard error above {VAGUE:g} of its length{names}; means are over the points that remain."
    )


def _methods(points: pd.DataFrame) -> set[tuple[str, ...]]:
    """Environment, structure and algorithm of each."""
    return set(points[METHOD].itertuples(index=False, name=None))


def _table(environment: str, rows: pd.DataFrame) -> Table:
    """A line for every policy and algorithm, its points and seeds averaged."""
    lines = []
    for policy, group in rows.groupby("policy"):
        for name in algorithm_order(group):
            here = group[group["algorithm"] == name]
            target = f"{here['objective'].iloc[0]}, {here['truth'].iloc[0]}"
            lines.append((str(policy), name, here["kind"].iloc[0], target, *_measures(here)))
    terms = dict(zip(SWEPT, rows[SWEPT].iloc[0], strict=True))
    caption = (
        f"{environment}: means over points and seeds, horizon H = {number(terms['horizon'])}; Gaussian heads explore "
        f"with deviation {number(terms['exploration'])}. Of one update g: its environment steps, its noise over the "
        f"squared length of the truth t, its cosine to t; then the signal-to-noise and the cosine of 1 000 steps."
    )
    columns = ("structure", "algorithm", "measured", "truth", *MEASURES)
    cells = tuple(tuple(Cell(word) for word in line) for line in lines)
    return Table(caption, columns, (False,) * 4 + (True,) * len(MEASURES), cells)


def _measures(rows: pd.DataFrame) -> tuple[str, ...]:
    """The numbers of one line; signal and noise are averaged before they are divided."""
    pace = 1000.0 / rows["steps_per_update"]
    ratio = (rows["signal"] * pace).mean() / rows["trace_covariance"].mean()
    return (
        number(rows["steps_per_update"].mean(), 3),
        number(rows["relative_noise"].median(), 3),
        fixed(rows["cosine"].mean(), 2),
        number(ratio, 2),
        fixed(rows["cosine_per_1000"].mean(), 2),
    )
