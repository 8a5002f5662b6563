"""Adam, as pure functions that climb: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015).

Algorithm 1 with the sign of the step turned round, because returns are maximised here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.interface import Floats


class AdamState(NamedTuple):
    """Running moments of the gradient."""

    step: int  # t, steps taken
    mean: Floats  # [P] m_t, first moment
    square: Floats  # [P] v_t, second moment, not centred


def init(parameters: int) -> AdamState:
    """The state before the first step, for P parameters."""
    return AdamState(0, np.zeros(parameters), np.zeros(parameters))


def ascend(
    state: AdamState,
    theta: Floats,
    gradient: Floats,
    step_size: float,  # α
    mean_decay: float = 0.9,  # β1
    square_decay: float = 0.999,  # β2
    epsilon: float = 1e-8,  # ε
) -> tuple[AdamState, Floats]:
    """The next state and theta [P] after one step along gradient [P]."""
    step = state.step + 1
    mean = mean_decay * state.mean + (1 - mean_decay) * gradient  # [P]
    square = square_decay * state.square + (1 - square_decay) * gradient**2  # [P]
    spread = (1 - square_decay**step) ** 0.5  # both corrections for the start, taken out of the arrays (section 2)
    rate = step_size * spread / (1 - mean_decay**step)  # α_t
    return AdamState(step, mean, square), theta + rate * mean / (np.sqrt(square) + epsilon * spread)


def limited(gradient: Floats, limit: float) -> Floats:
    """The gradient [P], shortened to the limit if it is longer; as torch does, a millionth is added to its norm."""
    return gradient * min(1.0, limit / (float(np.linalg.norm(gradient)) + 1e-6))
