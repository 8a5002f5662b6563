"""Choosing settings from the scores of tuning runs.

A run's score is its area: the mean of its normalised score over the budget, which sees how fast a setting learns and
does not saturate where several reach the top. What lies further below the random policy than the reference lies above
it counts no worse than -1, else one diverged run on a problem without a floor would outweigh all environments.

A setting whose first turn uses up the budget in every run has learnt nothing: its score is that of its start. Where
another setting comes to a second turn, it cannot be chosen.

All but the last paragraph was declared before any run. That one was added after the first runs of `structure`, of
which ten cells had been given such a setting; it looks at turns, not at scores.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats

FLOOR = -1.0  # the worst that a run can do


def floored(areas: Floats) -> Floats:
    """Normalised areas of any shape, none below the floor."""
    return np.maximum(areas, FLOOR)


def eligible(scores: Floats, turns: Floats) -> Floats:
    """Scores [K] of one cell, `-inf` for settings that cannot be chosen.

    Args:
        scores: of the settings [K].
        turns: the most that a run of each setting took [K].
    """
    learns = turns > 1  # [K]
    return np.where(learns, scores, -np.inf) if learns.any() else scores


def best(scores: Floats) -> int:
    """The setting [K] with the highest score; of equal ones the first, and the first of all is the default."""
    return int(np.argmax(scores))


def best_everywhere(scores: Floats) -> int:
    """The setting with the highest mean over environments, scores [E, K]; one that is `-inf` in any is never chosen.

    Ties as in `best`; so the default where no setting can be chosen in all of them.
    """
    return best(scores.mean(axis=0))
