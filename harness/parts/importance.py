"""Importance weights w = P_π(τ) / Q(τ) of episodes that other policies made, in log space and float64.

The dynamics cancel: log w is the sum over the steps of log π(a_t|s_t) - log q(a_t|s_t). Its variance grows with the
horizon H: with a mean shift of δ standard deviations at each step E[w²] = exp(H δ²), so the share of the sample that
counts is exp(-H δ²), and no variant below changes that law; it only trades variance for bias.

Sources: D. Precup, R. S. Sutton and S. Singh, "Eligibility traces for off-policy policy evaluation" (2000) (per
decision, weighted); A. Owen and Y. Zhou, "Safe and effective importance sampling" (2000) (mixture denominators,
the balance heuristic of E. Veach and L. Guibas, 1995); E. L. Ionides, "Truncated importance sampling" (2008); A. Kong,
"A note on importance sampling using standardized weights" (1992) (effective sample size).
"""

from __future__ import annotations

import numpy as np

from harness.interface import Floats, Integers, Metrics

LOG_LIMIT = 20.0  # upper bound of log w; there is no lower one, or all that are far away would seem to count alike


def so_far(log_probs: Floats, lengths: Integers) -> Floats:
    """Log P(a_0 ... a_t), up to and with each step of its episode [..., N]; the last one is that of the episode."""
    episodes = np.split(log_probs, np.cumsum(lengths)[:-1], axis=-1)
    return np.concatenate([np.cumsum(episode, axis=-1) for episode in episodes], axis=-1)


def mixture(log_probs: Floats, counts: Integers) -> Floats:
    """Log Σ_k (n_k / n) β_k [...] of B behaviours [B, ...] that made n_k of the n episodes.

    Sampling from a buffer that holds n_k episodes of β_k is sampling from this mixture. Weights over it never exceed
    n / n_k for the target β_k itself.
    """
    shares = counts / counts.sum()  # [B]
    weighed = log_probs + np.log(shares).reshape(-1, *[1] * (log_probs.ndim - 1))  # [B, ...]
    return np.asarray(np.logaddexp.reduce(weighed, axis=0))


def ratios(target: Floats, behaviour: Floats) -> Floats:
    """exp(log target - log behaviour), the difference never above 20."""
    return np.exp(np.minimum(target - behaviour, LOG_LIMIT))


def shares(weights: Floats) -> Floats:
    """Of each weight in the sum of all [E]; 0 where all weights are."""
    total = float(weights.sum())
    return weights / total if total > 0.0 else weights


def step_shares(ratios: Floats, lengths: Integers, kind: str, limit: float) -> Floats:
    """What each step of a sample counts [N], from w_{0:t} [N]: w/E of its episode, or one of the variants.

    "truncated" min(w, limit)/E; "self_normalised" w/Σw; "per_decision" w_{0:t}/E.
    """
    if kind == "per_decision":
        return ratios / lengths.size
    whole = ratios[np.cumsum(lengths) - 1]  # [E] w
    if kind == "self_normalised":
        return shares(whole).repeat(lengths)
    return (np.minimum(whole, limit) if kind == "truncated" else whole).repeat(lengths) / lengths.size


def effective_size(weights: Floats) -> float:
    """(Σ w)² / Σ w², from 1 (one weight is all) to E (all are equal); 0 where all weights are."""
    squares = float((shares(weights) ** 2).sum())
    return 1.0 / squares if squares > 0.0 else 0.0


def diagnostics(weights: Floats, level: float) -> Metrics:
    """How far the weights [E] of a sample can be trusted: shares between 0 and 1."""
    return {
        "effective_share": effective_size(weights) / weights.size,
        "largest_share": float(shares(weights).max()),
        "clipped_share": float((weights > level).mean()),
    }
