"""Every gradient-free method solves CartPole-v1 with a linear policy within 100 000 steps in at least 9 of 10 seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from algorithms.ars import Ars
from algorithms.cma_es import CmaEs
from algorithms.cross_entropy import CrossEntropy
from algorithms.evolution_strategy import EvolutionStrategy
from algorithms.finite_differences import FiniteDifferences
from algorithms.hill_climbing import HillClimbing
from algorithms.openai_es import OpenaiEs
from algorithms.random_search import RandomSearch
from environments.cartpole import Cartpole
from harness.policy import build
from harness.rollouts.compiled import compiled_engine
from harness.rollouts.engine import Terms
from harness.run import Schedule, Stopwatch, begin, run

BUDGET = 100_000
SOLVED = 475.0


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (RandomSearch, {}),
        (HillClimbing, {}),
        (CrossEntropy, {}),
        (EvolutionStrategy, {}),
        (OpenaiEs, {}),
        (CmaEs, {}),
        (Ars, {}),
        (Ars, {"top": 4}),
        (Ars, {"normalise": True}),
        (Ars, {"normalise": True, "top": 4}),
        (FiniteDifferences, {}),
    ],
)
def test_cartpole_is_solved_in_nine_of_ten_seeds(kind: Any, settings: dict[str, Any], kernels: Path) -> None:
    problem = Cartpole()
    policy = build("linear", {}, problem.space, False, 0)
    engine = compiled_engine(problem, "environments.cartpole", policy, Terms(500, True), kernels)
    algorithm = kind(policy, **settings)
    scores = []
    for seed in range(10):
        snapshot = run(
            algorithm,
            engine,
            seed,
            Schedule(budget=BUDGET, every=5_000, episodes=50),
            exact_value=lambda candidate: None,
            start=begin(algorithm, seed),
            stopwatch=Stopwatch(),
            at_border=lambda now: None,
        )
        scores.append([row["return_mean"] for row in snapshot.evaluations if row["steps"] <= BUDGET][-1])
    assert sum(score >= SOLVED for score in scores) >= 9, scores
