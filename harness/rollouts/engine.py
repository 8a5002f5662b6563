"""Engines turn requests into outcomes: `engine(request) -> outcome`, pure, one signature for all of them.

What every engine shares stands here: what it is made of, how returns that are not finite arrive, and which head runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.interface import Booleans, Floats, Integers, Outcome, Request, Space, Structure, Trajectory
from harness.policy import Policy

LINE = 8  # floats of a cache line
LARGEST = 10_000_000  # episodes, or steps, that one request may ask for


class RequestFault(ValueError):
    """A request that no engine can roll out; says what is wrong with it."""


class EnvironmentFault(RuntimeError):
    """An environment broke its own promises (it raised, a NaN observation, a changed space); names it and the step."""


class Engine(Protocol):
    """Something that rolls out requests of one policy in one environment."""

    @property
    def space(self) -> Space:
        """Of the environment."""

    def __call__(self, request: Request) -> Outcome:
        """The outcome of a request; equal requests have equal outcomes, bit for bit."""


@dataclass(frozen=True)
class Terms:
    """What an environment entry says about episodes, whatever the engine."""

    horizon: int
    clip: bool


def head_name(policy: Policy) -> str:
    """The compiled head, a name in `harness/rollouts/heads.py`."""
    if policy.head != "greedy":
        return policy.head
    return "greedy_discrete" if policy.space.discrete else "greedy_continuous"


def acting_module(structure: Structure) -> str:
    """The module whose `evaluate` is the acting form: the structure's own, or the one that it names."""
    return str(getattr(structure, "acting", type(structure).__module__))


def acting_weights(policy: Policy, thetas: Floats) -> tuple[Floats, Floats]:
    """What compiled code reads of candidates [D, P]: of the structure [D, >= W], and of the head [D, T].

    Rows of the first begin where a cache line does: a vector that lies across two lines takes twice as long to read.
    """
    split = policy.structure.dim
    rows = policy.structure.weights(np.ascontiguousarray(thetas[:, :split]))  # [D, W]
    width = -(-rows.shape[1] // LINE) * LINE
    room = np.empty((len(rows) + 1) * width)
    start = -(room.ctypes.data // room.itemsize) % LINE
    aligned = room[start : start + len(rows) * width].reshape(len(rows), width)
    aligned[:, : rows.shape[1]] = rows
    return aligned, np.ascontiguousarray(thetas[:, split:])


def bounds(space: Space, clip: bool) -> tuple[Floats, Floats]:
    """Lower and upper limits [A] of what the environment sees; infinite where nothing is clipped."""
    if space.discrete or not clip:
        width = 1 if space.discrete else space.actions
        return np.full(width, -np.inf), np.full(width, np.inf)
    return np.array(space.low), np.array(space.high)


@dataclass(frozen=True, eq=False)
class Buffers:
    """Arrays that a kernel or a loop fills for one request."""

    returns: Floats  # [D, E]
    lengths: Integers  # [D, E]
    moments: Floats  # [D, 3, O] or [0, 3, O]
    observations: Floats  # [N, O] or [0, O]
    actions: Floats  # [N, A]
    log_probs: Floats  # [N]
    rewards: Floats  # [N]
    final_observations: Floats  # [E, O]
    terminated: Booleans  # [E]

    def outcome(self, request: Request, episodes: int) -> Outcome:
        """What the algorithm gets to see: cut to what was used, returns that are not finite as -inf."""
        returns = self.returns[:, :episodes]
        lengths = self.lengths[:, :episodes]
        returns = np.where(np.isfinite(returns), returns, -np.inf)  # [D, E]
        if not request.record:
            return Outcome(request, returns, lengths, self.moments)
        steps = int(lengths.sum())
        trajectory = Trajectory(
            self.observations[:steps].copy(),
            self.actions[:steps].copy(),
            self.log_probs[:steps].copy(),
            self.rewards[:steps].copy(),
            lengths[0].copy(),
            self.final_observations[:episodes].copy(),
            self.terminated[:episodes].copy(),
        )
        return Outcome(request, returns, lengths, self.moments, trajectory)


def check(request: Request, policy: Policy) -> None:
    """Refuse a request that is not well formed: compiled code would read beyond its arrays.

    Raises:
        RequestFault: naming what is wrong.
    """
    thetas, seeds, scaler = request.thetas, request.seeds, request.scaler
    numbers = (request.episodes, request.steps, request.explore, request.explore_step)
    if not all(isinstance(array, np.ndarray) for array in (thetas, seeds, scaler.mean, scaler.std)):
        raise RequestFault("thetas, seeds, mean and std of a request must be arrays")
    if not all(isinstance(number, int | np.integer) for number in numbers):
        raise RequestFault("episodes, steps, explore and explore_step of a request must be integers")
    observations = (policy.space.observations,)
    if thetas.ndim != 2 or thetas.shape[0] < 1 or thetas.shape[1] != policy.dim or thetas.dtype != np.float64:
        raise RequestFault(f"thetas must be float64 [D, {policy.dim}], not {thetas.dtype} {thetas.shape}")
    count = thetas.shape[0]
    if seeds.shape != (count,) or seeds.dtype != np.int64:
        raise RequestFault(f"{count} candidates need seeds int64 [{count}], not {seeds.dtype} {seeds.shape}")
    if any(array.shape != observations or array.dtype != np.float64 for array in scaler):
        raise RequestFault(f"scaler must have shapes {observations}, not {scaler.mean.shape} and {scaler.std.shape}")
    if count * request.episodes > LARGEST or request.steps > LARGEST:
        raise RequestFault(f"one request may ask for {LARGEST} episodes or steps at most")
    if (request.record or request.steps or request.gradient) and count != 1:
        raise RequestFault(f"record, steps and gradient need one candidate, not {count}")
    if request.episodes < 1 or request.steps < 0 or request.explore not in (-1, 0, 1):
        raise RequestFault("a request needs episodes >= 1, steps >= 0 and explore in -1, 0, 1")
    if request.explore and policy.head == "greedy":
        raise RequestFault("explore needs a stochastic head: the algorithm says explores = False")


def buffers(request: Request, space: Space, horizon: int) -> Buffers:
    """Empty arrays for a request."""
    count = request.thetas.shape[0]
    episodes = request.steps or request.episodes
    capacity = (request.steps or request.episodes * horizon) if request.record else 0
    recorded = episodes if request.record else 0
    width = 1 if space.discrete else space.actions
    return Buffers(
        np.zeros((count, episodes)),
        np.zeros((count, episodes), np.int64),
        np.zeros((count if request.moments else 0, 3, space.observations)),
        np.empty((capacity, space.observations)),
        np.empty((capacity, width)),
        np.empty(capacity),
        np.empty(capacity),
        np.empty((recorded, space.observations)),
        np.empty(recorded, np.bool_),
    )


def episode_by_episode(request: Request, policy: Policy, horizon: int, roll: Callable[..., int]) -> Outcome:
    """The outcome where `roll(request, buffers, (row, episode), start, limit, (weights, tail))` plays an episode.

    It records from step `start` and returns how many steps it took, at most `limit`.
    """
    check(request, policy)
    out = buffers(request, policy.space, horizon)
    weights, tails = acting_weights(policy, request.thetas)
    for d in range(weights.shape[0]):
        episode, start = 0, 0
        while (start < request.steps) if request.steps else (episode < request.episodes):
            limit = min(horizon, request.steps - start) if request.steps else horizon
            start += roll(request, out, (d, episode), start, limit, (weights[d], tails[d]))
            episode += 1
    return out.outcome(request, episode)
