"""The exchange rate: how many times more steps the generic policy needs to score what a structure scores.

For each algorithm, and for each family: there both sides are the fastest of the same algorithms at each target, chosen
anew in every resample. That flatters both sides alike; it is not undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

import numpy as np

from harness.interface import Integers
from harness.statistics.counts import count_replicates, iqm_of, whole
from harness.statistics.exchange import Rate, Times, exchange_rate, fastest, reach
from harness.statistics.scores import normalised
from harness.tables.cells import CellRuns, curve
from harness.tables.curves import values_on
from harness.tables.estimates import Address
from harness.tables.rivals import Match, by_environment, matches
from harness.tables.write import Row

IDENTITY = ("environment", "family", "algorithm", "policy", "parameters", "generic", "generic_parameters")
TARGET = ("target", "normalised_target", "solved")
RATE = ("rate", "rate_low", "rate_high")
EXCHANGE = (*IDENTITY, *TARGET, "policy_steps", "generic_steps", *RATE, "bound", "n", "generic_n")
FINENESS = 1.05  # steps are rounded up to a grid with this ratio: far finer than evaluations lie


def exchange_rows(cells: Sequence[CellRuns], address: Address, resamples: int) -> Iterator[Row]:
    """A row per match, algorithm (and the family's best) and target."""
    known: dict[tuple[str, str, str], Times] = {}
    for match in matches(by_environment(cells)):
        for cell in chain(*match.sides):
            if cell.record.key not in known:
                known[cell.record.key] = times(cell, address, resamples)
        sides = [[known[cell.record.key] for cell in side] for side in match.sides]
        for pair, structured, generic in zip(match.pairs, *sides, strict=True):
            yield from rate_rows(match, pair[0].record.algorithm, structured, generic)
        if len(match.pairs) > 1:
            yield from rate_rows(match, "", *map(fastest, sides))


def times(cell: CellRuns, address: Address, resamples: int) -> Times:
    """Steps at which the IQM of a cell's runs is at each target of its ladder."""
    grid = borders(cell)
    statistic = iqm_of(values_on(cell, grid))
    n, steps = (len(cell.runs),), partial(reach, steps=grid.astype(np.float64), targets=cell.record.ladder)
    replicates = count_replicates(address("tables", *cell.record.key, "exchange"), n, statistic, resamples)
    return Times(steps(whole(n, statistic)[np.newaxis])[0], steps(replicates), float(cell.record.budget), *n)


def borders(cell: CellRuns) -> Integers:
    """Steps [G] at which some run was evaluated, thinned to the fineness, the last of each bunch kept; the budget."""
    budget = cell.record.budget
    steps = np.unique(np.concatenate([curve(run, cell.record)[0] for run in cell.runs]))
    bunch = np.floor(np.log(np.maximum(steps, 1)) / np.log(FINENESS))
    last = np.append(np.diff(bunch) > 0, True)  # of its bunch
    return np.unique(np.append(steps[last], budget))


def rate_rows(match: Match, algorithm: str, structured: Times, generic: Times) -> Iterator[Row]:
    """One row per target."""
    first, second = (pair.record for pair in match.pairs[0])
    rate = exchange_rate(generic, structured)
    names = (match.environment, match.family, algorithm, match.policy, first.parameters)
    start: Row = dict(zip(IDENTITY, (*names, match.generic, second.parameters), strict=True))
    heights = normalised(first.ladder, first.random, first.reference)
    for place, target in enumerate(first.ladder):
        numbers = (target, heights[place], bool(target == first.solved))
        yield {
            **start,
            **dict(zip(TARGET, numbers, strict=True)),
            "policy_steps": structured.value[place],
            "generic_steps": generic.value[place],
            **dict(zip(RATE, (float(end[place]) for end in rate.estimate), strict=True)),
            **{"bound": bound(rate, place), "n": structured.runs, "generic_n": generic.runs},
        }


def bound(rate: Rate, place: int) -> str:
    """`≥` or `≤` where the rate is only a bound, because one policy was not there by its budget."""
    return "≥" if rate.at_least[place] else "≤" if rate.at_most[place] else ""
