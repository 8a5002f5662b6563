"""Learning curves as step functions of charged steps: the last evaluation is carried forward, never interpolated.

A straight line between two evaluations would claim a score before anybody had measured it, and would favour the method
that is evaluated least often.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats, Integers


def at(steps: Integers, values: Floats, grid: Integers, before: float) -> Floats:
    """Value [G] at each step of the grid [G] of the curve (steps [K] ascending, values [K]); `before` the first one."""
    position = np.searchsorted(steps, grid, side="right")  # [G] number of evaluations made so far
    return np.concatenate(([before], values))[position]


def area(steps: Integers, values: Floats, budget: int, before: float) -> float:
    """Mean of the step function over [0, budget): the area under the curve in units of the score."""
    inside = steps < budget
    borders = np.concatenate(([0], steps[inside], [budget]))  # [K' + 2]
    return float(np.diff(borders) @ np.concatenate(([before], values[inside])) / budget)
