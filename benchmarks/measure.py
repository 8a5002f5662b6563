"""Measuring side by side: contenders take turns on one core, and what is stated are medians over the rounds.

The ratio of a row is the median of the ratios within each round, so that a slow minute of the machine hits both sides.
Rates are those of a second of the processor, all threads counted: on one idle core that is the wall clock's second, and
on a busy one others do not disturb it much. Peers are measured in the same way.
"""

from __future__ import annotations

import csv
import gc
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESULTS = Path(__file__).parent / "results"
OURS = "ours"
CHANCE = 1e-4  # below this probability two samples of returns are not of one distribution

Contender = Callable[[], float]  # does its share of work and returns what is measured, e.g. steps per second
Floats = NDArray[np.float64]


class DifferentWork(AssertionError):
    """Two contenders do not do the same work: their figures must not be compared."""


@dataclass(frozen=True)
class Goal:
    """What a ratio or a figure must be: at least `least`, or at most `most`."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        least = "" if self.least is None else f"≥ {self.least:g}"
        most = "" if self.most is None else f"≤ {self.most:g}"
        return f"{least} {most}".strip()


@dataclass(frozen=True)
class Row:
    """One line of a table: our figure, the peer's, and their ratio; without a peer the ratio is our figure."""

    case: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    ratio: float | None = None
    low: float | None = None  # smallest ratio of a round
    high: float | None = None
    goal: Goal = Goal()
    note: str = ""

    @property
    def verdict(self) -> str:
        """Met, missed, or nothing where no goal was set."""
        if self.goal == Goal():
            return ""
        return "met" if self.goal.met(self.ours if self.ratio is None else self.ratio) else "MISSED"


class Settings(NamedTuple):
    """What the command line says to every subject."""

    quick: bool
    peers: Path | None  # Python of the peers' environment, None without one
    core: int

    def rounds(self, usual: int) -> int:
        """Rounds of a measurement."""
        return max(2, usual // 3) if self.quick else usual


def alternate(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Figures of each contender, one a round; every other round runs backwards. The first is thrown away."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        names = list(contenders) if number % 2 else list(contenders)[::-1]
        for name in names:
            gc.collect()
            figure = contenders[name]()
            if number:
                figures[name].append(figure)
    return figures


def rate(work: Callable[[], float], seconds: float) -> float:
    """Work a second of the processor: `work()` does some and says how much, again and again for about so long."""
    amount, start = 0.0, time.process_time()
    while True:
        amount += work()
        taken = time.process_time() - start
        if taken >= seconds:
            return amount / taken


def compared(case: str, unit: str, figures: Mapping[str, Sequence[float]], goals: Mapping[str, Goal]) -> list[Row]:
    """A row for each peer, from the figures of `alternate`; ratios are ours / theirs."""
    ours = figures[OURS]
    rows = []
    for peer, theirs in figures.items():
        if peer != OURS:
            ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
            middles = (statistics.median(column) for column in (ours, theirs, ratios))
            mine, other, ratio = middles
            goal = goals.get(peer, Goal())
            rows.append(Row(case, unit, mine, peer, other, ratio, min(ratios), max(ratios), goal))
    return rows


def require_same_returns(case: str, ours: Floats, theirs: Floats, horizon: int, lengths: Iterable[int]) -> None:
    """Refuse samples of returns that are not of one distribution, and episodes beyond the horizon.

    Raises:
        DifferentWork: naming both samples (Kolmogorov and Smirnov's test).
    """
    longest = max(lengths)
    if longest > horizon:
        raise DifferentWork(f"{case}: an episode of {longest} steps, the horizon is {horizon}")
    ours, theirs = np.round(ours, 3), np.round(theirs, 3)  # float32 sums are equal to that
    chance = stats.ks_2samp(ours, theirs).pvalue
    if chance < CHANCE:
        raise DifferentWork(
            f"{case}: returns {ours.mean():.4g} ± {ours.std():.3g} and {theirs.mean():.4g} ± {theirs.std():.3g} "
            f"are of one distribution with probability {chance:.1g}"
        )


def pin(core: int) -> None:
    """This process and all that it starts run on one core."""
    os.sched_setaffinity(0, {core})


def table(rows: Sequence[Row]) -> str:
    """Rows as text, a column below a column."""
    heads = ("case", "ours", "peer", "theirs", "ratio", "rounds", "goal", "", "note")
    lines = [heads, *(cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    spread = "" if row.low is None else f"{row.low:.3g} … {row.high:.3g}"
    theirs = "" if row.theirs is None else f"{row.theirs:.3g}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
    return row.case, f"{row.ours:.3g} {row.unit}", row.peer, theirs, ratio, spread, str(row.goal), row.verdict, row.note


COLUMNS = (
    "subject",
    "case",
    "unit",
    "ours",
    "peer",
    "theirs",
    "ratio",
    "ratio_low",
    "ratio_high",
    "goal",
    "verdict",
    "note",
)


def write(subject: str, rows: Sequence[Row], folder: Path = RESULTS) -> Path:
    """benchmarks/results/{subject}.csv; four digits say all that a stopwatch knows."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.4g}"

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{subject}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            numbers = [number(value) for value in (row.theirs, row.ratio, row.low, row.high)]
            start = (subject, row.case, row.unit, number(row.ours), row.peer)
            writer.writerow((*start, *numbers, str(row.goal), row.verdict, row.note))
    return path
