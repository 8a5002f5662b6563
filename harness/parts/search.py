"""Search spaces: what a setting may be when somebody tunes it, written in the annotation of the setting itself.

    step_size: Annotated[float, LogUniform(0.005, 0.5)] = 0.02  # α

A scale spans two decades in every algorithm, so that none is given more freedom than another; values are drawn
independently, so any combination of them must make sense. J. Bergstra and Y. Bengio, "Random search for hyper-parameter
optimization" (2012): why settings are drawn at random and not from a grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True)
class Uniform:
    """A number from low to high."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value, to three digits."""
        return _three_digits(rng.uniform(self.low, self.high))

    def holds(self, value: Any) -> bool:
        """Whether a value could be drawn."""
        return self.low <= float(value) <= self.high


@dataclass(frozen=True)
class LogUniform:
    """A scale: a number from low to high, every factor as likely as another."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value, to three digits."""
        return _three_digits(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))

    def holds(self, value: Any) -> bool:
        """Whether a value could be drawn."""
        return self.low <= float(value) <= self.high


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """One value."""
        return self.values[int(rng.integers(len(self.values)))]

    def holds(self, value: Any) -> bool:
        """Whether a value could be drawn."""
        return value in self.values


Draw: TypeAlias = Uniform | LogUniform | Choice


def _three_digits(value: float) -> float:
    """A setting that a person can read and write."""
    return float(f"{value:.3g}")
