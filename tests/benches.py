"""Benches for the tests of the laboratory."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.cell import Part, World
from harness.interface import Floats
from harness.laboratory import measure
from harness.laboratory.bench import Bench, Route
from harness.laboratory.moments import Summary, summary
from harness.laboratory.update import updates
from harness.node import Node
from harness.settings import complete


def part(room: str, file: str, **settings: Any) -> Part:
    """A plug-in with its defaults but for these settings."""
    return Part(file, file, {**complete(room, file, Node(None, "test")), **settings})


def world(problem: str, horizon: int, **options: Any) -> World:
    """A compiled environment."""
    settings = {**complete("environments", problem, Node(None, "test")), **options}
    return World(problem, "compiled", problem, None, settings, horizon, False, False)


def linear_return(d: int, horizon: int) -> World:
    """d parameters shared by so many steps, no noise but that of the method."""
    return world("linear_reward", horizon, actions=d, noise=0.0)


def bench(environment: World, algorithm: str, /, updates: int = 500, **terms: Any) -> Bench:
    """An algorithm with a linear policy at its start; `terms` are fields of a bench or settings of the algorithm."""
    fields: dict[str, Any] = {"route": Route(part("algorithms", "exact_gradient"), 0, 1, (0.0,))}
    fields |= {"warmup": 1, "exploration": 1.0, "shift": 0.0, "policy": part("policies", "linear")}
    for name in fields.keys() & terms.keys():
        fields[name] = terms.pop(name)
    return Bench(environment, algorithm=part("algorithms", algorithm, **terms), updates=updates, **fields)


def vectors(one: Bench, theta: Floats, seed: int = 0) -> Floats:
    """The updates [M, d] of a bench at a point [d] of its structure."""
    return updates(measure.stand(one, measure.head(one), theta), seed, 0, one.updates).vectors[:, : theta.size]


def measured(one: Bench, theta: Floats, seed: int = 0) -> tuple[Summary, Floats]:
    """The summary of a bench at a point [d], and the truth [d]."""
    own, _ = measure.truths(one, measure.head(one), theta)
    return summary(vectors(one, theta, seed)), own.gradient


def relative_noise(one: Bench, theta: Floats, gradient: Floats) -> tuple[float, float]:
    """Tr Cov / |gradient|² and its standard error."""
    found = vectors(one, theta)  # [M, d]
    squares = ((found - found.mean(axis=0)) ** 2).sum(axis=1) / float(gradient @ gradient)  # [M]
    return float(squares.sum() / (len(found) - 1)), float(squares.std() / np.sqrt(len(found)))
