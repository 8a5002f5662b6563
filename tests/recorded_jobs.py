"""Small recorded jobs, as a run leaves them, with numbers of one's own: for tests of the tables."""

import hashlib
from dataclasses import asdict

import numpy as np
import pandas as pd

from harness.cell import Cell, Evaluation, Part, World
from harness.files import json_bytes
from harness.seal import sealed
from harness.tables import CellRecord

SECONDS = ("seconds_ask", "seconds_rollout", "seconds_tell", "seconds_evaluate", "seconds_total")
POLE = World("pole", "compiled", "cartpole", None, {}, 100, True, False)
CELL = Cell(POLE, Part("linear", "linear", {}), Part("ars", "ars", {}), 1000, Evaluation(250, 2))
CODE = hashlib.sha256(b"sources").hexdigest()
HEADER = {"cell": asdict(CELL), "cell_digest": CELL.digest, "code": CODE, "family": "gradient-free", "parameters": 5}
BUDGET, GRID = 1000, (0, 250, 500, 750, 1000, 1100)


def record(root, seeds, algorithm="ars", policy="linear", environment="pole", family="gradient-free", jobs=1):
    """A cell whose random score is 0, reference 100 and solved at 80; its seeds in `jobs` blocks."""
    blocks = [block for block in np.array_split(seeds, jobs) if len(block)]
    folder = root / environment / policy / algorithm
    return CellRecord(
        *(environment, policy, algorithm, family),
        parameters=5,
        digest="d1",
        seeds=tuple(seeds),
        budget=BUDGET,
        manifests=tuple(folder / f"seeds-{block[0]}-{block[-1]}" / "manifest.json" for block in blocks),
        random=0.0,
        reference=100.0,
        optimum=120.0,
        solved=80.0,
        targets=(20.0, 60.0, 80.0),
        structure=policy.partition("-")[0],
        problem=environment.partition("-")[0],
        horizon=100,
        actions=2,
    )


def digest_of(name):
    """A digest to know again."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def write_job(manifest, curves, exact=(), diverged=None, clock=1.0):
    """A job as `harness/record.py` leaves it; curves {seed: returns}, exact seeds, diverged {seed: steps}."""
    diverged = diverged or {}
    manifest.parent.mkdir(parents=True)
    evaluations = [
        {"seed": seed, "turn": turn, "steps": steps, "episodes": turn, "return_mean": float(value), "return_std": 0.0}
        | {"return_min": 0.0, "return_max": 0.0, "length_mean": 1.0, "exact": float(seed in exact)}
        for seed, values in curves.items()
        for turn, (steps, value) in enumerate(zip(GRID, values, strict=False))
    ]
    timing = [{"seed": seed, **{name: clock * (1 + place) for place, name in enumerate(SECONDS)}} for seed in curves]
    runs = [
        {"seed": seed, "turn": len(values), "steps": diverged.get(seed, 1100), "episodes": 7, "evaluation_steps": 9}
        | {"status": "diverged" if seed in diverged else "finished"}
        | {"reason": "theta is not finite" if seed in diverged else "", "digest": digest_of(seed)}
        for seed, values in sorted(curves.items())
    ]
    files = {"evaluations.parquet": evaluations, "timing.parquet": timing}
    for name, rows in files.items():
        pd.DataFrame(rows or {"seed": np.empty(0, int)}).to_parquet(manifest.parent / name)
    sums = {name: hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest() for name in files}
    content = {"schema": 1, **HEADER, "runs": runs, "files": sums, "provenance": {}}
    manifest.write_bytes(json_bytes(sealed(content)))
