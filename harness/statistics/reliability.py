"""How much a method wavers: across its runs, within a run, and how far it falls.

Source: S. C. Y. Chan et al., "Measuring the Reliability of Reinforcement Learning Algorithms" (ICLR 2020): dispersion
across runs, dispersion within a run after detrending by differences, short-term risk (tail of the differences) and
long-term risk (tail of the drawdown). Dispersion is the interquartile range, risk the CVaR.
Deviation: evaluations are taken as they were made; they are evenly spaced, or the differences belong to unequal steps.
Deviation: quartiles and tails of few numbers are biased inwards (the IQR of 5 normal runs by about a sixth): compare
methods at equal n, and read `docs/coverage.md` on the interval.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats
from harness.statistics.present import mean_present, quantile_present
from harness.statistics.scores import TAIL, cvar

WINDOW = 25  # differences within which a run's dispersion is measured


def across_runs(tables: Floats) -> Floats:
    """Interquartile range over the runs, averaged over the curve: tables [R, N, G] -> [R]; NaN: not observed."""
    return mean_present(quantile_present(tables, 0.75) - quantile_present(tables, 0.25))


def within_run(values: Floats, window: int = WINDOW) -> float:
    """Interquartile range of the differences of a curve [K], averaged over sliding windows; NaN below 3 evaluations.

    Differences take a trend away: a straight climb has no dispersion. A run shorter than the window is one window.
    """
    steps = np.diff(values)
    if len(steps) < 2:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(steps, min(window, len(steps)))  # [W, window]
    low, high = np.quantile(windows, (0.25, 0.75), axis=1)
    return float((high - low).mean())


def worst_steps(values: Floats, share: float = TAIL) -> float:
    """Short-term risk: mean of the worst `share` of the changes from one evaluation to the next of a curve [K]."""
    return cvar(np.diff(values), share) if len(values) > 1 else float("nan")


def worst_drawdown(values: Floats, share: float = TAIL) -> float:
    """Long-term risk: mean of the worst `share` of the distances below the best so far of a curve [K]; 0 or less."""
    return cvar(values - np.maximum.accumulate(values), share) if len(values) else float("nan")
