"""Known answers: the exact value and gradient of a linear policy, on problems that know them for every gain.

Such a problem has `value(gain [A, O], horizon)` and `gradient(gain [A, O], horizon)` for the policy u = gain · x.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.interface import Candidate, Floats
from harness.policy import Policy
from policies.linear import Linear


def policy_value(problem: Any, policy: Policy, candidate: Candidate, horizon: int) -> float | None:
    """The exact expected return of a candidate acting by its mode, or None where only rollouts tell."""
    gain = _gain(problem, policy, candidate)
    return None if gain is None else float(problem.value(gain, horizon))


def policy_gradient(problem: Any, policy: Policy, candidate: Candidate, horizon: int) -> Floats:
    """The exact gradient [P] of `policy_value`; that of the head's parameters is zero.

    Raises:
        ValueError: if the problem does not know it for this policy.
    """
    gain = _gain(problem, policy, candidate)
    if gain is None:
        raise ValueError(f"{type(problem).__name__} knows no exact gradient for {policy.structure}")
    slope = problem.gradient(gain, horizon) / candidate.scaler.std  # [A, O]
    return np.concatenate([slope.ravel(), np.zeros(policy.tail)])


def _gain(problem: Any, policy: Policy, candidate: Candidate) -> Floats | None:
    """The gain [A, O] of a candidate that is linear in what the environment shows; None for any other."""
    structure = policy.structure
    linear = isinstance(structure, Linear) and not structure.bias and not candidate.scaler.mean.any()
    if not linear or not hasattr(problem, "gradient"):
        return None
    weights = candidate.theta[: structure.dim].reshape(structure.outputs, structure.inputs)  # [A, O]
    return np.asarray(weights / candidate.scaler.std)
