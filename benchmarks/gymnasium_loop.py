"""Gymnasium's own loop, as one writes it: an environment, a NumPy policy for a single observation, while not done.

A program is the source of its acting form, run by Python on floats: faster than the same lines on NumPy scalars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from benchmarks.cases import HIDDEN, Case
from benchmarks.measure import Floats
from harness.assembly import make_problem
from harness.grid import world_of

Act = Callable[[Floats], Any]


class Sample(NamedTuple):
    """Returns and lengths of whole episodes."""

    returns: list[float]
    lengths: list[int]


class PlainLqr(gymnasium.Env[Floats, Floats]):
    """Our LQR as one would write it for Gymnasium."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.system = problem, problem.matrices
        everything = {"low": -np.inf, "high": np.inf, "dtype": np.float64}
        self.observation_space = gymnasium.spaces.Box(shape=(problem.states,), **everything)
        self.action_space = gymnasium.spaces.Box(shape=(problem.actions,), **everything)
        self.state, self.time = np.zeros(problem.states), 0
        self.cost, self.last_cost = np.diag(self.system.state_cost), problem.last_cost

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        super().reset(seed=seed)
        self.state = self.system.start + self.problem.spread * self.np_random.standard_normal(self.problem.states)
        self.time = 0
        return self.state, {}

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        system = self.system
        noise = self.problem.noise * self.np_random.standard_normal(self.problem.states)
        self.state = system.dynamics @ self.state + system.control @ action + noise
        self.time += 1
        last = self.time == self.problem.last
        cost = self.state @ (self.last_cost if last else self.cost) @ self.state + system.action_cost @ action**2
        return self.state, -float(cost), last, False, {}


class Loop:
    """Gymnasium's environment of a case and its 16 policies, played one after the other for ever."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.acts = [policy(case, theta) for theta in case.thetas]
        if case.entry.gymnasium is None:
            plain = PlainLqr(make_problem(world_of(case.name, case.entry)))
            self.environment: Any = gymnasium.wrappers.TimeLimit(plain, case.entry.horizon)
        else:
            options = {"max_episode_steps": case.entry.horizon, **case.entry.options}
            self.environment = gymnasium.make(case.entry.gymnasium, **options)
        self.turn = 0

    def episode(self, act: Act) -> tuple[float, int]:
        """Return and length of one episode."""
        environment = self.environment
        observation, _ = environment.reset()
        total, length, over = 0.0, 0, False
        while not over:
            observation, reward, terminated, truncated, _ = environment.step(act(observation))
            total += float(reward)
            length += 1
            over = terminated or truncated
        return total, length

    def play(self) -> float:
        """Steps of the next policy's episode."""
        self.turn += 1
        return self.episode(self.acts[self.turn % len(self.acts)])[1]

    def sample(self, episodes: int) -> Sample:
        """Some episodes of every policy."""
        self.environment.reset(seed=7)
        pairs = [self.episode(act) for act in self.acts for _ in range(episodes)]
        returns, lengths = zip(*pairs, strict=True)
        return Sample(list(returns), list(lengths))


def policy(case: Case, theta: Floats) -> Act:
    """Observation [O] -> action for Gymnasium."""
    room = case.engine.space
    answer = outputs(case, theta, room.observations, room.actions)
    if room.discrete:
        return lambda x: int(np.argmax(answer(x)))
    low, high = (np.array(room.low), np.array(room.high)) if case.entry.clip else (-np.inf, np.inf)
    return lambda x: np.clip(answer(x), low, high)


def outputs(case: Case, theta: Floats, observations: int, actions: int) -> Callable[[Floats], Any]:
    """Observation [O] -> outputs [K]."""
    if case.structure == "linear":
        matrix = theta.reshape(actions, observations)  # [K, O]
        return lambda x: matrix @ x
    if case.structure == "mlp":
        (a, b), (c, d), (e, f) = layers(theta, (observations, *HIDDEN, actions))
        return lambda x: np.tanh(np.tanh(x @ a + b) @ c + d) @ e + f
    evaluate: Any = import_module(f"policies.{case.structure}").evaluate.py_func
    weights, out = theta.tolist(), [0.0] * actions

    def program(x: Floats) -> list[float]:
        evaluate(weights, x.tolist(), out, None, None)
        return out

    return program


def layers(theta: Floats, sizes: tuple[int, ...]) -> Iterator[tuple[Floats, Floats]]:
    """Matrix and bias of each layer."""
    start = 0
    for before, after in pairwise(sizes):
        middle, stop = start + before * after, start + (before + 1) * after
        yield theta[start:middle].reshape(before, after), theta[middle:stop]
        start = stop
