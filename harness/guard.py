"""Guards of the interface: what an algorithm hands over is looked at before it is used, and faults name their turn.

The laws of `harness/contract` judge more and take longer; what stands here costs nothing beside a rollout. A state is
compared with itself at the first turn after each evaluation only, as a replay buffer can be long.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from harness.interface import Candidate, Request, Scaler
from harness.state import flatten

COLUMNS = ("seed", "turn", "steps", "episodes")  # of the training table: no metric can have these names
Imprint: TypeAlias = dict[str, tuple[str, int]]  # path of a leaf -> its type and a checksum of its bytes


class AlgorithmFault(RuntimeError):
    """An algorithm broke the interface; names the turn and what was wrong."""


def check_requests(requests: Any, turn: int) -> None:
    """Refuse what is no tuple of requests, none at all, or one that is not addressed by seeds.

    Engines look at shapes and at the rest of each request themselves.
    """
    if not isinstance(requests, tuple) or not all(isinstance(request, Request) for request in requests):
        raise AlgorithmFault(f"turn {turn}: ask returned {type(requests).__name__}, not a tuple of Request")
    if not requests:
        raise AlgorithmFault(f"turn {turn}: ask returned no request")
    for request in requests:
        if not isinstance(request.thetas, np.ndarray) or request.thetas.dtype != np.float64:
            raise AlgorithmFault(f"turn {turn}: the thetas of a request are no array of float64")
        if not isinstance(request.seeds, np.ndarray) or request.seeds.dtype != np.int64:
            raise AlgorithmFault(f"turn {turn}: the seeds of a request are no array of int64, see streams.draw_seeds")
        if (request.seeds < 0).any():
            raise AlgorithmFault(f"turn {turn}: a seed of a request is {request.seeds.min()}, and must not be negative")


def check_told(told: Any, turn: int) -> None:
    """Refuse an answer of `tell` that is not (state, metrics), metrics being numbers under names of their own."""
    if not isinstance(told, tuple) or len(told) != 2 or not isinstance(told[1], Mapping):
        raise AlgorithmFault(f"turn {turn}: tell did not return (state, metrics)")
    metrics: Mapping[str, Any] = told[1]
    for name, value in metrics.items():
        if name in COLUMNS:
            raise AlgorithmFault(f"turn {turn}: the metric '{name}' has the name of a column; give it another")
        if not isinstance(name, str) or np.asarray(value).shape or np.asarray(value).dtype.kind not in "fiub":
            raise AlgorithmFault(f"turn {turn}: the metric {name!r} is {type(value).__name__}, not a number")


def check_solution(candidate: Any, turn: int) -> None:
    """Refuse a solution that is no candidate: theta [P] in float64 under a scaler."""
    whole = isinstance(candidate, Candidate) and isinstance(candidate.scaler, Scaler)
    arrays = [candidate.theta, candidate.scaler.mean, candidate.scaler.std] if whole else [None]
    if not all(isinstance(array, np.ndarray) and array.dtype == np.float64 and array.ndim == 1 for array in arrays):
        raise AlgorithmFault(f"turn {turn}: solution returned no Candidate of arrays [P], [O], [O] in float64")


def imprint(state: Any, turn: int) -> Imprint:
    """What a state is, to see later whether it still is that."""
    try:
        leaves = flatten(state)
    except TypeError as fault:
        raise AlgorithmFault(f"turn {turn}: {fault}") from fault
    return {path: (leaf.dtype.str, zlib.crc32(leaf.tobytes())) for path, leaf in leaves.items()}


def check_pure(before: Imprint, after: Imprint, later: Imprint, turn: int) -> None:
    """Refuse a turn that changed the state it was given, or made one that no checkpoint of its kind can hold.

    Args:
        before: imprint of the state of this turn before `ask`.
        after: of the same state after `tell`.
        later: of the state that `tell` returned.
        turn: its number.
    """
    changed = [path for path in before if after.get(path) != before[path]]
    if changed:
        raise AlgorithmFault(f"turn {turn}: ask or tell changed {', '.join(changed)} in place; make a new state")
    kinds, known = ({path: kind for path, (kind, _) in one.items()} for one in (later, before))
    if kinds != known:
        odd = sorted(set(kinds.items()) ^ set(known.items()))
        raise AlgorithmFault(f"turn {turn}: the state became another kind of thing, see {odd[0][0]}")
