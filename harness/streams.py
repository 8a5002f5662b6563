"""Randomness by address: every draw has a place (seed, purpose, number), so no generator is saved, passed on or shared.

`stream(7, "turn", 12, "directions")` is the same generator wherever it is asked for, and has nothing in common with
`stream(7, "turn", 13, "directions")` or `stream(8, ...)`: addresses are hashed, never added up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

import numpy as np

from harness.interface import Integers

SEED_BITS = 63  # request seeds are non-negative int64


def stream(seed: int, *words: str | int) -> np.random.Generator:
    """The generator at the address (seed, *words)."""
    text = "\x1f".join(f"{type(word).__name__}:{word}" for word in words)
    digest = hashlib.sha256(text.encode()).digest()
    entropy = [seed, *np.frombuffer(digest, dtype="<u4").tolist()]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def address(seed: int) -> Callable[..., np.random.Generator]:
    """All streams of one seed."""
    return partial(stream, seed)


def draw_seeds(rng: np.random.Generator, count: int) -> Integers:
    """Request seeds [count]."""
    return rng.integers(0, 2**SEED_BITS, size=count, dtype=np.int64)
