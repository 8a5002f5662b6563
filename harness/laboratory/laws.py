"""What theory says of the noise of an estimator on a linear return: tr Cov(g) / |E g|² of one update.

The return is H c·θ of an open loop: d parameters shared by H steps, and σ the deviation of the actions.

    antithetic pairs      (d + 1) / N                                     ARS, before σ_R
    no baseline           (H d s² + d + 1) / N,  s = c·θ / (σ |c|)        REINFORCE, whole return
    expected return       (d + 1) / N                                     the best constant here
    mean of the others    (d + 1) / (N - 1)                               what it costs to estimate that constant
    reward to go          ((d + 1) / H + d (H - 1) / 2H) / N              less what is expected of later rewards
    own reward alone      (d + 1) / (H N)                                 no later reward is credited: γ = 0

For the third: with S the sum of an episode's noise, g is the covariance of c·S and S in a sample of N episodes, and the
entries of a sample covariance of Gaussians have variance (Σ_ii Σ_jj + Σ_ij²) / (N - 1).

Importance weights of H steps whose means are shifted by δ deviations: E[w²] = exp(H δ²).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def antithetic_pairs(dimension: int, pairs: int) -> float:
    """Pairs of parameters θ ± ν ε, whatever ν."""
    return (dimension + 1) / pairs


def whole_return(dimension: int, horizon: int, episodes: int, level: float) -> float:
    """REINFORCE without a baseline; `level` is s, the mean reward of a step in deviations of it."""
    return (horizon * dimension * level**2 + dimension + 1) / episodes


def mean_of_others(dimension: int, episodes: int) -> float:
    """REINFORCE whose baseline is the mean return of the other episodes."""
    return (dimension + 1) / (episodes - 1)


def reward_to_go(dimension: int, horizon: int, episodes: int) -> float:
    """REINFORCE with the reward to go, what is expected of it taken off."""
    return ((dimension + 1) / horizon + dimension * (horizon - 1) / (2 * horizon)) / episodes


def own_reward(dimension: int, horizon: int, episodes: int, level: float) -> float:
    """REINFORCE that credits an action with its own reward alone, without a baseline."""
    return (dimension * level**2 + dimension + 1) / (horizon * episodes)


def effective_share(horizon: int, shift: float) -> float:
    """Share of a sample that counts, 1 / E[w²], where each step's mean is shifted by so many deviations."""
    return math.exp(-horizon * shift**2)


def expected(file: str, settings: Mapping[str, Any], dimension: int, horizon: int, level: float) -> float:
    """Tr Cov / |E g|² of an algorithm on the linear return without noise of its own; NaN where no law is known."""
    if file == "ars" and not (settings["top"] or settings["normalise"]):
        return antithetic_pairs(dimension, settings["directions"])
    if file != "reinforce":
        return math.nan
    episodes, baseline = settings["episodes"], settings["baseline"]
    if settings["reward_to_go"]:
        alone = baseline == "none" and settings["discount"] == 0
        return own_reward(dimension, horizon, episodes, level) if alone else math.nan
    if settings["discount"] != 1:
        return math.nan
    if baseline == "none":
        return whole_return(dimension, horizon, episodes, level)
    return mean_of_others(dimension, episodes) if baseline == "average" else math.nan
