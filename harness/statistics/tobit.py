"""Right-censored normal regression by maximum likelihood, for many weightings of the same runs at once.

y = x·β + σ ε. A run that crossed adds log h - (h y - x·γ)²/2 to the log-likelihood, a censored one log Φ(x·γ - h y),
with γ = β/σ and h = 1/σ. In these the log-likelihood is concave, so damped Newton steps find its only maximum.
Resamples of whole runs are weightings, and a thousand of them are fitted as one array.

Sources: J. Tobin (Econometrica 26, 1958). R. J. Olsen, "Note on the uniqueness of the maximum likelihood estimator for
the Tobit model" (Econometrica 46, 1978).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from harness.interface import Booleans, Floats

NEWTON = 60  # steps; quadratic convergence needs about 8
HALVINGS = 30
CONVERGED = 1e-8  # Newton decrement: twice the log-likelihood that is still to be gained
ROUNDING = 1e-12  # relative, of a log-likelihood


class Stand(NamedTuple):
    """Where each of R fits stands."""

    point: Floats  # (γ, h) [R, K + 1]
    z: Floats  # x·γ - h y [R, N]
    below: Floats  # log Φ(z) of the C censored runs [R, C]
    likelihood: Floats  # log-likelihood without its constant [R]


def fit(rows: Floats, times: Floats, crossed: Booleans, weights: Floats) -> Floats:
    """Maximum likelihood for many weightings of the same runs at once.

    Args:
        rows: x [N, K].
        times: y [N], log steps to the target, or log budget where censored.
        crossed: [N].
        weights: [R, N] how often each run counts.

    Returns:
        β and log σ [R, K + 1]. NaN where the runs that crossed do not determine them.
    """
    joined = np.column_stack((rows, -times))  # [N, K + 1], so that z = joined · (γ, h) = x·γ - h y
    known = determined(joined, crossed, weights)
    result = np.full((len(weights), rows.shape[1] + 1), np.nan)
    result[known] = newton(joined, crossed, weights[known])
    return result


def determined(joined: Floats, crossed: Booleans, weights: Floats) -> Booleans:
    """Whether the runs that crossed span the columns and do not lie on a line (σ = 0), for each weighting: [R]."""
    present = np.where(crossed & (weights > 0), 1.0, 0.0)  # [R, N]
    rank = np.linalg.matrix_rank(moments(joined, present), hermitian=True)
    return np.asarray(rank == joined.shape[1])


def moments(columns: Floats, weights: Floats) -> Floats:
    """Weighted moments [R, K, K] of columns [N, K] under weights [R, N]."""
    return np.asarray(np.einsum("rn,nk,nl->rkl", weights, columns, columns, optimize=True))


def newton(joined: Floats, crossed: Booleans, weights: Floats) -> Floats:
    """Damped Newton steps in Olsen's (γ, h), from least squares that takes censored runs as crossed at the budget."""
    here = stand(joined, crossed, weights, start(joined, weights))
    for _ in range(NEWTON):
        slope, curvature = derivatives(joined, crossed, weights, here)
        step = np.asarray(np.linalg.solve(curvature, slope[..., np.newaxis])[..., 0], np.float64)  # [R, K + 1]
        decrement = (slope * step).sum(axis=1)
        here = line_search(joined, crossed, weights, here, step)
        if not (decrement > CONVERGED).any():
            break
    failed = decrement > CONVERGED
    spread = here.point[:, -1:]  # h
    result = np.concatenate((here.point[:, :-1] / spread, -np.log(spread)), axis=1)
    return np.where(failed[:, np.newaxis], np.nan, result)


def start(joined: Floats, weights: Floats) -> Floats:
    """(γ, h) [R, K + 1] of weighted least squares."""
    rows, times = joined[:, :-1], -joined[:, -1]
    beta = np.linalg.solve(moments(rows, weights), (weights * times @ rows)[..., np.newaxis])[..., 0]  # [R, K]
    variance = (weights * (times - beta @ rows.T) ** 2).sum(axis=1) / weights.sum(axis=1)
    point: Floats = np.column_stack((beta, np.ones(len(beta)))) / np.sqrt(variance)[:, np.newaxis]
    return point


def stand(joined: Floats, crossed: Booleans, weights: Floats, point: Floats) -> Stand:
    """What is known at points (γ, h) [R, K + 1]; the likelihood is -inf where h <= 0."""
    z = point @ joined.T  # [R, N]
    spread = point[:, -1]
    below = special.log_ndtr(z[:, ~crossed])  # [R, C]
    parts = np.log(np.where(spread > 0, spread, 1.0))[:, np.newaxis] - z**2 / 2  # [R, N]
    parts[:, ~crossed] = below
    return Stand(point, z, below, np.where(spread > 0, (weights * parts).sum(axis=1), -np.inf))


def derivatives(joined: Floats, crossed: Booleans, weights: Floats, here: Stand) -> tuple[Floats, Floats]:
    """Gradient [R, K + 1] and minus the Hessian [R, K + 1, K + 1] of the log-likelihood."""
    censored = here.z[:, ~crossed]  # [R, C]
    mills = np.exp(-(censored**2) / 2 - here.below) / np.sqrt(2 * np.pi)  # φ(z) / Φ(z)
    first, second = -here.z, np.ones_like(here.z)  # [R, N]
    first[:, ~crossed], second[:, ~crossed] = mills, mills * (mills + censored)
    slope = (weights * first) @ joined
    curvature = moments(joined, weights * second)
    events, spread = (weights * crossed).sum(axis=1), here.point[:, -1]
    slope[:, -1] += events / spread
    curvature[:, -1, -1] += events / spread**2
    return slope, curvature


def line_search(joined: Floats, crossed: Booleans, weights: Floats, here: Stand, step: Floats) -> Stand:
    """After the longest of the steps 1, 1/2, 1/4 ... that does not lower the likelihood."""
    lowest = here.likelihood - ROUNDING * np.abs(here.likelihood)  # [R]
    size = np.ones((len(step), 1))
    for _ in range(HALVINGS):
        there = stand(joined, crossed, weights, here.point + size * step)
        short = ~(there.likelihood >= lowest)
        if not short.any():
            return there
        size[short] /= 2
    return stand(joined, crossed, weights, here.point + size * step)
