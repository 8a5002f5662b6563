"""What every policy gradient asks for and gets: recorded rollouts of one policy that samples its actions."""

from __future__ import annotations

from harness.interface import Candidate, Floats, Outcome, Policy, Request, Trajectory, Turn
from harness.parts.moments import identity
from harness.streams import draw_seeds


def unscaled(policy: Policy, theta: Floats) -> Candidate:
    """The candidate theta [P] that sees observations as they are."""
    return Candidate(theta, identity(policy.space.observations))


def sampled(candidate: Candidate, turn: Turn, episodes: int = 1, steps: int = 0) -> Request:
    """Recorded rollouts of one candidate with sampled actions: whole episodes, or so many steps."""
    seeds = draw_seeds(turn.rng("seeds"), 1)  # [1]
    return Request(
        candidate.theta[None], seeds, candidate.scaler, episodes=episodes, steps=steps, explore=1, record=True
    )


def recorded(outcome: Outcome) -> Trajectory:
    """The trajectories of an outcome.

    Raises:
        ValueError: if they were not recorded.
    """
    if outcome.trajectory is None:
        raise ValueError("the outcome has no trajectory, though its request asked for one")
    return outcome.trajectory
