"""States as named arrays and back: a checkpoint is an npz file, never a pickle.

A state is a NamedTuple of arrays, numbers, booleans and NamedTuples of these. `flatten` names each leaf by its path
("adam.mean"); `restore` needs a template of the same structure, which `init` gives, and returns the same types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S")
Arrays = dict[str, NDArray[Any]]


def flatten(state: Any, path: str = "state") -> Arrays:
    """Every leaf of a state under its path.

    Raises:
        TypeError: if a leaf is not an array, a number, a boolean or a NamedTuple of these.
    """
    if isinstance(state, tuple) and hasattr(state, "_fields"):
        leaves: Arrays = {}
        for name, value in zip(state._fields, state, strict=True):
            leaves |= flatten(value, f"{path}.{name}")
        return leaves
    if isinstance(state, bool | int | float | np.generic | np.ndarray):
        leaf = np.asarray(state)
        if leaf.dtype.kind in "fiub":
            return {path: leaf}
    raise TypeError(f"{path} is {type(state).__name__}; a state holds arrays, numbers and NamedTuples of these")


def restore(template: S, arrays: Mapping[str, NDArray[Any]], path: str = "state") -> S:
    """The state whose leaves are `arrays`, typed as the template.

    Raises:
        KeyError: if a leaf is missing.
        TypeError: if a leaf has become another type than it began with.
    """
    if isinstance(template, tuple) and hasattr(template, "_fields"):
        values = [
            restore(value, arrays, f"{path}.{name}") for name, value in zip(template._fields, template, strict=True)
        ]
        return cast("S", type(template)(*values))
    leaf = arrays[path]
    if leaf.dtype != (expected := np.asarray(template).dtype):
        raise TypeError(f"{path} is {leaf.dtype}, and was {expected} in the beginning")
    return cast("S", leaf if isinstance(template, np.ndarray) else type(template)(leaf.item()))  # type: ignore[call-arg]
