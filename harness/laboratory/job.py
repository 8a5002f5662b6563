"""One job of the laboratory: a bench for a block of seeds, recorded like the runs.

results/laboratory/{environment}/{policy}/{algorithm}/{digest}/seeds-{first}-{last}/
manifest.json      written last, sealed: bench, checksums, digest of every seed, provenance
estimates.parquet  a row per seed and point: updates, failed, steps, noise, effective
vectors.npz        points [K, d], target [K, d] and its error [K], gradient [K, d] of the return of the mode;
seeds [S], mean [S, K, d] and direction [S, K, d] of the updates
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from harness import plugins
from harness.declared import FILE, MEMORY, declared, declared_before, memory
from harness.files import alone_in, json_bytes, write_together
from harness.fingerprint import import_bound
from harness.laboratory.bench import Bench
from harness.laboratory.measure import Measured, Measurement, algorithm_at, bench_fingerprint, full, head, measure
from harness.parquet import as_table, parquet_bytes
from harness.provenance import provenance
from harness.seal import sealed

SCHEMA = 1


def measure_block(bench: Bench, seeds: range, folder: Path) -> Path:
    """Measure every seed of a block, write the records and return the path of the manifest.

    Raises:
        InputError, Irregular: the claims cannot be read.
        Unwritable: if the records cannot be written; found out before anything is measured.
        ValueError: the path does not exist, or diverged.
    """
    import_bound()
    with alone_in(folder):
        claims, origin = declared(plugins.ROOT / FILE), provenance()  # before the data; what is unreadable is refused
        return _write(bench, folder, measure(bench, seeds), claims, origin)


def _write(
    bench: Bench, folder: Path, measured: Measurement, claims: Mapping[str, str], origin: Mapping[str, Any]
) -> Path:
    """The records, and when they stand the manifest."""
    policy, found = head(bench), measured.seeds
    made = algorithm_at(bench, policy, full(policy, measured.points[0]))
    rows = [(seed, _row(point, one)) for seed, many in found.items() for point, one in enumerate(many)]
    contents = {"estimates.parquet": parquet_bytes(as_table(rows)), "vectors.npz": _vectors(measured)}
    known = declared_before(claims, [folder.parent], found)
    manifest = {
        "schema": SCHEMA,
        "bench": asdict(bench),
        "bench_digest": bench.digest,
        "code": bench_fingerprint(bench),
        "family": made.family,
        "parameters": policy.dim,
        "kind": "estimate" if hasattr(made, "estimate") else "step",
        "smoothing": getattr(made, "smoothing", None),
        "seeds": [{"seed": seed, "digest": _digest(many)} for seed, many in found.items()],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "claims": known,
        "provenance": dict(origin),
    }
    contents[MEMORY] = json_bytes(memory(known, found))
    write_together(folder, contents | {"manifest.json": json_bytes(sealed(manifest))})
    return folder / "manifest.json"


def _row(point: int, one: Measured) -> dict[str, float]:
    numbers = {"updates": one.summary.updates, "failed": one.summary.failed, "noise": one.summary.noise}
    return {"point": point, "steps_per_update": one.steps, "effective": one.effective, **numbers}


def _vectors(measured: Measurement) -> bytes:
    """The arrays as npz bytes."""
    places, known, found = measured
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        points=places,
        target=np.stack([own.gradient for own, _ in known]),
        target_error=np.array([own.error for own, _ in known]),
        gradient=np.stack([mode.gradient for _, mode in known]),
        seeds=np.array(list(found), dtype=np.int64),
        mean=np.array([[one.summary.mean for one in many] for many in found.values()]),
        direction=np.array([[one.summary.direction for one in many] for many in found.values()]),
    )
    return buffer.getvalue()


def _digest(many: Iterable[Measured]) -> str:
    """Sha256 of all that was measured of a seed."""
    total = hashlib.sha256()
    for one in many:
        total.update(np.array([one.steps, one.effective, *one.summary[:3]]).tobytes())
        total.update(np.concatenate(one.summary[3:]).tobytes())
    return total.hexdigest()
