"""Choosing settings from the scores of tuning runs: declared here, before any run.

A run's score is its area: the mean of its normalised score over the budget, which sees how fast a setting learns and
does not saturate where several reach the top. What lies further below the random policy than the reference lies above
it counts no worse than -1, else one diverged run on a problem without a floor would outweigh all environments.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats

FLOOR = -1.0  # the worst that a run can do


def floored(areas: Floats) -> Floats:
    """Normalised areas of any shape, none below the floor."""
    return np.maximum(areas, FLOOR)


def best(scores: Floats) -> int:
    """The setting [K] with the highest score; of equal ones the first, and the first of all is the default."""
    return int(np.argmax(scores))


def best_everywhere(scores: Floats) -> int:
    """The setting with the highest mean over environments, scores [E, K]; ties as in `best`."""
    return best(scores.mean(axis=0))
