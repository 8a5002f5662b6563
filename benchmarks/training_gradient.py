"""Training on CartPole with policy gradients, MLP 64-64: our PPO and REINFORCE against Stable-Baselines3.

The same batches and the same number of updates on both sides, policy and critic 64-64 each:

    PPO        2048 steps a turn, 10 epochs of minibatches of 64: 320 updates a turn (the defaults of the peer)
    PPO wide   the same with minibatches of 512: 40 updates a turn
    A2C        512 steps a turn and one update (the peer's n_steps; ours: PPO of one epoch and one minibatch, its first
               update is that of A2C). Five steps a turn, the peer's default, is no rollout of whole episodes, so
               A2C as it comes is there only in the steps to 475
    REINFORCE  10 episodes a turn and one update; its peer is A2C as above

Steps to 475 are compared with the same settings on both sides, PPO with 256 steps a turn and A2C with 512; beside them
stand our defaults, and A2C as it comes. They vary tenfold from seed to seed, and medians of three seeds by factors of
three: both sides have 21. Both are scored about every 512 steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from benchmarks import training
from benchmarks.measure import OURS, Floats, Goal, Row, Settings, alternate, compared
from benchmarks.training import Bench, Trained

TITLE = "Training on CartPole, MLP 64-64: steps a second on one core, and steps to 475"
FAST, FEW = Goal(least=60), Goal(most=1.0)
ROUNDS, SEEDS, PART, BUDGET = 3, 21, 2048, 40_000
APART = 512  # steps from one score to the next, at least


class Pair(NamedTuple):
    """Ours and its peer."""

    ours: str
    settings: dict[str, Any]
    peer: str
    terms: dict[str, Any]


WIDE = {"hidden": (64, 64)}
PAIRS = {
    "PPO": Pair("ppo", {"minibatch": 64, "step_size": 3e-4, "critic_step_size": 3e-4, **WIDE}, "PPO", {}),
    "PPO wide": Pair("ppo", {"minibatch": 512, **WIDE}, "PPO", {"batch_size": 512, "learning_rate": 2e-3}),
    "A2C": Pair(
        "ppo", {"steps": 512, "epochs": 1, "minibatch": 512, "step_size": 0.01, **WIDE}, "A2C", {"n_steps": 512}
    ),
    "REINFORCE": Pair("reinforce", {}, "A2C", {"n_steps": 512}),
}
ZOO = {"n_steps": 256, "batch_size": 256, "n_epochs": 20, "learning_rate": 1e-3}
LONG = {"n_steps": 512, "learning_rate": 0.01, "use_rms_prop": False, "normalize_advantage": True, "gae_lambda": 0.95}
A2C = {"steps": 512, "epochs": 1, "minibatch": 512, "step_size": 0.01, "critic_step_size": 0.01, **WIDE}
CROSSINGS = {
    "PPO": Pair(
        "ppo",
        {"steps": 256, "minibatch": 256, "epochs": 20, "step_size": 1e-3, "critic_step_size": 1e-3, **WIDE},
        "PPO",
        ZOO,
    ),
    "PPO, our defaults": Pair("ppo", {}, "PPO", ZOO),
    "A2C": Pair("ppo", A2C, "A2C", LONG),
    "A2C as it comes": Pair("ppo", A2C, "A2C", {}),
    "REINFORCE": Pair("reinforce", {}, "A2C", {}),
}


def run(settings: Settings) -> Iterator[Row]:
    """Steps per second in turns, then steps to the score."""
    import torch

    torch.set_num_threads(1)
    made = training.bench("mlp", explores=True, widths=(64, 64))
    rounds, seeds, numbers = settings.rounds(ROUNDS), settings.rounds(SEEDS), iter(range(10_000))

    def ours(pair: Pair) -> float:
        algorithm = training.algorithm(pair.ours, made, **pair.settings)
        done = training.train(made, algorithm, next(numbers), 5 * PART, until_solved=False)
        return done.steps / done.seconds

    def theirs(pair: Pair) -> float:
        done = peer(made, pair, next(numbers), 2 * PART, until_solved=False)
        return done.steps / done.seconds

    for name, pair in PAIRS.items():
        figures = alternate({OURS: lambda pair=pair: ours(pair), pair.peer: lambda pair=pair: theirs(pair)}, rounds)
        yield from compared(f"{name}, speed", "steps/s", figures, {pair.peer: FAST})
    crossings: dict[str, list[Trained]] = {}  # of the peers: some stand beside two of ours
    for name, pair in CROSSINGS.items():
        mine = [
            training.train(made, training.algorithm(pair.ours, made, **pair.settings), seed, BUDGET, True, APART)
            for seed in range(seeds)
        ]
        key = f"{pair.peer} {pair.terms}"
        if key not in crossings:
            crossings[key] = [peer(made, pair, seed, BUDGET, until_solved=True) for seed in range(seeds)]
        yield training.crossed(name, mine, BUDGET, pair.peer, crossings[key], BUDGET, FEW)


def peer(made: Bench, pair: Pair, seed: int, budget: int, until_solved: bool) -> Trained:
    """Stable-Baselines3; its network, in our order, is scored by our engine before each turn."""
    import stable_baselines3
    from stable_baselines3.common.callbacks import BaseCallback

    aside, solved = 0.0, None

    class Watch(BaseCallback):
        """Scores the policy before a turn, as rarely as ours."""

        seen = 0

        def _on_step(self) -> bool:
            return solved is None

        def _on_rollout_start(self) -> None:
            nonlocal aside, solved
            if until_solved and self.model.num_timesteps - self.seen >= APART:
                self.seen = self.model.num_timesteps
                start = time.process_time()
                if made.score(weights(self.model.policy)) >= training.SOLVED:
                    solved = int(self.model.num_timesteps)
                aside += time.process_time() - start

    kind: Any = getattr(stable_baselines3, pair.peer)
    architecture = {"net_arch": {"pi": [64, 64], "vf": [64, 64]}}
    environment = gymnasium.make("CartPole-v1")
    model = kind("MlpPolicy", environment, seed=seed, device="cpu", policy_kwargs=architecture, **pair.terms)
    start = time.process_time()
    model.learn(budget, callback=Watch())
    return Trained(int(model.num_timesteps), time.process_time() - start - aside, solved)


def weights(policy: Any) -> Floats:
    """The policy network as our MLP's parameters [P]: matrices [inputs, outputs], then biases, layer after layer."""
    first, _, second, _ = policy.mlp_extractor.policy_net
    layers = [
        (layer.weight.detach().numpy().T.ravel(), layer.bias.detach().numpy())
        for layer in (first, second, policy.action_net)
    ]
    return np.concatenate([array for layer in layers for array in layer]).astype(np.float64)
