"""Training on CartPole with a linear policy: our ARS, CEM and CMA-ES, against the ARS of sb3-contrib.

Steps per second include everything but the scoring. Both do 30 000 steps, about what CartPole takes; ours 2 000 000
too, as episodes are short before anything is learnt, and a turn then costs more than its steps. sb3-contrib has the
setting of rl-zoo3 for CartPole (2 directions) and, for the same work, the very settings of ours (8 directions, step
0.02, noise 0.03, none of them tuned for it).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gymnasium
import numpy as np

from benchmarks import training
from benchmarks.measure import OURS, Goal, Row, Settings, alternate, compared
from benchmarks.training import Bench, Trained

TITLE = "Training on CartPole, linear policy: steps a second on one core, and steps to 475"
OURSELVES = ("ars", "cross_entropy", "cma_es")
BUDGET, EQUAL = 2_000_000, 30_000  # steps of ours at most, of the peer
SEEDS = 21
ROUNDS = 5
PEERS = {"sb3-contrib ARS, rl-zoo3": {"n_delta": 2}, "sb3-contrib ARS, our settings": {"n_delta": 8, "delta_std": 0.03}}
CROSSINGS: dict[str, tuple[str, dict[str, Any]]] = {  # of ours: the defaults, and frugal settings
    "ars": ("ars", {}),
    "ars, rl-zoo3's settings": ("ars", {"directions": 2, "noise": 0.05}),
    "ars, one direction": ("ars", {"directions": 1, "noise": 0.1, "step_size": 0.1}),
    "cross_entropy": ("cross_entropy", {}),
    "cross_entropy, one episode": ("cross_entropy", {"population": 16, "episodes": 1}),
    "cma_es": ("cma_es", {}),
    "cma_es, one episode": ("cma_es", {"episodes": 1}),
}
FAST, FEW = Goal(least=300), Goal(most=1.0)


def run(settings: Settings) -> Iterator[Row]:
    """Steps per second in turns, then steps to the score."""
    import torch

    torch.set_num_threads(1)
    made = training.bench("linear", explores=False)
    rounds, seeds = settings.rounds(ROUNDS), settings.rounds(SEEDS)
    numbers = iter(range(10_000))

    def ours(name: str, budget: int) -> float:
        done = training.train(made, training.algorithm(name, made), next(numbers), budget, until_solved=False)
        return done.steps / done.seconds

    def theirs(terms: dict[str, Any]) -> float:
        done = peer(made, terms, next(numbers), EQUAL, until_solved=False)
        return done.steps / done.seconds

    cases = {f"{name}, {budget:,} steps": (name, budget) for name in OURSELVES for budget in (EQUAL, BUDGET)}
    contenders = {case: (lambda words=words: ours(*words)) for case, words in cases.items()}
    contenders |= {name: (lambda terms=terms: theirs(terms)) for name, terms in PEERS.items()}
    figures = alternate(contenders, rounds)
    for case in cases:
        shown = {OURS: figures[case], **{peer: figures[peer] for peer in PEERS}}
        yield from compared(case, "steps/s", shown, dict.fromkeys(PEERS, FAST))
    (name, terms), *_ = PEERS.items()
    others = [peer(made, terms, seed, EQUAL, until_solved=True) for seed in range(seeds)]
    for case, (file, given) in CROSSINGS.items():
        algorithm = training.algorithm(file, made, **given)
        runs = [training.train(made, algorithm, seed, BUDGET, until_solved=True) for seed in range(seeds)]
        yield training.crossed(case, runs, BUDGET, name, others, EQUAL, FEW)


class Reached(Exception):
    """The score was reached: the only way out of sb3-contrib's loop."""


def peer(made: Bench, terms: dict[str, Any], seed: int, budget: int, until_solved: bool) -> Trained:
    """sb3-contrib's ARS; its weights [K, O] are in our order, so that our engine scores them."""
    from sb3_contrib import ARS
    from stable_baselines3.common.callbacks import BaseCallback

    aside, solved = 0.0, None

    class Watch(BaseCallback):
        """Scores the centre of the search before each turn."""

        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            nonlocal aside, solved
            if until_solved:
                start = time.process_time()
                score = made.score(self.model.weights.numpy().astype(np.float64))
                aside += time.process_time() - start
                if score >= training.SOLVED:
                    solved = int(self.model.num_timesteps)
                    raise Reached

    model = ARS("LinearPolicy", gymnasium.make("CartPole-v1"), seed=seed, verbose=0, **terms)
    start = time.process_time()
    with suppress(Reached):
        model.learn(budget, callback=Watch())
    return Trained(int(model.num_timesteps), time.process_time() - start - aside, solved)
