"""Scores of the untrained policy, to be frozen in envs.yaml: `python -m benchmarks.reference_scores [NAME ...]`.

Gymnasium's environments are played by Gymnasium itself under uniformly random actions; the seeds are fixed, so the
table is the same whenever it is printed with the same versions. Our own problems are computed: the uniform policy of
the chain, the gain 0 of the LQR (whose actions have no bounds), and beside them the optimum.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from harness.plugins import load
from harness.spec import Environment, load_environments
from harness.streams import stream

EPISODES = 200
STEPS = 100_000  # an environment of long episodes gets fewer


def random_episode(environment: gymnasium.Env[Any, Any], name: str, number: int) -> float:
    """Return of one episode of uniformly random actions."""
    rng = stream(0, "random policy", name, number)
    space: Any = environment.action_space
    environment.reset(seed=number)
    total, over = 0.0, False
    while not over:
        discrete = isinstance(space, gymnasium.spaces.Discrete)
        action = int(rng.integers(space.n)) if discrete else np.asarray(rng.uniform(space.low, space.high), space.dtype)
        _, reward, terminated, truncated, _ = environment.step(action)
        total, over = total + float(reward), terminated or truncated
    return total


def played(name: str, identity: str, entry: Environment) -> str:
    """Mean and standard error of the random policy in Gymnasium."""
    episodes, returns, environment = min(EPISODES, STEPS // entry.horizon), [], None
    for number in range(episodes):
        if environment is None or entry.fresh:
            environment = gymnasium.make(identity, max_episode_steps=entry.horizon, **entry.options)
        returns.append(random_episode(environment, name, number))
    error = np.std(returns, ddof=1) / np.sqrt(episodes)
    return f"{name:28}{episodes:9}{np.mean(returns):15.4f}{error:12.4f}"


def computed(name: str, file: str, entry: Environment) -> str:
    """Exact value of the untrained policy, of the optimum and of the best simple policy of one of our problems."""
    problem, horizon = load("environments", file)(**entry.options), entry.horizon
    states, actions = problem.space.observations, problem.space.actions
    if problem.space.discrete:
        untrained, simple = np.full((states, actions), 1.0 / actions), np.eye(actions)[[1] * states]  # always forward
    else:
        untrained, simple = np.zeros((actions, states)), problem.stationary_gain(horizon)
    values = (problem.value(untrained, horizon), problem.optimal_value(horizon), problem.value(simple, horizon))
    return f"{name:28}{'exact':>9}{values[0]:15.4f}{0.0:12.4f}   optimum {values[1]:.4f}, stationary {values[2]:.4f}"


def main() -> None:
    entries = load_environments(Path.cwd())
    print(f"{'environment':28}{'episodes':>9}{'mean return':>15}{'std error':>12}")
    for name in sys.argv[1:] or entries:
        entry = entries[name]
        if entry.gymnasium is not None:
            print(played(name, entry.gymnasium, entry), flush=True)
        elif entry.problem is not None:
            print(computed(name, entry.problem, entry), flush=True)


if __name__ == "__main__":
    main()
