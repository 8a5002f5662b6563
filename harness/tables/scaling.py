"""How steps to `solved` grow with the number of parameters, the horizon and the dimension of the action.

A group is one environment, or the environments of one problem that differ in horizon or actions, with the policies of
one kind, or of all kinds. In it there is a line for each algorithm that ran on every policy, and one for each family:
that of a run of any of those algorithms, so that what moves along the line is never the set of algorithms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from harness.interface import Booleans, Floats
from harness.statistics.bootstrap import Estimate
from harness.statistics.scaling import Line, crossover, design, exponents, line
from harness.tables.cells import CellRuns
from harness.tables.comparisons import UNDETERMINED
from harness.tables.estimates import Address
from harness.tables.findings import FREE, GRADIENT, RIVALS
from harness.tables.write import Row
from harness.workers import each

EXPONENT = ("exponent", "exponent_low", "exponent_high")
SPAN = ("lowest", "highest")  # of the regressor
GROUP = ("environment", "policy_kind", "algorithm", "family")
SCALING = (*GROUP, "regressor", *EXPONENT, "n", "crossed", "constant", *SPAN)
PAIR = ("environment", "policy_kind", "first", "second")
CROSSOVER = (*PAIR, "crossover", "crossover_low", "crossover_high", *SPAN, "faster_lowest", "faster_highest")
FITS = 1000  # resamples: as many as the coverage was measured with, for a fit costs more than a mean
POINTS = 101  # of the range in which lines are asked who is ahead
REGRESSORS: Mapping[str, Callable[[CellRuns], float]] = {
    "parameters": lambda cell: float(cell.record.parameters),
    "horizon": lambda cell: float(cell.record.horizon),
    "actions": lambda cell: float(cell.record.actions),
}


class Group(NamedTuple):
    """Cells through which lines are drawn, by the label of a line: algorithm (empty: a whole family) and family."""

    environment: str  # names, joined by a space
    kind: str  # empty: all kinds of policies
    regressors: tuple[str, ...]
    lines: Mapping[tuple[str, str], list[CellRuns]]


def groups(cells: Sequence[CellRuns]) -> Iterator[Group]:
    """Every group in which something varies."""
    worlds: dict[tuple[str, str], list[CellRuns]] = defaultdict(list)
    for cell in cells:
        if cell.runs and cell.record.family in RIVALS:
            worlds["environment", cell.record.environment].append(cell)
            worlds["problem", cell.record.problem].append(cell)
    for (level, _), world in sorted(worlds.items()):
        names = sorted({cell.record.environment for cell in world})
        kinds = sorted({cell.record.structure for cell in world})
        for kind in ("", *kinds) if len(kinds) > 1 else ("",):
            members = [cell for cell in world if kind in ("", cell.record.structure)]
            moving = varying(members)
            if moving and (level == "environment" or {"horizon", "actions"} & {*moving}):
                yield Group(" ".join(names), kind or single(kinds), moving, lines(members))


def single(kinds: Sequence[str]) -> str:
    """The kind of a group with all policies, if there is but one."""
    return kinds[0] if len(kinds) == 1 else ""


def varying(cells: Sequence[CellRuns]) -> tuple[str, ...]:
    """Regressors that differ among the cells of one algorithm: the log std of a head makes P differ between two."""
    algorithms: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in cells:
        algorithms[cell.record.algorithm].append(cell)
    return tuple(
        name for name, of in REGRESSORS.items() if any(len({*map(of, mine)}) > 1 for mine in algorithms.values())
    )


def lines(cells: Sequence[CellRuns]) -> dict[tuple[str, str], list[CellRuns]]:
    """Cells of each algorithm that ran on every (environment, policy) of these cells, and of each family of such."""
    places = {cell.record.key[:2] for cell in cells}
    algorithms: dict[str, list[CellRuns]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: cell.record.key):
        algorithms[cell.record.algorithm].append(cell)
    found: dict[tuple[str, str], list[CellRuns]] = defaultdict(list)
    for algorithm, mine in sorted(algorithms.items()):
        if len(mine) == len(places):
            family = mine[0].record.family
            found[algorithm, family] = mine
            found["", family] += mine
    return dict(sorted(found.items()))


def fitted(group: Group, label: tuple[str, str], address: Address, resamples: int) -> Line:
    """The line of some cells, its resamples stratified by cell."""
    cells = group.lines[label]
    rows, times, crossed, sizes = data(group, cells)
    rng = address("tables", "scaling", group.environment, group.kind, *label)
    return line(rng, rows, times, crossed, sizes, min(resamples, FITS))


def data(group: Group, cells: Sequence[CellRuns]) -> tuple[Floats, Floats, Booleans, list[int]]:
    """Rows [N, K], log steps [N], whether they crossed [N], runs of each cell.

    Who has solved it at the start has crossed by the first evaluation after it: the logarithm asks for some step.
    """
    sizes = [len(cell.runs) for cell in cells]
    columns = [np.log(np.repeat([REGRESSORS[name](cell) for cell in cells], sizes)) for name in group.regressors]
    crossings = np.concatenate([cell.solved for cell in cells])  # [N]
    budgets = np.repeat([float(cell.record.budget) for cell in cells], sizes)
    first = np.concatenate([[run.evaluated[run.evaluated > 0].min(initial=run.steps) for run in c.runs] for c in cells])
    steps = np.clip(np.minimum(crossings, budgets), np.maximum(np.minimum(first, budgets), 1.0), None)
    return design(*columns), np.log(steps), np.isfinite(crossings), sizes


def scaling_rows(fits: Mapping[str, Mapping[tuple[str, str], Line]], found: Sequence[Group]) -> Iterator[Row]:
    """A row per line and regressor."""
    for group in found:
        for label, cells in group.lines.items():
            estimate = known_only(exponents(fits[name_of(group)][label]))
            for place, regressor in enumerate(group.regressors, start=1):
                values = [REGRESSORS[regressor](cell) for cell in cells]
                yield {
                    **dict(zip(GROUP, (group.environment, group.kind, *label), strict=True)),
                    "regressor": regressor,
                    **dict(zip(EXPONENT, (float(end[place]) for end in estimate), strict=True)),
                    "n": sum(len(cell.runs) for cell in cells),
                    "crossed": int(sum(np.isfinite(cell.solved).sum() for cell in cells)),
                    "constant": float(estimate.value[0]),
                    **dict(zip(SPAN, (min(values), max(values)), strict=True)),
                }


def known_only(estimate: Estimate) -> Estimate:
    """No interval where the runs that crossed do not determine the line: it would be that of no number."""
    known = np.isfinite(estimate.value)
    return Estimate(*(np.where(known, end, np.nan) for end in estimate))


def crossover_rows(fits: Mapping[str, Mapping[tuple[str, str], Line]], found: Sequence[Group]) -> Iterator[Row]:
    """Where a gradient-free line meets that of a policy gradient, if P alone varies."""
    for group in found:
        if group.regressors != ("parameters",):
            continue
        pairs = product(*([label for label in group.lines if label[1] == family] for family in (FREE, GRADIENT)))
        for first, second in sorted(pairs):
            if bool(first[0]) == bool(second[0]):  # algorithm against algorithm, family against family
                known = fits[name_of(group)]
                cells = (*group.lines[first], *group.lines[second])
                yield crossing(group, (first[0] or FREE, second[0] or GRADIENT), (known[first], known[second]), cells)


def crossing(group: Group, names: tuple[str, str], two: tuple[Line, Line], cells: Sequence[CellRuns]) -> Row:
    """One pair of lines; who is faster at either end of the range."""
    sizes = [float(cell.record.parameters) for cell in cells]
    along = np.geomspace(min(sizes), max(sizes), POINTS)  # [G]
    start: dict[str, str | float | None] = dict.fromkeys(CROSSOVER)
    start |= dict(zip(PAIR, (group.environment, group.kind, *names), strict=True))
    start |= dict(zip(SPAN, (min(sizes), max(sizes)), strict=True))
    if not all(np.isfinite(one.value).all() for one in two):
        return start | {"faster_lowest": UNDETERMINED, "faster_highest": UNDETERMINED}
    found = crossover(*two, design(np.log(along)), along)
    words = {-1.0: names[0], 0.0: UNDETERMINED, 1.0: names[1]}
    return start | {
        **{"crossover": found.value, "crossover_low": found.low, "crossover_high": found.high},
        **{"faster_lowest": words[float(found.ahead[0])], "faster_highest": words[float(found.ahead[-1])]},
    }


def name_of(group: Group) -> str:
    """What tells groups apart."""
    return f"{group.environment}/{group.kind}"


def scaling_tables(cells: Sequence[CellRuns], address: Address, resamples: int, jobs: int) -> dict[str, list[Row]]:
    """Both tables of one set of fits, made by so many workers."""
    found = list(groups(cells))
    places = [(group, label) for group in found for label in group.lines]
    made = each(lambda place: fitted(*place, address, resamples), places, jobs)
    fits: dict[str, dict[tuple[str, str], Line]] = {name_of(group): {} for group in found}
    for (group, label), fit in zip(places, made, strict=True):
        fits[name_of(group)][label] = fit
    return {"scaling": list(scaling_rows(fits, found)), "crossover": list(crossover_rows(fits, found))}
