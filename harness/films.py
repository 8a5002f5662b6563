"""The learned policy of a run, as a film."""

from __future__ import annotations

import numpy as np

from harness import plugins
from harness.assembly import KERNELS, make_problem, space
from harness.cell import Cell
from harness.interface import Candidate, Floats
from harness.policy import Policy, build
from harness.report.animation import Act, Film, chart, film
from harness.rollouts.engine import bounds
from harness.rollouts.kernel import acting_kernel

EPISODE = 20_261_122  # seed of the episode that is shown


def film_of(cell: Cell, seed: int, solution: Candidate) -> Film:
    """One episode of the last solution of a run, acting by its mode."""
    world = cell.environment
    explores = bool(vars(plugins.load("algorithms", cell.algorithm.file))["explores"])
    policy = build(cell.policy.file, dict(cell.policy.settings), space(world), explores, seed)
    if world.gymnasium is None:
        return _charted(cell, policy, solution)
    options = {} if world.engine == "compiled" else dict(world.options)
    return film(_actor(cell, policy, solution), world.gymnasium, options, world.horizon, EPISODE)


def _actor(cell: Cell, policy: Policy, solution: Candidate) -> Act:
    """Observation [O] -> action [A], clipped where the entry says so; of a discrete one the index."""
    kernel = acting_kernel(policy, plugins.ROOT / KERNELS)
    split = policy.structure.dim
    weights = np.ascontiguousarray(policy.structure.weights(solution.theta[None, :split])[0])  # [W]
    low, high = bounds(policy.space, cell.environment.clip)
    inverse_std, noise = 1.0 / solution.scaler.std, np.zeros(4, np.uint64)

    def act(observation: Floats) -> Floats:
        action = np.empty(low.size)
        seen = observation.ravel().copy()
        kernel(weights, solution.theta[split:].copy(), seen, solution.scaler.mean, inverse_std, 0, noise, action)
        return np.clip(action, low, high)

    return act


def _charted(cell: Cell, policy: Policy, solution: Candidate) -> Film:
    """The observations of one episode over time, for a problem that has no picture."""
    from harness.assembly import make_engine
    from harness.interface import Request

    request = Request(solution.theta[None], np.array([EPISODE]), solution.scaler, record=True)
    outcome = make_engine(cell.environment, policy)(request)
    if outcome.trajectory is None:
        raise TypeError("a recorded request came back without its trajectory")
    title = f"{type(make_problem(cell.environment)).__name__}: the states over time"
    return Film(chart(outcome.trajectory.observations, title), float(outcome.returns[0, 0]), int(outcome.lengths[0, 0]))
