"""What tuning found: every setting that was tried for the algorithms of a study, and three readings of their scores.

    random    what a setting drawn from the search space does
    one       what the one setting does that is best over all environments
    each      what the best setting of this environment does

and `default`, the setting that nobody searched. The score of all is that of `harness/statistics/tuning.py`. The best
of many looks better than it is: a reading whose runs are there is judged on the fresh seeds of the study.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from harness.interface import Floats
from harness.statistics.bootstrap import Estimate
from harness.statistics.counts import count_bootstrap
from harness.statistics.tuning import floored
from harness.tables.cells import CellRuns
from harness.tables.estimates import Address, CellEstimates, columns
from harness.tables.write import Row
from harness.tuned import SUFFIX, Draw, Reading, Tuned

PLACE = ("environment", "policy", "algorithm", "family")
SCORE = ("score", "low", "high")
TUNING = (
    *(*PLACE, "draw", "settings", "budget", "n", "diverged", "turns", "score", "std", "steps"),
    *("best_here", "best_everywhere", "digests"),
)
READINGS = (
    *(*PLACE, "reading", "seeds", "draw", "budget", "n", *SCORE),
    *("tuning_score", "tuning_steps", "ert", "ert_with_tuning"),
)
READ: tuple[Reading, ...] = ("one", "each")
Key: TypeAlias = tuple[str, str, str]  # environment, policy, label


class Tried(NamedTuple):
    """Tuned settings that a study uses, and every setting that was tried for them."""

    tuned: Tuned
    draws: Sequence[Draw]


def tuning_rows(cells: Sequence[CellRuns], tried: Sequence[Tried]) -> Iterator[Row]:
    """Every setting of every cell of the study; nothing if the study uses no tuned settings."""
    for key, (tuned, draws) in _draws(cells, tried).items():
        for draw in draws:
            yield {
                **draw._asdict(),
                "settings": json.dumps(draw.settings, sort_keys=True),
                "best_here": draw.draw == tuned.winner("each", *key).draw,
                "best_everywhere": draw.draw == tuned.winner("one", *key).draw,
            }


def reading_rows(
    cells: Sequence[CellRuns],
    estimates: Mapping[Key, CellEstimates],
    tried: Sequence[Tried],
    address: Address,
    resamples: int,
) -> Iterator[Row]:
    """Four rows per environment, policy and tuned algorithm."""
    known = {cell.record.key: cell for cell in cells if cell.runs}
    for key, (tuned, draws) in _draws(cells, tried).items():
        random = np.array([draw.score for draw in draws[1:]])  # [K - 1]
        spread = mean(random, address("tables", "tuning", *key), resamples)
        yield {**_tuning_row(draws[0], "default"), "n": draws[0].n, "score": draws[0].score, "draw": 0}
        yield {**_tuning_row(draws[0], "random"), "n": len(random), **columns(spread, *SCORE)}
        for reading in READ:
            won = tuned.winner(reading, *key)
            row = {**_tuning_row(draws[0], reading), "draw": won.draw, "tuning_steps": won.steps}
            row |= {"n": draws[won.draw].n, "score": draws[won.draw].score, "tuning_score": draws[won.draw].score}
            cell = known.get((*key[:2], key[2] + SUFFIX[reading]))
            if cell is None and won.draw == tuned.winner("each", *key).draw:
                cell = known.get(key)  # the best setting here is the one for all: it ran once
            yield row | (_fresh(cell, estimates, won.steps, address, resamples) if cell else {})


def mean(values: Floats, rng: np.random.Generator, resamples: int) -> Estimate:
    """The mean of runs, or of draws, [N] with its interval."""
    return count_bootstrap(rng, (len(values),), lambda counts: counts @ values / len(values), resamples)


def _tuning_row(draw: Draw, reading: str) -> dict[str, Any]:
    """A row about runs on tuning seeds, still without a score."""
    place = {name: getattr(draw, name) for name in PLACE}
    empty = dict.fromkeys((*SCORE, "draw", "tuning_score", "tuning_steps", "ert", "ert_with_tuning"))
    return {**place, **empty, "reading": reading, "seeds": "tuning", "budget": draw.budget}


def _fresh(
    cell: CellRuns, estimates: Mapping[Key, CellEstimates], spent: int, address: Address, resamples: int
) -> dict[str, Any]:
    """What the runs of the study say in place of those of tuning."""
    key = cell.record.key
    score = mean(floored(cell.areas), address("tables", "reading", *key), resamples)
    ert = float(estimates[key].solved(cell)[1].value)
    facts = {"seeds": "fresh", "budget": cell.record.budget, "n": len(cell.runs)}
    return {**facts, **columns(score, *SCORE), "ert": ert, "ert_with_tuning": ert + spent}


def _draws(cells: Sequence[CellRuns], tried: Sequence[Tried]) -> dict[Key, tuple[Tuned, list[Draw]]]:
    """Of every environment, policy and tuned label: where it was tuned, and its draws, the default first."""
    wanted = {(*cell.record.key[:2], cell.record.algorithm.removesuffix(SUFFIX["one"])) for cell in cells}
    found: dict[Key, tuple[Tuned, list[Draw]]] = {}
    for tuned, tries in tried:
        for draw in sorted(tries, key=lambda draw: draw.draw):
            if (key := (draw.environment, draw.policy, draw.algorithm)) in wanted:
                found.setdefault(key, (tuned, []))[1].append(draw)
    return dict(sorted(found.items()))
