"""The search space of a plug-in, read from the annotations of its settings, and draws from it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

import numpy as np

from harness.parts.search import Draw
from harness.schema import field_types


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
