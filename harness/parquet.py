"""Rows of numbers as Parquet, and back."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from harness.columns import MOST, read_table
from harness.files import read_bytes
from harness.run import Rows

INTEGERS = ("seed", "turn", "steps", "episodes")
NEEDED = {"evaluations.parquet": (*INTEGERS, "return_mean"), "training.parquet": INTEGERS}


def as_table(rows: list[tuple[int, dict[str, float]]]) -> pa.Table:
    """Rows under their seed as columns; a metric that a row lacks is null."""
    columns = {"seed": _column([seed for seed, _ in rows], np.dtype(np.int64))}
    for name in dict.fromkeys(name for _, row in rows for name in row):
        kind = np.dtype(np.int64 if name in INTEGERS else np.float64)
        columns[name] = _column([row.get(name) for _, row in rows], kind)
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def by_seed(path: Path, rows: int = MOST, seed: int | None = None) -> defaultdict[int, Rows]:
    """The rows of each seed, or of one alone, without the cells that are null; a seed without a row has none.

    Args:
        path: of a file of a job of runs.
        rows: that there can be at most.
        seed: whose rows are wanted; None: those of all.

    Raises:
        InputError: for whatever is wrong with the file.
    """
    found: defaultdict[int, Rows] = defaultdict(list)
    table = read_table(read_bytes(path), str(path), NEEDED.get(path.name, ("seed",)), rows)
    chosen = table if seed is None or not table.num_rows else table.filter(compute.equal(table["seed"], seed))
    for row in chosen.to_pylist():
        found[row["seed"]].append({name: value for name, value in row.items() if name != "seed" and value is not None})
    return found


def _column(values: Sequence[float | None], kind: np.dtype[Any]) -> pa.Array:
    """Numbers as a column, None as null; made of buffers, as `pa.array` imports pandas: 0.2 s of every job."""
    present = np.array([value is not None for value in values], np.bool_)  # [n]
    numbers = np.array([0 if value is None else value for value in values], kind)  # [n]
    valid = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.from_numpy_dtype(kind), len(values), [valid, pa.py_buffer(numbers)])
