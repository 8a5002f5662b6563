"""The problems on which a plug-in is judged: one with discrete actions, one with continuous actions and known value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import plugins
from harness.contract.algorithms import Probe
from harness.contract.spied_cartpole import SpiedCartpole
from harness.contract.spied_lqr import SpiedLqr
from harness.policy import build
from harness.rollouts.compiled import compiled_engine
from harness.rollouts.engine import Terms
from harness.rollouts.known import known_value

PROBES = ("discrete", "continuous")


def kinds(algorithm: str) -> tuple[str, ...]:
    """The problems that an algorithm can be judged on: a probe needs truth, which the continuous one knows."""
    family = vars(plugins.load("algorithms", algorithm))["family"]
    return ("continuous",) if family == "probe" else PROBES


def probe(algorithm: str, kind: str, folder: Path) -> Probe:
    """An algorithm with its default settings and a linear policy on one of the two problems.

    Args:
        algorithm: file of `algorithms/`.
        kind: "discrete" or "continuous".
        folder: where kernels are kept.
    """
    problem: Any = SpiedCartpole() if kind == "discrete" else SpiedLqr()
    horizon, budget = (200, 40_000) if kind == "discrete" else (10, 20_000)
    plugin = plugins.load("algorithms", algorithm)
    policy = build("linear", {}, problem.space, bool(vars(plugin)["explores"]), seed=0)
    engine = compiled_engine(problem, type(problem).__module__, policy, Terms(horizon, clip=False), folder)
    return Probe(
        name=f"{algorithm} on {kind} actions",
        algorithm=plugin(policy=policy),
        engine=engine,
        spy=lambda: int(engine.parameters[-1]),
        exact_value=known_value(problem, policy, horizon, folder),
        budget=budget,
    )
