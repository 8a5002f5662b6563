"""Two sides, each the best of several methods: is the difference held, and are equal sides left undetermined?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from benchmarks.coverage.case import RESAMPLES, Case, Floats, Trial, holds
from benchmarks.coverage.scores import DISTRIBUTIONS
from harness.statistics.bootstrap import Estimate
from harness.statistics.contests import contest
from harness.statistics.duels import SURE, Duel, duel
from harness.statistics.scores import iqm

IQM = partial(iqm, axis=1)
ALPHA = 0.05
SIZES = ((1, 1), (5, 2), (12, 2))  # methods of either side


def cases() -> Iterator[Case]:
    """All cases of duels."""
    for name in ("normal", "U-shaped beta"):
        for runs in (5, 10, 30):
            for sizes in SIZES:
                setting = f"{sizes[0]} methods against {sizes[1]}, {name}"
                trial = open_trial(name, runs, sizes)
                nominal = 1 - 2 * (1 - SURE)
                yield Case("duel of equals, undetermined", str(runs), setting, trial, nominal=nominal, at_least=True)
    for runs in (5, 10, 30):
        for sizes in SIZES:
            setting = f"{sizes[0]} methods against {sizes[1]}, one of either a spread ahead"
            trial = difference_trial(runs, sizes)
            yield Case("duel, difference", str(runs), setting, trial, claimed=runs >= 10, at_least=True)

    for name, paired in (("normal", True), ("U-shaped beta", True), ("normal", False)):
        for runs in (10, 30):
            for sizes in SIZES:
                setting = f"{sizes[0]} methods against {sizes[1]}, {name}{'' if paired else ', unpaired'}"
                trial = contest_trial(name, runs, sizes, paired)
                yield Case("contest of equals, undetermined", str(runs), setting, trial, at_least=True)


def fight(rng: np.random.Generator, name: str, runs: int, levels: Sequence[Sequence[float]]) -> Duel:
    """A duel of methods at these levels."""
    sides: list[list[Floats]] = [
        [level + np.asarray(DISTRIBUTIONS[name].rvs((runs, 1), rng)) for level in side] for side in levels
    ]
    return duel(rng, sides[0], sides[1], IQM, RESAMPLES)


def open_trial(name: str, runs: int, sizes: tuple[int, int]) -> Trial:
    """All methods alike: neither side may be called ahead."""

    def trial(rng: np.random.Generator) -> bool:
        chance = fight(rng, name, runs, [[0.0] * size for size in sizes]).probability[0]
        return bool(1 - SURE < chance < SURE)

    return trial


def contest_trial(name: str, runs: int, sizes: tuple[int, int], paired: bool) -> Trial:
    """All methods alike: p may be 0.05 or less once in twenty studies."""

    def trial(rng: np.random.Generator) -> bool:
        first, second = ([np.asarray(DISTRIBUTIONS[name].rvs(runs, rng)) for _ in range(size)] for size in sizes)
        return contest(rng, first, second, IQM, paired=paired).p > ALPHA

    return trial


def difference_trial(runs: int, sizes: tuple[int, int]) -> Trial:
    """The best method of either side is a standard deviation ahead of its others, the first side half of one."""
    levels = [[1.5, *[0.5] * (sizes[0] - 1)], [1.0, *[0.0] * (sizes[1] - 1)]]
    truth = levels[0][0] - levels[1][0]

    def trial(rng: np.random.Generator) -> bool:
        found = fight(rng, "normal", runs, levels).difference
        return holds(Estimate(*(end[0] for end in found)), truth)

    return trial
