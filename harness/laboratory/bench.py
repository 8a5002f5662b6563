"""A bench: the laboratory's cell. Its canonical JSON is what a measurement *is*; the digest of that is its identity."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.cell import SHORT, Part, World, canonical, frozen


@dataclass(frozen=True)
class Route:
    """Where the points lie: on the run of an algorithm, or on the straight line from the start to the best gain."""

    algorithm: Part | None  # None: the straight line
    seed: int  # of the run, and of what is random in the structure
    budget: int  # steps of the run; 0 for the line
    points: tuple[float, ...]  # shares of the way, from 0 to 1


@dataclass(frozen=True)
class Bench:
    """One cell of the laboratory; seeds are no part of it."""

    environment: World
    policy: Part
    algorithm: Part
    route: Route
    updates: int  # M independent updates at each point, for each seed
    warmup: int  # turns at the point before the one that is measured: what learned baselines learn from
    exploration: float  # standard deviation of a Gaussian head
    shift: float  # length of the step between where the warm-up acts and the point; not 0: data of another policy

    def to_json(self) -> str:
        """Canonical JSON, as that of a cell."""
        return canonical(asdict(self))

    @staticmethod
    def from_json(text: str) -> Bench:
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: if the text is not that of a bench.
        """
        data = frozen(json.loads(text))
        route = data.pop("route")
        algorithm = route.pop("algorithm")
        return Bench(
            World(**data.pop("environment")),
            Part(**data.pop("policy")),
            Part(**data.pop("algorithm")),
            Route(algorithm and Part(**algorithm), **route),
            **data,
        )

    @cached_property
    def digest(self) -> str:
        """Sha256 of the canonical JSON without the labels."""
        data: dict[str, Any] = asdict(self)
        for part in (data["policy"], data["algorithm"], data["route"]["algorithm"]):
            if part is not None:
                del part["label"]
        return hashlib.sha256(canonical(data).encode()).hexdigest()

    @property
    def labels(self) -> tuple[str, str, str]:
        """Environment, policy, algorithm: the readable axes."""
        return self.environment.name, self.policy.label, self.algorithm.label

    @property
    def folder(self) -> Path:
        """Where its records lie, relative to the project."""
        return Path("results", "laboratory", *self.labels, self.digest[:SHORT])


@dataclass(frozen=True)
class BenchJob:
    """One bench for the seeds first .. last."""

    bench: Bench
    first: int
    last: int

    @property
    def folder(self) -> Path:
        """Where its records lie, relative to the project."""
        return self.bench.folder / f"seeds-{self.first:04d}-{self.last:04d}"

    @property
    def manifest(self) -> Path:
        """The file that is written last and vouches for the other."""
        return self.folder / "manifest.json"
