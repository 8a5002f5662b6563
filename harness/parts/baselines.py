"""Baselines: what is subtracted from a return so that a policy gradient keeps its mean and loses variance.

E[∇log π(a|s)] = 0, so any b that does not depend on the action may be subtracted (Williams 1992). An average over a
batch depends on it; every baseline here is therefore taken over the *other* episodes (leave-one-out), or fitted to
data that came before: the gradient stays unbiased exactly, not just for large batches.

Sources: R. J. Williams, "Simple statistical gradient-following algorithms" (1992); L. Weaver and N. Tao, "The optimal
reward baseline for gradient-based reinforcement learning" (2001); J. Peters and S. Schaal, "Reinforcement learning of
motor skills with policy gradients" (2008); Y. Duan et al., "Benchmarking deep reinforcement learning for continuous
control" (2016), the linear-feature baseline of rllab.
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats, Integers
from harness.parts.returns import times

RIDGE = 1e-5  # rllab's regularisation of the fit
CLIP = 10.0  # rllab's bound on the observations that become features
TIME_UNIT = 100.0  # rllab's unit of time, in steps


def average_of_others(returns: Floats, weights: Floats) -> Floats:
    """Σ_{j≠i} w_j R_j / Σ_{j≠i} w_j for each episode i [E]; weights [E] from 0; 0 where no other counts."""
    others = 1.0 - np.eye(returns.size)  # [E, E]
    total = others @ weights  # [E]
    return np.divide(others @ (weights * returns), total, out=np.zeros_like(total), where=total > 0.0)


def average_of_others_to_go(to_go: Floats, lengths: Integers, weights: Floats) -> Floats:
    """The same at each step [N], over the other episodes that were still running at that time; weights [E]."""
    clock, weight = times(lengths), weights.repeat(lengths)  # [N], [N]
    total = np.bincount(clock, weights=weight)[clock] - weight  # [N]
    others = np.bincount(clock, weights=weight * to_go)[clock] - weight * to_go  # [N]
    return np.divide(others, total, out=np.zeros_like(total), where=total > 0.0)


def average(credit: Floats, lengths: Integers, weights: Floats, to_go: bool) -> Floats:
    """One of the two at each step [N], for the credit [N] of `returns.credit`; weights [E]."""
    if to_go:
        return average_of_others_to_go(credit, lengths, weights)
    return average_of_others(credit[times(lengths) == 0], weights).repeat(lengths)


def optimal_constant(returns: Floats, scores: Floats) -> float:
    """b* = E[|z|² R] / E[|z|²] with z = Σ_t ∇log π [E, P]: the constant of the smallest trace of the covariance."""
    return float(np.average(returns, weights=(scores**2).sum(axis=1)))


def optimal_constant_of_others(returns: Floats, scores: Floats) -> Floats:
    """b* estimated from the other episodes, for each episode [E]."""
    return average_of_others(returns, (scores**2).sum(axis=1))


def feature_count(observations: int) -> int:
    """F = 2 O + 4, the length of the weights of a linear-feature value function."""
    return 2 * observations + 4


def value_features(observations: Floats, clock: Integers) -> Floats:
    """Features [N, F] of rllab: o, o², t, t², t³ and 1, with o cut to ±10 and t in hundreds of steps."""
    o = np.clip(observations, -CLIP, CLIP)  # [N, O]
    t = clock[:, None] / TIME_UNIT  # [N, 1]
    return np.concatenate([o, o**2, t, t**2, t**3, np.ones_like(t)], axis=1)


def fit_values(features: Floats, targets: Floats) -> Floats:
    """Weights w [F] of V(s, t) = features · w by ridge regression on targets [N]."""
    moments = features.T @ features + RIDGE * np.eye(features.shape[1])  # [F, F]
    return np.asarray(np.linalg.solve(moments, features.T @ targets), dtype=np.float64)
