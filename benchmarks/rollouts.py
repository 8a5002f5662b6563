"""Rollouts of a population of 16: ours, Gymnasium's loop, its vector environment, EnvPool and gymnax, on one core.

The same 16 policies everywhere. A policy in Gymnasium's loop is NumPy (or plain Python for a program), in EnvPool
NumPy over all rows at once, in gymnax part of the compiled scan; EnvPool and gymnax run the batch at which they are
fastest. First of all the returns of the same policies are sampled by everyone and compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from benchmarks.measure import OURS, Floats, Goal, Row, Settings, alternate, compared, rate, require_same_returns
from benchmarks.peer_policies import outputs
from benchmarks.peers import Peer
from harness.assembly import make_engine, make_problem, space
from harness.grid import world_of
from harness.interface import Outcome, Request
from harness.parts.moments import identity
from harness.policy import build
from harness.rollouts.engine import Engine
from harness.spec import load_environments
from harness.streams import draw_seeds, stream

TITLE = "Rollouts of 16 policies, steps per second of one core"
POPULATION = 16
EPISODES = 8  # of each policy, in a request and in a sample of returns
SECONDS = 0.3  # of one measurement
ROUNDS = 9
SIMPLE = {"Gymnasium": Goal(least=300), "EnvPool": Goal(least=40), "gymnax": Goal(least=5)}
WIDE = {"Gymnasium": Goal(least=60)}
CASES = (
    ("CartPole-v1", "linear"),
    ("CartPole-v1", "program"),
    ("CartPole-v1", "mlp"),
    ("Pendulum-v1", "linear"),
    ("Pendulum-v1", "program"),
    ("Pendulum-v1", "mlp"),
    ("Acrobot-v1", "linear"),
    ("MountainCar-v0", "linear"),
    ("MountainCarContinuous-v0", "linear"),
    ("lqr-double-integrator", "linear"),
    ("lqr-random-4x2", "linear"),
)


@dataclass(frozen=True)
class Case:
    """An environment of envs.yaml and 16 policies of one structure."""

    name: str
    policy: str

    @cached_property
    def entry(self) -> Any:
        """Its entry."""
        return load_environments(Path(__file__).parents[1])[self.name]

    @property
    def structure(self) -> str:
        """File of policies/."""
        return f"programs.{self.entry.program}" if self.policy == "program" else self.policy

    @cached_property
    def engine(self) -> Engine:
        """Our engine, with the greedy head."""
        world = world_of(self.name, self.entry)
        settings: dict[str, Any] = {"widths": (64, 64)} if self.policy == "mlp" else {}
        settings |= {"start": "shipped"} if self.policy == "program" else {}
        return make_engine(world, build(self.structure, settings, space(world), explores=False, seed=0))

    @cached_property
    def thetas(self) -> Floats:
        """Starts and some noise, so that no two policies are the same [D, P]."""
        policy: Any = self.engine.policy  # type: ignore[attr-defined]
        rows = range(POPULATION)
        noise = 0.02 if self.policy == "program" else 0.1
        starts = np.stack([policy.init(stream(row, "start")) for row in rows])
        return starts * (1.0 + noise * (self.policy == "program")) + noise * np.stack(
            [stream(row, "noise").standard_normal(policy.dim) for row in rows]
        ) * (np.abs(starts) if self.policy == "program" else 1.0)

    def request(self, number: int) -> Request:
        """Some whole episodes of each policy."""
        seeds = draw_seeds(stream(number, "benchmark"), POPULATION)
        return Request(self.thetas, seeds, identity(self.engine.space.observations), EPISODES)

    def play(self, number: int) -> Outcome:
        """Ours."""
        return self.engine(self.request(number))


class PlainLqr(gymnasium.Env):  # type: ignore[misc]
    """Our LQR as one would write it for Gymnasium."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.system = problem, problem.matrices
        size, width = problem.states, problem.actions
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)
        self.action_space = gymnasium.spaces.Box(-np.inf, np.inf, (width,), np.float64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        super().reset(seed=seed)
        start = self.system.start
        self.state = start + self.problem.spread * self.np_random.standard_normal(len(start))
        return self.state, {}

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        system = self.system
        noise = self.problem.noise * self.np_random.standard_normal(len(self.state))
        self.state = system.dynamics @ self.state + system.control @ action + noise
        cost = self.state @ (system.state_cost * self.state) + action @ (system.action_cost * action)
        return self.state, -float(cost), False, False, {}


def gymnasium_instance(case: Case) -> Any:
    """The environment as Gymnasium makes it."""
    if case.entry.gymnasium is None:
        problem = make_problem(world_of(case.name, case.entry))
        return gymnasium.wrappers.TimeLimit(PlainLqr(problem), case.entry.horizon)
    return gymnasium.make(case.entry.gymnasium, max_episode_steps=case.entry.horizon)


def plain_policy(case: Case, theta: Floats) -> Callable[[Floats], Any]:
    """Observation [O] -> action for Gymnasium, written as one would for a single row."""
    room = case.engine.space
    if case.policy == "program":
        evaluate: Any = __import__(f"policies.{case.structure}", fromlist=["evaluate"]).evaluate.py_func
        weights, out = theta.tolist(), [0.0] * room.actions

        def answer(x: Floats) -> Any:
            evaluate(weights, x.tolist(), out, None, None)
            return out

    elif case.policy == "linear":
        matrix = theta.reshape(room.actions, room.observations)
        answer = matrix.__matmul__
    else:
        answer = partial(plain_network, theta, (room.observations, 64, 64, room.actions))
    if room.discrete:
        return lambda x: int(np.argmax(answer(x)))
    low, high = (np.array(room.low), np.array(room.high)) if case.entry.clip else (-np.inf, np.inf)
    return lambda x: np.clip(answer(x), low, high)


def plain_network(theta: Floats, sizes: tuple[int, ...], x: Floats) -> Floats:
    """A perceptron for one row in NumPy; the matrices are views, made anew at each call as cheaply as can be."""
    return outputs(np, "mlp", theta[None], x[None].astype(np.float64), sizes[-1])[0]


def fast_network(theta: Floats, sizes: tuple[int, ...]) -> Callable[[Floats], Floats]:
    """The same with matrices cut once."""
    (a, b), (c, d), (e, f) = cut(theta, sizes)
    return lambda x: np.tanh(np.tanh(x @ a + b) @ c + d) @ e + f


def cut(theta: Floats, sizes: tuple[int, ...]) -> Iterator[tuple[Floats, Floats]]:
    """Matrix and bias of each layer."""
    start = 0
    for before, after in zip(sizes[:-1], sizes[1:], strict=True):
        middle, stop = start + before * after, start + (before + 1) * after
        yield theta[start:middle].reshape(before, after), theta[middle:stop]
        start = stop
