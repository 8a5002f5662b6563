"""Rollouts of 16 policies: ours, Gymnasium's loop, its vector environment, EnvPool and gymnax, on one core.

The same 16 policies everywhere. In Gymnasium's loop a policy is NumPy (a program is plain Python), in EnvPool NumPy
over all rows at once, in gymnax part of a compiled scan; EnvPool and gymnax run at the batch with which they are
fastest. First of all everyone samples returns of these policies, and the samples must be of one distribution.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import gymnasium
import numpy as np

from benchmarks.cases import POPULATION, Case
from benchmarks.gymnasium_loop import Loop
from benchmarks.measure import OURS, Contender, Goal, Row, Settings, alternate, compared, rate, require_same_returns
from benchmarks.peer_policies import actions_of, outputs
from benchmarks.peers import Peer

TITLE = "Rollouts of 16 policies: environment steps a second on one core"
SECONDS = 0.2  # of one measurement
ROUNDS = 7
SIMPLE = {"Gymnasium": Goal(least=300), "EnvPool": Goal(least=40), "gymnax": Goal(least=5)}
WIDE = {"Gymnasium": Goal(least=60)}
GYMNAX = ("CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0")
CASES = (
    Case("CartPole-v1", "linear"),
    Case("CartPole-v1", "program"),
    Case("CartPole-v1", "mlp"),
    Case("Pendulum-v1", "linear"),
    Case("Pendulum-v1", "program"),
    Case("Pendulum-v1", "mlp"),
    Case("Acrobot-v1", "linear"),
    Case("MountainCar-v0", "linear"),
    Case("MountainCarContinuous-v0", "linear"),
    Case("lqr-double-integrator", "linear"),
    Case("lqr-random-4x2", "linear"),
)


def run(settings: Settings) -> Iterator[Row]:
    """The rows of every case."""
    for case in CASES[:3] if settings.quick else CASES:
        with ExitStack() as stack:
            peer = stack.enter_context(Peer(settings.peers)) if settings.peers else None
            yield from measured(case, peer, settings.rounds(ROUNDS))


def measured(case: Case, peer: Peer | None, rounds: int) -> list[Row]:
    """One case against everyone who can play it."""
    played = case.play(0)
    loop, notes = Loop(case), {}
    contenders: dict[str, Contender] = {OURS: lambda: rate(lambda: float(case.play(1).lengths.sum()), SECONDS)}
    contenders["Gymnasium"] = lambda: rate(loop.play, SECONDS)
    samples: dict[str, Any] = {"Gymnasium": loop.sample(2)}
    if case.name == "CartPole-v1" and case.policy == "linear":
        batch, step = vector(case)
        contenders["Gymnasium vector"] = lambda: rate(step, SECONDS)
        notes["Gymnasium vector"] = f"batch {batch}"
    for name in peers_of(case) if peer else ():
        answer = peer.ask(act="prepare", peer=name.lower(), **case.terms)  # type: ignore[union-attr]
        samples[name], notes[name] = (answer["returns"], answer["lengths"]), f"batch {answer['batch']}"
        contenders[name] = partial(peer.ask, act="measure", peer=name.lower())  # type: ignore[union-attr]
    for name, (returns, lengths) in samples.items():
        mine = played.returns if name != "Gymnasium" else played.returns[:, :2]
        require_same_returns(f"{case.title}, {name}", mine.ravel(), np.array(returns), case.entry.horizon, lengths)
    rows = compared(case.title, "steps/s", alternate(contenders, rounds), WIDE if case.policy == "mlp" else SIMPLE)
    length = f"mean length {played.lengths.mean():.0f}"
    return [replace(row, note=", ".join(filter(None, [length, notes.get(row.peer, "")]))) for row in rows]


def peers_of(case: Case) -> tuple[str, ...]:
    """Who else has this environment."""
    if case.entry.gymnasium is None:
        return ()
    return ("EnvPool", "gymnax") if case.name in GYMNAX else ("EnvPool",)


def vector(case: Case) -> tuple[int, Any]:
    """Gymnasium's vector environment in the best batch, and a function that steps it once."""
    best = (0.0, 0, None)
    for repeats in (1, 4, 16, 64):
        rows = POPULATION * repeats
        environment = gymnasium.make_vec(case.entry.gymnasium, rows, vectorization_mode="vector_entry_point")
        step = partial(vector_step, environment, case, np.repeat(case.thetas, repeats, axis=0))
        environment.reset(seed=7)
        best = max(best, (rate(step, SECONDS), rows, step), key=lambda tried: tried[0])
    return best[1], best[2]


def vector_step(environment: Any, case: Case, thetas: Any) -> float:
    """One step of every row."""
    seen, room = environment.state.T, case.engine.space
    y = outputs(np, case.structure, thetas, seen, room.actions)
    environment.step(actions_of(np, True, y, None, None))
    return float(len(thetas))
