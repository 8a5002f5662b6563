"""Simulated bodies: our engine, Gymnasium's loop and EnvPool, closed loop, linear policies; and MuJoCo's bare physics.

Bare physics is `mujoco.rollout` over recorded actions, as many steps as the episodes of the closed loop had: neither
observation nor reward nor policy, and nothing in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.gymnasium_loop import Loop
from benchmarks.measure import OURS, Contender, Goal, Row, Settings, alternate, compared, rate, require_same_returns
from benchmarks.peers import Peer

TITLE = "Simulated bodies: environment steps a second on one core"
SECONDS, ROUNDS = 0.4, 5
BODIES = ("Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5")
BOXES = ("LunarLander-v3", "BipedalWalker-v3")
BARE = "bare physics"


def run(settings: Settings) -> Iterator[Row]:
    """MuJoCo, then Box2D."""
    names = ("HalfCheetah-v5", "LunarLander-v3") if settings.quick else (*BODIES, *BOXES)
    for name in names:
        with ExitStack() as stack:
            peer = stack.enter_context(Peer(settings.peers)) if settings.peers else None
            yield from measured(Case(name, "linear", episodes=2), peer, settings.rounds(ROUNDS))


def measured(case: Case, peer: Peer | None, rounds: int) -> list[Row]:
    """One environment."""
    played, loop = case.play(0), Loop(case)
    numbers = iter(range(1, 1_000_000))
    contenders: dict[str, Contender] = {
        OURS: lambda: rate(lambda: float(case.play(next(numbers)).lengths.sum()), SECONDS),
        "Gymnasium": lambda: rate(loop.play, SECONDS),
    }
    samples: dict[str, Any] = {"Gymnasium": loop.sample(2)}
    goals = {"Gymnasium": Goal(least=3.5)} if case.name in BOXES else {BARE: Goal(least=0.85)}
    if case.name in BODIES:
        contenders[BARE] = partial(rate, bare(case, loop), SECONDS)
    if peer:
        answer = peer.ask(act="prepare", peer="envpool", **case.terms)
        samples["EnvPool"] = answer["returns"], answer["lengths"]
        contenders["EnvPool"] = partial(peer.ask, act="measure", peer="envpool")
    for name, (returns, lengths) in samples.items():
        require_same_returns(
            f"{case.title}, {name}", played.returns.ravel(), np.array(returns), case.entry.horizon, lengths
        )
    rows = compared(case.title, "steps/s", alternate(contenders, rounds), goals)
    return [replace(row, note=f"mean length {played.lengths.mean():.0f}") for row in rows]


def bare(case: Case, loop: Loop) -> Any:
    """A function that plays one recorded episode of the next policy by physics alone; steps of the environment."""
    import mujoco
    from mujoco import rollout

    body: Any = loop.environment.unwrapped
    kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
    episodes = []
    for act in loop.acts:
        seen, _ = loop.environment.reset()
        start = np.empty(mujoco.mj_stateSize(body.model, kind))
        mujoco.mj_getState(body.model, body.data, start, kind)
        taken, over = [], False
        while not over:
            action = act(seen)
            seen, _, terminated, truncated, _ = loop.environment.step(action)
            taken.append(np.array(body.data.ctrl))
            over = terminated or truncated
        episodes.append((start[None], np.repeat(np.array(taken), body.frame_skip, axis=0)[None], len(taken)))
    data, turn = mujoco.MjData(body.model), iter(range(1_000_000_000))

    def play() -> float:
        start, controls, length = episodes[next(turn) % len(episodes)]
        rollout.rollout(body.model, data, start, controls)
        return float(length)

    return play
