"""EnvPool and gymnax, measured in an environment of their own on behalf of `benchmarks/peers.py`.

Reads a JSON message a line ({"act": name, ...}), answers with {"result": ...} or {"fault": ...}. A case is an
environment with 16 policies; `prepare` returns the returns and lengths of first episodes, so that the asker can see
that the work is the same, and chooses the batch with which the peer is fastest; `measure` returns steps per second.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from peer_policies import actions_of, outputs

SECONDS = 0.2  # of one measurement
REPEATS = {"gymnax": (16, 64, 256), "envpool": (1, 4, 16, 64)}  # episodes side by side for each policy


class Case(NamedTuple):
    """What is played, and by whom."""

    environment: str
    structure: str
    thetas: Any  # [D, P]
    discrete: bool
    actions: int
    low: Any
    high: Any
    horizon: int
    episodes: int  # of each policy in the sample of returns


class Prepared(NamedTuple):
    """Steps per second of one measurement."""

    measure: Callable[[], float]


def envpool_batch(case: Case, repeats: int) -> tuple[Any, Callable[[], tuple[Any, Any]]]:
    """A pool on one thread with every policy `repeats` times, and a function that steps it once."""
    import envpool

    theta = np.repeat(case.thetas, repeats, axis=0)  # [B, P]
    pool = envpool.make(
        case.environment,
        env_type="gymnasium",
        num_envs=len(theta),
        num_threads=1,
        seed=7,
        max_episode_steps=case.horizon,
    )
    kind = pool.action_space.dtype
    seen, _ = pool.reset()

    def step() -> tuple[Any, Any]:
        nonlocal seen
        y = outputs(np, case.structure, theta, seen, case.actions)
        chosen = actions_of(np, case.discrete, y, case.low, case.high).astype(kind)
        seen, rewards, terminated, truncated, _ = pool.step(chosen)
        return rewards, terminated | truncated

    return pool, step


def envpool_sample(case: Case) -> tuple[list[float], list[int]]:
    """Returns and lengths of the first episode of each row."""
    _, step = envpool_batch(case, case.episodes)
    rows = len(case.thetas) * case.episodes
    total, length, running = np.zeros(rows), np.zeros(rows, int), np.ones(rows, bool)
    while running.any():
        rewards, ended = step()
        total += np.where(running, rewards, 0.0)
        length += running
        running &= ~ended
    return total.tolist(), length.tolist()


def envpool_measure(case: Case, repeats: int) -> Prepared:
    """Steps that reset an environment (the call after an end) are not counted."""
    _, step = envpool_batch(case, repeats)
    rows, ended = len(case.thetas) * repeats, np.zeros(len(case.thetas) * repeats, bool)

    def measure() -> float:
        nonlocal ended
        steps, start = 0, time.process_time()
        while (taken := time.process_time() - start) < SECONDS:
            steps += rows - int(ended.sum())
            _, ended = step()
        return steps / taken

    return Prepared(measure)


def gymnax_scan(case: Case, repeats: int, length: int) -> tuple[Callable[..., Any], int]:
    """A compiled scan of `length` steps over all rows: (keys, state) -> (state, rewards [T, B], ends [T, B])."""
    import gymnax
    import jax
    import jax.numpy as jnp

    environment, parameters = gymnax.make(case.environment)
    parameters = parameters.replace(max_steps_in_episode=case.horizon)
    theta = jnp.asarray(np.repeat(case.thetas, repeats, axis=0), jnp.float32)  # [B, P]
    low, high = jnp.asarray(case.low), jnp.asarray(case.high)
    rows = len(theta)
    reset = jax.vmap(environment.reset, (0, None))
    advance = jax.vmap(environment.step, (0, 0, 0, None))

    def one(carry: Any, _: Any) -> Any:
        key, seen, state = carry
        key, now = jax.random.split(key)
        y = outputs(jnp, case.structure, theta, seen, case.actions)
        chosen = actions_of(jnp, case.discrete, y, low, high)
        seen, state, rewards, terminated, truncated, _ = advance(jax.random.split(now, rows), state, chosen, parameters)
        return (key, seen, state), (jnp.ravel(rewards), jnp.ravel(terminated | truncated))

    @jax.jit
    def begin(key: Any) -> Any:
        return (key, *reset(jax.random.split(key, rows), parameters))

    @jax.jit
    def run(carry: Any) -> Any:
        return jax.lax.scan(one, carry, None, length)

    carry = jax.block_until_ready(begin(jax.random.PRNGKey(7)))

    def advance_all() -> Any:
        nonlocal carry
        carry, seen = jax.block_until_ready(run(carry))
        return seen

    return advance_all, rows * length


def gymnax_sample(case: Case) -> tuple[list[float], list[int]]:
    """Returns and lengths of the first episode of each row."""
    run, _ = gymnax_scan(case, case.episodes, case.horizon)
    rewards, ended = map(np.asarray, run())  # [T, B]
    length = ended.argmax(axis=0) + 1
    inside = np.arange(case.horizon)[:, None] < length
    return (rewards * inside).sum(axis=0).tolist(), length.tolist()


def gymnax_measure(case: Case, repeats: int) -> Prepared:
    """One scan of about a tenth of a million steps, again and again; every step is one of an episode."""
    run, steps = gymnax_scan(case, repeats, max(32, 100_000 // (len(case.thetas) * repeats)))
    run()

    def measure() -> float:
        done, start = 0, time.process_time()
        while (taken := time.process_time() - start) < SECONDS:
            run()
            done += steps
        return done / taken

    return Prepared(measure)


SAMPLES = {"envpool": envpool_sample, "gymnax": gymnax_sample}
MEASURES = {"envpool": envpool_measure, "gymnax": gymnax_measure}
PREPARED: dict[str, Prepared] = {}


def prepare(peer: str, **terms: Any) -> dict[str, Any]:
    """Make the case ready in the batch that is fastest; sample its returns."""
    arrays = {name: np.asarray(terms.pop(name), np.float64) for name in ("thetas", "low", "high")}
    case = Case(**terms, **arrays)
    returns, lengths = SAMPLES[peer](case)
    best, batch = 0.0, 0
    for repeats in REPEATS[peer]:
        tried = MEASURES[peer](case, repeats)
        figure = max(tried.measure(), tried.measure())
        if figure > best:
            best, batch, PREPARED[peer] = figure, repeats * len(case.thetas), tried
    return {"returns": returns, "lengths": lengths, "batch": batch}


def measure(peer: str) -> float:
    """Steps per second of what was prepared."""
    return PREPARED[peer].measure()


ACTS: dict[str, Callable[..., Any]] = {"prepare": prepare, "measure": measure}


def main() -> None:
    """Answer until the asker closes the line."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    warnings.simplefilter("ignore")  # float32 bounds
    for line in sys.stdin:
        message = json.loads(line)
        try:
            answer = {"result": ACTS[message.pop("act")](**message)}
        except Exception as fault:  # it goes to the asker, who raises it
            answer = {"fault": f"{type(fault).__name__}: {fault}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
