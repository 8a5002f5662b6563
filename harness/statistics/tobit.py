"""Right-censored normal regression by maximum likelihood, for many weightings of the same runs at once.

y = x·β + σ ε. A run that crossed adds log h - (h y - x·γ)²/2 to the log-likelihood, a censored one log Φ(x·γ - h y),
with γ = β/σ and h = 1/σ. In these the log-likelihood is concave, so damped Newton steps find its only maximum.
Resamples of whole runs are weightings, and a thousand of them are fitted as one array.

Sources: J. Tobin (Econometrica 26, 1958). R. J. Olsen, "Note on the uniqueness of the maximum likelihood estimator for
the Tobit model" (Econometrica 46, 1978).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from harness.interface import Booleans, Floats

NEWTON = 60  # steps; quadratic convergence needs about 8
HALVINGS = 30
CONVERGED = 1e-8  # Newton decrement: twice the log-likelihood that is still to be gained
ROUNDING = 1e-12  # relative, of a log-likelihood


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
    point = start(joined, weights)
    for _ in range(NEWTON):
        slope, curvature = derivatives(joined, crossed, weights, point)
        step = np.asarray(np.linalg.solve(curvature, slope[..., np.newaxis])[..., 0], np.float64)  # [R, K + 1]
        decrement = (slope * step).sum(axis=1)
        point = line_search(joined, crossed, weights, point, step)
        if not (decrement > CONVERGED).any():
            break
    failed = decrement > CONVERGED
    spread = point[:, -1:]  # h
    result = np.concatenate((point[:, :-1] / spread, -np.log(spread)), axis=1)
    return np.where(failed[:, np.newaxis], np.nan, result)


def start(joined: Floats, weights: Floats) -> Floats:
    """(γ, h) [R, K + 1] of weighted least squares."""
    rows, times = joined[:, :-1], -joined[:, -1]
    beta = np.linalg.solve(moments(rows, weights), (weights * times @ rows)[..., np.newaxis])[..., 0]  # [R, K]
    variance = (weights * (times - beta @ rows.T) ** 2).sum(axis=1) / weights.sum(axis=1)
    point: Floats = np.column_stack((beta, np.ones(len(beta)))) / np.sqrt(variance)[:, np.newaxis]
    return point


def likelihood(joined: Floats, crossed: Booleans, weights: Floats, point: Floats) -> Floats:
    """Log-likelihood [R] without its constant; -inf where h <= 0."""
    z = point @ joined.T  # [R, N]
    spread = point[:, -1]
    density = np.log(np.where(spread > 0, spread, 1.0))[:, np.newaxis] - z**2 / 2
    total = (weights * np.where(crossed, density, special.log_ndtr(z))).sum(axis=1)
    return np.where(spread > 0, total, -np.inf)


def derivatives(joined: Floats, crossed: Booleans, weights: Floats, point: Floats) -> tuple[Floats, Floats]:
    """Gradient [R, K + 1] and minus the Hessian [R, K + 1, K + 1] of the log-likelihood."""
    z = point @ joined.T  # [R, N]
    mills = np.exp(-(z**2) / 2 - special.log_ndtr(z)) / np.sqrt(2 * np.pi)  # φ(z) / Φ(z)
    first = weights * np.where(crossed, -z, mills)
    second = weights * np.where(crossed, 1.0, mills * (mills + z))
    slope = first @ joined
    curvature = moments(joined, second)
    events = (weights * crossed).sum(axis=1)
    slope[:, -1] += events / point[:, -1]
    curvature[:, -1, -1] += events / point[:, -1] ** 2
    return slope, curvature


def line_search(joined: Floats, crossed: Booleans, weights: Floats, point: Floats, step: Floats) -> Floats:
    """Points [R, K + 1] after the longest of the steps 1, 1/2, 1/4 ... that does not lower the likelihood."""
    before = likelihood(joined, crossed, weights, point)
    size = np.ones((len(point), 1))
    for _ in range(HALVINGS):
        after = likelihood(joined, crossed, weights, point + size * step)
        short = ~(after >= before - ROUNDING * np.abs(before))
        if not short.any():
            break
        size[short] /= 2
    return np.asarray(point + size * step)
