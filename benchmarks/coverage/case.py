"""A case: an interval, the setting in which it is tried, what it promises, and one simulated study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000

Floats = NDArray[np.float64]
Trial = Callable[[np.random.Generator], bool]  # one simulated study: does the interval hold the truth?


@dataclass(frozen=True)
class Case:
    """One line of the table; `claimed` says that the documentation promises nominal ± 2 points here."""

    interval: str
    runs: str
    setting: str
    trial: Trial
    claimed: bool = True
    nominal: float = 0.95
    at_least: bool = False  # the promise is "no less than nominal", by construction


def holds(estimate: tuple[Floats, Floats, Floats], truth: float) -> bool:
    """Whether an interval holds a number; one that is not defined does not."""
    return bool(estimate[1] <= truth <= estimate[2])


def everywhere(estimate: tuple[Floats, Floats, Floats], truth: Floats) -> bool:
    """Whether a band holds a curve as a whole, wherever it says something; rounding is no miss."""
    return not bool(np.any((estimate[1] > truth + 1e-9) | (truth > estimate[2] + 1e-9)))
