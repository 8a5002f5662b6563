"""What an estimate should be: the exact gradient of what it is meant to climb, on the problems whose answers are known.

Each family has its own objective. A policy gradient climbs the return of the policy that explores, a method that
disturbs parameters the return smoothed over them, J_σ(θ) = E[J(θ + σε)], and neither is the return of the policy that
is evaluated in the end, which acts by its mode.

    continuous, linear policy   the LQR's return is a polynomial of degree 2H in the gain
        explored     closed form: Gaussian actions u = K x + σε are Gaussian noise B σε on the state and a fixed cost
        smoothed     exact by Gauss-Hermite quadrature with H nodes for each of at most 3 parameters; beyond, the mean
                     of exact gradients at antithetic draws, with its standard error
    discrete, tabular           finite dynamic programming
        explored     any structure under a categorical head: Σ_s Σ_a dJ/dπ(a|s) π(a|s) ∇log π(a|s)
        smoothed     linear, 2 actions: each state's choice is a coin of its own, so J_σ is a sum over all tables

Sources: as in `environments/lqr.py` and `environments/chain.py`.

Shapes: d parameters of the structure, O observations, A actions, H steps.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Scaler
from harness.policy import Policy
from harness.streams import stream
from policies.linear import Linear

LARGEST_GRID = 3  # parameters up to which nodes are a grid
DRAWS = 1000  # antithetic pairs beyond
LARGEST_TABLE = 12  # states up to which all tables are summed


class Truth(NamedTuple):
    """A gradient and the standard error of its length; NaN where it is not known."""

    gradient: Floats  # [d]
    error: float


def unknown(parameters: int) -> Truth:
    """Nothing is known."""
    return Truth(np.full(parameters, np.nan), np.nan)


def truth(problem: Any, policy: Policy, theta: Floats, horizon: int, smoothing: float | None) -> Truth:
    """The gradient by the d parameters of the structure.

    Args:
        problem: of a compiled environment; None for any other.
        policy: with the head that the algorithm rolls out.
        theta: [P], the parameters of the head included.
        horizon: H.
        smoothing: as of `harness.interface.Estimator`.
    """
    nothing = unknown(policy.structure.dim)
    plain = isinstance(policy.structure, Linear) and not policy.structure.bias
    if problem is None or smoothing is None:
        return nothing
    if policy.space.discrete:
        if not hasattr(problem, "value_gradient"):
            return nothing
        if policy.head == "categorical":
            return Truth(_explored_table(problem, policy, theta, horizon), 0.0) if smoothing == 0 else nothing
        coins = plain and smoothing > 0 and policy.space.actions == 2 and policy.space.observations <= LARGEST_TABLE
        return Truth(_smoothed_table(problem, theta, horizon, smoothing), 0.0) if coins else nothing
    if not (plain and hasattr(problem, "gradient")):
        return nothing
    gain = theta[: policy.structure.dim].reshape(policy.space.actions, policy.space.observations)  # [A, O]
    if smoothing > 0:
        return _smoothed_gain(problem, gain, horizon, smoothing) if policy.head == "greedy" else nothing
    std = np.exp(theta[policy.structure.dim :])  # [A], or [0] under a greedy head
    explored = policy.head == "gaussian" and hasattr(problem, "matrices")
    slope = explored_gradient(problem, gain, std, horizon) if explored else problem.gradient(gain, horizon)  # [A, O]
    return Truth(slope.ravel(), 0.0) if np.isfinite(slope).all() else nothing


def explored_gradient(problem: Any, gain: Floats, std: Floats, horizon: int) -> Floats:
    """Gradient [A, O] by K of the LQR's return under u = K x + std ε, std [A].

    The recursions are those of the problem, with B σ²Bᵀ more noise on the state; they are written a second time
    because the problem knows one noise for all states. Without exploration both must agree, which the tests say.
    """
    system = problem.matrices
    closed = system.dynamics + system.control @ gain  # [O, O]
    noise = problem.noise**2 * np.eye(len(closed)) + system.control @ np.diag(std**2) @ system.control.T  # [O, O]
    moments = [np.outer(system.start, system.start) + problem.spread**2 * np.eye(len(closed))]  # S_t [O, O]
    for _ in range(horizon - 1):
        moments.append(closed @ moments[-1] @ closed.T + noise)
    slope, cost = np.zeros(gain.shape), problem.last_cost  # [A, O], P_{t+1} [O, O]
    action_cost, state_cost = np.diag(system.action_cost), np.diag(system.state_cost)  # R, Q
    for moment in reversed(moments):
        slope -= 2.0 * (action_cost @ gain + system.control.T @ cost @ closed) @ moment
        cost = state_cost + gain.T @ action_cost @ gain + closed.T @ cost @ closed
    return slope


def _smoothed_gain(problem: Any, gain: Floats, horizon: int, smoothing: float) -> Truth:
    """E[∇J(K + σε)] by a grid of nodes, or by draws."""
    grid = gain.size <= LARGEST_GRID
    nodes, weights = _nodes(gain.size, horizon) if grid else _draws(gain.size)  # [n, d], [n]
    slopes = np.stack(
        [problem.gradient(gain + smoothing * node.reshape(gain.shape), horizon).ravel() for node in nodes]
    )  # [n, d]
    if not np.isfinite(slopes).all():
        return unknown(gain.size)
    if grid:
        return Truth(weights @ slopes, 0.0)
    pairs = (slopes[:DRAWS] + slopes[DRAWS:]) / 2.0  # [n / 2, d]
    return Truth(pairs.mean(axis=0), math.sqrt(pairs.var(axis=0, ddof=1).sum() / DRAWS))


def _nodes(parameters: int, horizon: int) -> tuple[Floats, Floats]:
    """Gauss-Hermite nodes [n, d] and weights [n] of a normal vector, exact for a polynomial of degree 2H - 1."""
    places, shares = np.polynomial.hermite_e.hermegauss(horizon)  # [H], [H]
    nodes = np.array(list(product(places, repeat=parameters)))  # [n, d]
    weights = np.array([math.prod(one) for one in product(shares / shares.sum(), repeat=parameters)])  # [n]
    return nodes, weights


def _draws(parameters: int) -> tuple[Floats, Floats]:
    """Normal vectors and then their mirror images [n, d], of equal weight [n]."""
    half = stream(0, "laboratory", "truth").standard_normal((DRAWS, parameters))  # [n / 2, d]
    return np.vstack([half, -half]), np.full(2 * DRAWS, 0.5 / DRAWS)


def _explored_table(problem: Any, policy: Policy, theta: Floats, horizon: int) -> Floats:
    """The policy gradient theorem, summed over all states and actions [d]."""
    states, actions = policy.space.observations, policy.space.actions
    candidate = Candidate(theta, Scaler(np.zeros(states), np.ones(states)))
    observations = np.eye(states).repeat(actions, axis=0)  # [N A, N]
    taken = np.tile(np.arange(actions, dtype=np.float64), states)[:, None]  # [N A, 1]
    probabilities = np.exp(policy.log_probs(candidate, observations, taken)).reshape(states, actions)  # [N, A]
    slopes = problem.value_gradient(probabilities, horizon)  # [N, A]
    return policy.score(candidate, observations, taken, (probabilities * slopes).ravel())[: policy.structure.dim]


def _smoothed_table(problem: Any, theta: Floats, horizon: int, smoothing: float) -> Floats:
    """Gradient [2 N] of Σ over tables of their probability times their value, for parameters W [2, N].

    Action 1 is taken in state s if W_1s - W_0s > 0; with noise of deviation √2 σ on the difference it is a coin.
    """
    states = theta.size // 2
    scaled = (theta[states:] - theta[:states]) / (math.sqrt(2.0) * smoothing)  # [N]
    forward = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in scaled])  # [N] probability of action 1
    density = np.exp(-0.5 * scaled**2) / math.sqrt(2.0 * math.pi) / (math.sqrt(2.0) * smoothing)  # [N] its slope
    slopes = np.zeros(states)  # [N]
    for choice in product((0, 1), repeat=states):
        taken = np.array(choice)  # [N]
        value = problem.value(np.stack([1.0 - taken, taken.astype(np.float64)], axis=1), horizon)
        shares = np.where(taken == 1, forward, 1.0 - forward)  # [N]
        for state in range(states):
            slopes[state] += value * (2 * taken[state] - 1) * density[state] * np.delete(shares, state).prod()
    return np.concatenate([-slopes, slopes])
