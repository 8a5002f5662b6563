"""Summaries of the final scores of N independent runs.

Sources: R. Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice" (NeurIPS 2021): the
interquartile mean, equal to their `rliable`. R. T. Rockafellar & S. Uryasev, "Conditional value-at-risk for general
loss distributions" (Journal of Banking & Finance 26, 2002): the tail mean of a discrete distribution.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats

TAIL = 0.25  # share of the worst runs that the tail mean looks at


def normalised(scores: Floats, random: float, reference: float) -> Floats:
    """Scores of any shape, so that the random policy has 0 and the frozen reference 1."""
    return (scores - random) / (reference - random)


def iqm(values: Floats, axis: int = 0) -> Floats:
    """Interquartile mean along the runs: a quarter of them, rounded down, is dropped at each end."""
    runs = values.shape[axis]
    cut = runs // 4
    middle = np.arange(cut, runs - cut)
    return np.asarray(np.take(np.sort(values, axis=axis), middle, axis=axis).mean(axis=axis))


def cvar(values: Floats, share: float = TAIL) -> float:
    """Mean of the worst `share` of the runs [N]; the run on the border counts by the part of it that lies inside."""
    inside = share * len(values)
    weights = np.clip(inside - np.arange(len(values)), 0.0, 1.0)  # [N]
    return float(np.sort(values) @ weights / inside)
