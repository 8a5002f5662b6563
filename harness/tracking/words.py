"""A spec as words: what the view in MLflow shows of a cell, its labels and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 500  # characters of a reason or a setting; MLflow refuses a run for more than 6000
AXES = ("algorithm", "policy", "environment")


def labels(cell: Mapping[str, Any]) -> dict[str, str]:
    """Short readable names of algorithm, policy and environment, from a spec or from labels alone."""
    return {kind: _label(cell[kind]) for kind in AXES if kind in cell}


def _label(axis: Any) -> str:
    if not isinstance(axis, Mapping):
        return str(axis)
    return str(axis.get("label") or axis.get("name") or axis.get("structure") or axis.get("file"))


def settings(value: Any, name: str = "") -> dict[str, str]:
    """A spec as flat text, `settings` left out of the names: {"algorithm.step_size": "0.02", "budget": "5000"}."""
    if not isinstance(value, Mapping):
        return {name: (value if isinstance(value, str) else json.dumps(value))[:LONGEST]}
    flat: dict[str, str] = {}
    for key, below in value.items():
        flat |= settings(below, name if key == "settings" else f"{name}.{key}".lstrip("."))
    return flat
