"""The search space of a plug-in, read from the annotations of its settings, and what a study draws from it.

Draw 0 is the default. Draw i has an address, (plug-in, label, i), so that it is the same setting in every environment
and with every policy: only so does "one setting for all" mean anything.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

import numpy as np

from harness import plugins
from harness.parts.search import Draw
from harness.schema import field_types
from harness.streams import stream

DRAW_SEED = 20261122  # of every draw in every study: the same settings are tried wherever a label is tuned
MARK = ".draw-"


def search_space(kind: type) -> dict[str, Draw]:
    """The settings that may be searched, in the order of the file, each with what may be drawn for it."""
    return {
        name: mark
        for name, annotation in field_types(kind).items()
        for mark in getattr(annotation, "__metadata__", ())
        if isinstance(mark, get_args(Draw))
    }


def drawn_settings(kind: type, rng: np.random.Generator, fixed: Collection[str] = ()) -> dict[str, Any]:
    """A value for each searched setting.

    Every setting is drawn, also those that are `fixed`, which are then left out: fixing one changes no other.
    """
    drawn = {name: draw.draw(rng) for name, draw in search_space(kind).items()}
    return {name: value for name, value in drawn.items() if name not in fixed}


def draws(file: str, label: str, fixed: Collection[str], count: int) -> list[dict[str, Any]]:
    """What to try for an algorithm in place of its own settings: nothing first, then count - 1 draws."""
    kind = plugins.load("algorithms", file)
    addresses = (stream(DRAW_SEED, "tuning", file, label, index) for index in range(1, count))
    return [{}, *(drawn_settings(kind, rng, fixed) for rng in addresses)]


def draw_label(label: str, index: int) -> str:
    """`ars` and 7: `ars.draw-007`."""
    return f"{label}{MARK}{index:03d}"


def drawn_from(label: str) -> tuple[str, int]:
    """The inverse of `draw_label`."""
    stem, _, index = label.rpartition(MARK)
    return stem, int(index)
