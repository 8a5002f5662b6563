"""Known answers: the exact value and gradient of a policy that acts by its mode, on problems that know them.

A problem with continuous actions has `value(gain [A, O], horizon)` and `gradient(gain [A, O], horizon)` of the policy
u = gain · x, so it knows them for linear structures alone. A problem with discrete actions has
`value(probabilities [N, A], horizon)` and shows its N states one-hot, so it knows the value of every structure: each
state is shown to the policy once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from harness.interface import Candidate, Floats
from harness.policy import Policy
from harness.rollouts.kernel import acting_kernel
from policies.linear import Linear

ExactValue: TypeAlias = Callable[[Candidate], float | None]


def known_value(problem: Any, policy: Policy, horizon: int, folder: Path) -> ExactValue:
    """The exact expected return of a candidate acting by its mode, or None where only rollouts tell.

    Made once for a policy: where states are shown to it, its acting form is compiled here unless `folder` has it.
    """
    if not hasattr(problem, "value"):
        return lambda candidate: None
    known = (
        partial(_choices, policy, acting_kernel(policy, folder)) if policy.space.discrete else partial(_gain, policy)
    )

    def value(candidate: Candidate) -> float | None:
        behaviour = known(candidate)
        return None if behaviour is None else float(problem.value(behaviour, horizon))

    return value


def policy_gradient(problem: Any, policy: Policy, candidate: Candidate, horizon: int) -> Floats:
    """The exact gradient [P] of the known value; that of the head's parameters is zero.

    Raises:
        ValueError: if the problem does not know it for this policy.
    """
    gain = _gain(policy, candidate) if hasattr(problem, "gradient") else None
    if gain is None:
        raise ValueError(f"{type(problem).__name__} knows no exact gradient for {policy.structure}")
    slope = problem.gradient(gain, horizon) / candidate.scaler.std  # [A, O]
    return np.concatenate([slope.ravel(), np.zeros(policy.tail)])


def _gain(policy: Policy, candidate: Candidate) -> Floats | None:
    """The gain [A, O] of a candidate that is linear in what the environment shows; None for any other."""
    structure = policy.structure
    if not isinstance(structure, Linear) or structure.bias or candidate.scaler.mean.any():
        return None
    weights = candidate.theta[: structure.dim].reshape(structure.outputs, structure.inputs)  # [A, O]
    return np.asarray(weights / candidate.scaler.std)


def _choices(policy: Policy, act: Callable[..., float], candidate: Candidate) -> Floats:
    """Probabilities [N, A], all 0 or 1, of the actions of a candidate in each of the N states."""
    split = policy.structure.dim
    weights = np.ascontiguousarray(policy.structure.weights(candidate.theta[None, :split])[0])  # [W]
    tail, mean, inverse_std = candidate.theta[split:].copy(), candidate.scaler.mean, 1.0 / candidate.scaler.std
    noise, action = np.zeros(4, np.uint64), np.empty(1)  # the mode reads no noise
    choices = np.zeros((policy.space.observations, policy.space.actions))  # [N, A]
    for state, observation in enumerate(np.eye(policy.space.observations)):
        act(weights, tail, observation, mean, inverse_std, 0, noise, action)
        choices[state, int(action[0])] = 1.0
    return choices
