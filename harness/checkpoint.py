"""Checkpoints: a snapshot of a run as one npz file, readable without pickle, refused when damaged or foreign."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from harness.arrays import read_npz
from harness.files import read_bytes, write_bytes
from harness.run import Snapshot
from harness.state import Arrays, flatten, restore


class Damaged(ValueError):
    """A checkpoint that cannot be used; says why."""


def save(path: Path, snapshot: Snapshot, owner: str) -> None:
    """Write a snapshot; `owner` names the run, the code and the platform it belongs to."""
    arrays = flatten(snapshot.state)
    known = {name: getattr(snapshot, name) for name in _PLAIN}
    text = json.dumps({"owner": owner, "snapshot": known, "digest": _digest(arrays, known)})
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, header=np.frombuffer(text.encode(), np.uint8), **arrays)
    write_bytes(path, buffer.getvalue())


def load(path: Path, template: Any, owner: str) -> Snapshot:
    """Read a snapshot back, bit for bit.

    Args:
        path: of the checkpoint.
        template: a state of the same structure, e.g. from `init`.
        owner: what `save` was told.

    Raises:
        Damaged: if the file is truncated, altered, or belongs to another run, or to other code or another platform.
    """
    try:
        arrays = read_npz(read_bytes(path))
        header = json.loads(arrays.pop("header").tobytes())
        known = header["snapshot"]
        if header["owner"] != owner:
            raise Damaged(f"{path} belongs to another run, or to other code or another platform")
        if header["digest"] != _digest(arrays, known):
            raise Damaged(f"{path} was altered")
        return Snapshot(restore(template, arrays), **known)
    except (Damaged, FileNotFoundError):
        raise
    except Exception as fault:  # JSON and NumPy raise a dozen kinds for a file that is not what it was
        raise Damaged(f"{path} cannot be read: {fault}") from fault


_PLAIN = ("turn", "steps", "episodes", "evaluation_steps", "status", "reason", "evaluations", "training", "seconds")


def _digest(arrays: Arrays, known: dict[str, Any]) -> str:
    """Sha256 over names, types, shapes and bytes of all that is saved."""
    total = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for name in sorted(arrays):
        leaf = arrays[name]
        total.update(f"{name} {leaf.dtype.str} {leaf.shape}".encode())
        total.update(np.ascontiguousarray(leaf).tobytes())
    return total.hexdigest()
