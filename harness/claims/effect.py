"""The effect that a claim is about, with the resamples that say how well it is known.

Whole runs are resampled. Where all cells of an environment have the same seeds a seed is drawn with all of its runs, so
what the seeds share (start states, directions) falls out of the contrast; elsewhere each cell is drawn on its own.
Exponents come with an interval instead of runs: they are taken as normal and, of two lines, as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.claims.declaration import Claim, Side
from harness.claims.measures import MEASURES, Measure
from harness.claims.samples import Rows, Sample, Tables, Unmeasured, samples
from harness.interface import Floats
from harness.statistics.bootstrap import LEVEL, draw


class Effect(NamedTuple):
    """An effect on the scale of its metric (the logarithm of a ratio), and what stands behind it."""

    value: float
    low: Floats  # [R] resamples for the lower end
    high: Floats  # [R] for the upper one
    sizes: tuple[int, ...]  # runs of each stratum; empty: no small-sample widening is due
    seeds: int  # fewest of a cell
    runs: int
    paired: bool


def effect_of(claim: Claim, tables: Tables, address: Callable[..., np.random.Generator], resamples: int) -> Effect:
    """The effect of a claim; raises Unmeasured if the tables do not hold it."""
    if claim.metric.table == "scaling":
        return exponent_effect(claim, tables, resamples)
    measure = MEASURES[claim.metric.kind]
    return sampled_effect(address("claims", claim.name), measure, samples(claim, tables), resamples)


def side_values(claim: Claim, tables: Tables) -> list[float]:
    """The number of each side; their signed sum is the effect, on whose scale they are. Raises as `effect_of`."""
    sides = claim.entry.contrast.sides
    if claim.metric.table == "scaling":
        lines = [_lines(claim, side, tables.get("scaling", ())) for _, side in sides]
        return [float(np.mean([float(line["exponent"]) for line in own])) for own in lines]
    measure, cells = MEASURES[claim.metric.kind], samples(claim, tables)
    return [
        sum(abs(cell.weight) * _number(measure, cell) for cell in cells if cell.side == place)
        for place in range(len(sides))
    ]


def _number(measure: Measure, cell: Sample) -> float:
    return float(measure.statistic(cell.values[np.newaxis])[0])


def sampled_effect(rng: np.random.Generator, measure: Measure, cells: Sequence[Sample], resamples: int) -> Effect:
    """The weighted sum of the cells' numbers."""
    value, low, high, sizes, paired = 0.0, np.zeros(resamples), np.zeros(resamples), list[int](), True
    for environment in sorted({cell.environment for cell in cells}):
        here = [cell for cell in cells if cell.environment == environment]
        together = len({cell.seeds for cell in here}) == 1
        paired &= together
        sizes += [len(cell.seeds) for cell in (here[:1] if together else here)]
        rows = draw(rng, (len(here[0].seeds),), resamples)  # [R, n]
        for place, cell in enumerate(here):
            if place and not together:
                rows = draw(rng, (len(cell.seeds),), resamples)
            ends = measure.ends(cell.values, measure.statistic(cell.values[rows]), rng)
            least, most = ends if cell.weight > 0 else ends[::-1]
            value += cell.weight * _number(measure, cell)
            low += cell.weight * least
            high += cell.weight * most
    counts = [len(cell.seeds) for cell in cells]
    return Effect(value, low, high, () if measure.exact else tuple(sizes), min(counts), sum(counts), paired)


def exponent_effect(claim: Claim, tables: Tables, resamples: int) -> Effect:
    """The signed sum of exponents, averaged over environments where each has a line of its own."""
    value, variance, runs = 0.0, 0.0, 0
    for sign, side in claim.entry.contrast.sides:
        lines = _lines(claim, side, tables.get("scaling", ()))
        for line in lines:
            exponent, low, high = (float(line[f"exponent{end}"] or "nan") for end in ("", "_low", "_high"))
            error = (high - low) / (2 * stats.norm.ppf((1 + LEVEL) / 2))
            value += sign * exponent / len(lines)
            variance += (error / len(lines)) ** 2
            runs += int(float(line["n"]))
    drawn = value + np.sqrt(variance) * stats.norm.ppf((np.arange(resamples) + 0.5) / resamples)  # [R]
    return Effect(value, drawn, drawn, (), _seeds(claim, tables), runs, paired=False)


def _lines(claim: Claim, side: Side, rows: Rows) -> list[Mapping[str, str]]:
    """The lines of a side: that over all of its environments together, else one for each environment."""
    places = claim.environments(side)
    known = {row["policy_kind"] for row in rows}
    kinds = side.policies or (known if len(known) == 1 else {""})  # all policies: of one kind, or of several

    def fits(row: Mapping[str, str]) -> bool:
        algorithm = side.algorithms or ("",)  # the line of the whole family
        same = row["algorithm"] in algorithm and row["policy_kind"] in kinds and side.family in (None, row["family"])
        return same and row["regressor"] == claim.metric.column

    fitting = [row for row in rows if fits(row)]
    joined = [row for row in fitting if row["environment"] == " ".join(sorted(places))]
    found = joined or [row for row in fitting if row["environment"] in places]
    if {name for row in found for name in row["environment"].split()} != set(places):
        raise Unmeasured(f"no {claim.metric.words} of {side.in_words}")
    if blind := next((row for row in found if not row["exponent"]), None):
        solved = f"{blind['crossed']} of {blind['n']} runs solved it"
        raise Unmeasured(f"no line of {side.in_words} in {blind['environment']}: {solved}")
    return found


def _seeds(claim: Claim, tables: Tables) -> int:
    """Fewest seeds in one of the claim's environments."""
    counts = [
        len({row["seed"] for row in tables.get("runs", ()) if row["environment"] == place})
        for _, side in claim.entry.contrast.sides
        for place in claim.environments(side)
    ]
    return min(counts, default=0)
