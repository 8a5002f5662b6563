"""The answer in one paragraph: when structure was worth it, when a generic policy was, and how much stays open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.figures.exchange import best_of
from harness.figures.load import Tables
from harness.figures.order import RIVALS
from harness.report.blocks import Point, Said
from harness.report.findings import UNDETERMINED
from harness.report.phrases import counted, listed, number, tally
from harness.report.structures import Contest, contests, decided


def conclusion(tables: Tables) -> Point:
    """The paragraph; a sentence for which there are no data is left out."""
    sentences = (
        Said(structure(contests(tables)), ("structures",)),
        Said(exchange(tables.exchange, tables.structures), ("exchange", "structures")),
        Said(spaces(tables.frontier), ("frontier",)),
        Said(undecided(tables), ("findings", "frontier")),
    )
    return Point("", tuple(said for said in sentences if said.text))


def structure(found: Sequence[Contest]) -> str:
    """How often the best structure beat the generic policy, and how often it was the other way round."""
    if not found:
        return ""
    paid = [contest for contest in found if contest.decided and contest.structure_ahead]
    lost = [contest for contest in found if contest.decided and not contest.structure_ahead]
    rest = len(found) - len(paid) - len(lost)
    asked = f"{counted(len(found), 'comparison')} at an equal budget, one for each environment and family"
    if not paid and not lost:
        return f"When structure is worth it stays open here: of {asked}, these runs decide none."
    end = f"; {rest} {'is' if rest == 1 else 'are'} undetermined." if rest else "."
    if not lost:
        start = "Where these runs decide, structure was worth it"
        return (
            f"{start}: of {asked}, the best structure won {len(paid)} ({_where(paid)}) and the generic policy none{end}"
        )
    if not paid:
        start = "Where these runs decide, a generic policy was the better choice"
        return f"{start}: of {asked}, it won {len(lost)} ({_where(lost)}) and the best structure none{end}"
    return (
        f"Whether structure is worth it depended on the problem: of {asked}, the best structure won {len(paid)} "
        f"({_where(paid)}) and the generic policy {len(lost)} ({_where(lost)}){end}"
    )


def _where(found: Sequence[Contest]) -> str:
    """The environments, each once."""
    return listed(list(dict.fromkeys(contest.environment for contest in found)))


def exchange(table: pd.DataFrame, structures: pd.DataFrame) -> str:
    """How many times the data of a structure the generic policy needed: median and range over all structures."""
    rates = decided(best_of(table), structures)
    rates = rates[rates["solved"] & np.isfinite(rates["rate"])].sort_values("rate")
    if rates.empty:
        return ""
    lowest, highest = rates.iloc[0], rates.iloc[-1]
    saves, costs = (int((rates["faster"] == side).sum()) for side in ("structure", "generic"))
    low = f"{'at most ' if lowest['bound'] == '≤' else ''}{number(lowest['rate'], 2)}"
    high = f"{'at least ' if highest['bound'] == '≥' else ''}{number(highest['rate'], 2)}"
    return (
        f"To solve an environment the generic policy needed {number(rates['rate'].median(), 2)} times the data of a "
        f"structure in the median of {counted(len(rates), 'pair')}, from {low} to {high} times (a bound counts as a "
        f"rate); by the corrected tests structure saves data in {tally(saves)} of them and costs data in "
        f"{tally(costs)}."
    )


def spaces(frontier: pd.DataFrame) -> str:
    """Which family was ahead with the whole budget in the smallest and in the largest space of each environment."""
    known = frontier[np.isfinite(frontier["probability"])]
    last = known[known["steps"] == known.groupby("environment")["steps"].transform("max")]
    order = last.sort_values(["environment", "parameters", "policy"])
    several = order[order.groupby("environment")["policy"].transform("size") > 1].groupby("environment")
    small, large = several.head(1)["ahead"], several.tail(1)["ahead"]
    if small.empty:
        return ""
    won = [[tally(int((side == family).sum())) for family in RIVALS] for side in (small, large)]
    return (
        f"With the smallest policy of each of {counted(len(small), 'environment')}, gradient-free search was ahead in "
        f"{won[0][0]} and policy gradients in {won[0][1]}; with the largest, in {won[1][0]} and {won[1][1]}."
    )


def undecided(tables: Tables) -> str:
    """How much the runs leave open."""
    rows = tables.findings[(tables.findings["free_n"] > 0) & (tables.findings["gradient_n"] > 0)]
    places = tables.frontier[np.isfinite(tables.frontier["probability"])]
    parts = []
    if len(rows):
        scores, speed = (int((rows[column] == UNDETERMINED).sum()) for column in ("ahead", "faster"))
        parts.append(f"which family scores higher in {tally(scores)} of {counted(len(rows), 'environment')}")
        parts.append(f"which one needs fewer steps in {tally(speed)}")
    if len(places):
        share = (places["ahead"] == UNDETERMINED).mean()
        parts.append(f"{100 * share:.0f}\u00a0% of the map of policies and data")
    return f"Undetermined, which does not mean equal, stay {listed(parts)}." if parts else ""
