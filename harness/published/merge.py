"""The blocks of a cell as one job: a repository keeps few files, and a run does not depend on its block.

Only jobs that were made by the same sources on the same platform, knowing the same claims, become one; the others stay
beside each other. A merged job is a job like any: whatever reads records reads it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from harness.arrays import read_npz
from harness.cell import canonical
from harness.columns import read_table
from harness.files import json_bytes, read_bytes
from harness.manifest import read_manifest
from harness.parquet import parquet_bytes
from harness.seal import SEAL, sealed
from harness.tables.read import verify

LARGE = 30 * 1024  # bytes of candidates.npz beyond which it stays behind
CANDIDATES = "candidates.npz"
Contents = dict[str, bytes]  # of the files of a job, its manifest last


def merged(manifests: Sequence[Path], *, whole: bool) -> dict[str, Contents]:
    """The jobs of one cell, as few as can be: the name of each folder and its files.

    Args:
        manifests: of the jobs.
        whole: keep candidates however large they are.

    Raises:
        InputError: a job is damaged.
    """
    alike: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for path in manifests:
        content = read_manifest(path)
        alike.setdefault(canonical(_header(content)), []).append((path, content))
    return dict(_one(jobs, whole) for jobs in alike.values())


def _header(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of all its runs."""
    return {name: value for name, value in content.items() if name not in ("runs", "files", SEAL)}


def _one(jobs: Sequence[tuple[Path, dict[str, Any]]], whole: bool) -> tuple[str, Contents]:
    """Jobs with one header as one; its manifest vouches for what is there and names what is not (`left`)."""
    for path, content in jobs:
        for name, stated in content["files"].items():
            verify(path.with_name(name), stated)
    first = jobs[0][1]
    runs = sorted((run for _, content in jobs for run in content["runs"]), key=lambda run: int(run["seed"]))
    made = {name: _joined([path.with_name(name) for path, _ in jobs]) for name in sorted(first["files"])}
    kept = {name: content for name, content in made.items() if whole or name != CANDIDATES or len(content) <= LARGE}
    manifest = {
        **_header(first),
        "runs": runs,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in kept.items()},
        "left": sorted(made.keys() - kept.keys()),
    }
    folder = f"seeds-{runs[0]['seed']:04d}-{runs[-1]['seed']:04d}"
    return folder, kept | {"manifest.json": json_bytes(sealed(manifest))}


def _joined(files: Sequence[Path]) -> bytes:
    """Files of one name as one: rows below rows, arrays beside arrays; one alone stays as it is."""
    if len(files) == 1:
        return files[0].read_bytes()
    if files[0].suffix == ".parquet":
        tables = [read_table(read_bytes(file), str(file)) for file in files]
        return parquet_bytes(pa.concat_tables(tables, promote_options="default"))
    arrays = {name: array for file in files for name, array in read_npz(file.read_bytes()).items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
