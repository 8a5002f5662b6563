"""Known answers: the exact value and gradient of a policy, where a problem offers them.

A problem may define `policy_value(structure, candidate, horizon) -> float | None`, the expected return when acting by the
mode, and `policy_gradient(structure, candidate, horizon) -> [dim] | None`. None means: not for this structure.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.interface import Candidate, Floats
from harness.policy import Policy


def policy_value(problem: Any, policy: Policy, candidate: Candidate, horizon: int) -> float | None:
    """The exact expected return of a candidate acting by its mode, or None where only rollouts tell."""
    if not hasattr(problem, "policy_value"):
        return None
    value: float | None = problem.policy_value(policy.structure, candidate, horizon)
    return value


def policy_gradient(problem: Any, policy: Policy, candidate: Candidate, horizon: int) -> Floats:
    """The exact gradient [P] of `policy_value`.

    Raises:
        ValueError: if the problem does not know it for this policy.
    """
    gradient = None
    if hasattr(problem, "policy_gradient"):
        gradient = problem.policy_gradient(policy.structure, candidate, horizon)
    if gradient is None:
        raise ValueError(f"{type(problem).__name__} has no exact gradient for {policy.structure} under a {policy.head} head")
    return np.concatenate([gradient, np.zeros(policy.tail)])
