"""A cell of the grid: algorithm x policy x environment under one budget and one evaluation protocol.

Its canonical JSON is what a run *is*; the digest of that is its identity. Labels are for people: they stand in paths,
but two labels for equal settings have equal digests. Seeds are no part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SHORT = 12  # characters of the digest that stand in a path


@dataclass(frozen=True)
class World:
    """What of an environment's entry decides the numbers of a run; reference scores and targets do not."""

    name: str
    engine: str
    problem: str | None
    gymnasium: str | None
    options: Mapping[str, Any]
    horizon: int
    clip: bool
    fresh: bool


@dataclass(frozen=True)
class Part:
    """An algorithm or a policy: a plug-in with all its settings, defaults filled in, lists as tuples."""

    label: str
    file: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """Evaluate at the start and whenever `every` more steps were charged, over `episodes` episodes."""

    every: int
    episodes: int

    def __post_init__(self) -> None:
        if self.every < 1 or self.episodes < 1:
            raise ValueError("every and episodes must be at least 1")


@dataclass(frozen=True)
class Cell:
    """One cell; see the file."""

    environment: World
    policy: Part
    algorithm: Part
    budget: int
    evaluation: Evaluation

    def to_json(self) -> str:
        """Canonical JSON: keys sorted, no spaces, floats by `repr`."""
        return canonical(asdict(self))

    @staticmethod
    def from_json(text: str) -> Cell:
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: if the text is not that of a cell.
        """
        data = frozen(json.loads(text))
        return Cell(
            World(**data["environment"]),
            Part(**data["policy"]),
            Part(**data["algorithm"]),
            data["budget"],
            Evaluation(**data["evaluation"]),
        )

    @cached_property
    def digest(self) -> str:
        """Sha256 of the canonical JSON without the labels."""
        data = asdict(self)
        del data["policy"]["label"], data["algorithm"]["label"]
        return hashlib.sha256(canonical(data).encode()).hexdigest()

    @property
    def labels(self) -> tuple[str, str, str]:
        """Environment, policy, algorithm: the readable axes."""
        return self.environment.name, self.policy.label, self.algorithm.label

    @property
    def folder(self) -> Path:
        """Where its runs lie, relative to the project."""
        return Path("results", "runs", *self.labels, self.digest[:SHORT])


def canonical(value: Any) -> str:
    """Canonical JSON of plain data; equal data have equal texts.

    Raises:
        ValueError: for numbers that are not finite, which JSON does not know.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def frozen(value: Any) -> Any:
    """Lists as tuples, at any depth."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value
