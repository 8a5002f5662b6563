"""What the MLflow view costs: CPU of the import, of making a store, of one run, of loading a store and of an idle pass.

    OMP_NUM_THREADS=1 python benchmarks/mlflow_cost.py [cells]

Records of `cells` cells with 10 seeds each (50 evaluations and 50 training rows a seed) are written into a temporary
folder and mirrored. `--profile` prints where the time of the runs goes instead.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.tracking import records, reflection, store

SEEDS, POINTS = 10, 50


def write_job(results: Path, number: int) -> Path:
    """One cell with 10 seeds; returns its manifest."""
    cell = {
        "environment": {"name": "CartPole-v1", "horizon": 500},
        "policy": {"label": "linear", "structure": "linear", "settings": {"bias": False}},
        "algorithm": {"label": f"ars-{number}", "file": "ars", "settings": {"step_size": 0.02, "directions": 8}},
        "budget": 50_000,
        "evaluation": {"every": 1000, "episodes": 20},
    }
    digest = hashlib.sha256(json.dumps(cell).encode()).hexdigest()
    folder = results / "runs" / digest[:12] / "seeds-0000-0009"
    folder.mkdir(parents=True)
    rows = [{"seed": s, "steps": 1000 * n, "return_mean": float(s + n)} for s in range(SEEDS) for n in range(POINTS)]
    for name in records.CURVES:
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    arrays = {f"seed-{s}/{name}": np.zeros(4) for s in range(SEEDS) for name in ("theta", "mean", "std")}
    np.savez(folder / "candidates.npz", **arrays)
    shared = {"status": "finished", "reason": "", "turn": 50, "steps": 50_000, "episodes": 500}
    summaries = [{"seed": seed, "digest": f"{digest}{seed}", **shared} for seed in range(SEEDS)]
    content = {"cell": cell, "cell_digest": digest, "family": "gradient-free", "parameters": 4, "runs": summaries}
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(content))
    return manifest


def cost(label: str, action: Callable[[], Any], divisor: int = 1) -> None:
    """Print CPU and wall milliseconds of an action."""
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{label:32s} {1000 * cpu / divisor:8.1f} ms CPU {1000 * wall / divisor:8.1f} ms wall")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="?", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        manifests = [write_job(results, number) for number in range(arguments.cells)]
        cost("import of MLflow", lambda: store.connect("sqlite://"))
        cost("making a store", lambda: store.open_store(results))
        mirror = reflection.Mirror(results, "cost", manifests)
        runs = len(manifests) * SEEDS
        if arguments.profile:
            profile = cProfile.Profile()
            profile.runcall(reflection.reflect, mirror)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            return
        cost("one run", lambda: reflection.reflect(mirror), runs)
        cost("a pass with nothing to do", lambda: reflection.reflect(mirror))
        again = reflection.Mirror(results, "cost", manifests)
        cost("loading one run of a store", lambda: reflection.reflect(again), runs)
        print(f"{'size of the store':32s} {(results / store.STORE).stat().st_size / runs / 1000:8.1f} kB a run")


if __name__ == "__main__":
    main()
