"""Synthetic records of a study, made where it is run: `python -m benchmarks.synthetic_records STUDY SEEDS`.

A few jobs are made with random walks for curves, some reaching every target; every cell of the study gets the files
of one of them under a manifest of its own. With SEEDS = 0 every file of a finished study is made, and all of them are
empty: that they are there is all that Snakemake asks.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from harness import plugins, record
from harness.assembly import space
from harness.files import write_json
from harness.interface import Candidate
from harness.losses import FIGURES, RUN
from harness.parts.moments import identity
from harness.products import report_sums
from harness.results import records
from harness.run import Snapshot
from harness.seal import SEAL, sealed
from harness.streams import stream
from harness.tracking import ledger
from harness.vouched import SUMS
from harness.workflow import Workflow, open_study

TEMPLATES, POINTS = 20, 21
STORE = "http://localhost"  # is not asked
PRODUCTS = (
    "results/tables/{0}/findings.csv",
    "results/mirror/{0}.passed",
    "reports/{0}.html",
    "reports/{0}.pdf",
)


def main() -> None:
    workflow, seeds = open_study(sys.argv[1]), int(sys.argv[2])
    if seeds:
        fill(workflow, plugins.ROOT, seeds)
        return
    finish(workflow, plugins.ROOT)


def finish(workflow: Workflow, folder: Path) -> None:
    """Every file of a finished study, empty, and the ledger of a server that shows it."""
    name = workflow.study.name
    beside = [Path(manifest).with_name(other) for manifest in workflow.manifests for other in RUN]
    figures = (f"{figure}.{suffix}" for figure in FIGURES for suffix in ("svg", "pdf"))
    drawn = [f"results/figures/{name}/{file}" for file in (*figures, SUMS)]
    others = (f"results/tables/{name}/{SUMS}", f"reports/{report_sums(name)}")
    products = (product.format(name) for product in PRODUCTS)
    for place in (*workflow.manifests, *beside, *products, *drawn, *others):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    ledger.write(folder / "results", ledger.Ledger(name, STORE))


def fill(workflow: Workflow, folder: Path, seeds: int) -> None:
    """The records of every job of the study; a job is a cell with all its seeds."""
    templates = [template(folder / "templates" / str(number), number, seeds) for number in range(TEMPLATES)]
    for number, (record_of, job) in enumerate(zip(records(workflow), workflow.jobs, strict=True)):
        source, manifest = templates[number % TEMPLATES]
        target = folder / job.folder
        shutil.copytree(source, target)
        solutions = candidates(record_of.parameters, space(job.cell.environment).observations, seeds)
        (target / "candidates.npz").write_bytes(solutions)
        files = {**manifest["files"], "candidates.npz": hashlib.sha256(solutions).hexdigest()}
        cell = {"cell": asdict(job.cell), "cell_digest": job.cell.digest, "parameters": record_of.parameters}
        write_json(target / "manifest.json", sealed({**manifest, **cell, "files": files}))


@cache
def candidates(parameters: int, observations: int, seeds: int) -> bytes:
    """Solutions of the right size, all zero, so that the film of a run can be made."""
    still = {"theta": np.zeros(parameters), "mean": np.zeros(observations), "std": np.ones(observations)}
    buffer = io.BytesIO()
    np.savez(buffer, **{f"seed-{seed}/{name}": array for seed in range(seeds) for name, array in still.items()})
    return buffer.getvalue()


def template(folder: Path, number: int, seeds: int) -> tuple[Path, dict[str, Any]]:
    """One job, and its manifest."""
    folder.mkdir(parents=True)
    rng = stream(number, "template")
    runs = [walk(seed, rng) for seed in range(seeds)]
    path = record.write(folder, runs, {"code": "0" * 64, "family": "gradient-free"}, {"commit": ""})
    content = json.loads(path.read_text(encoding="utf-8"))
    return folder, {name: value for name, value in content.items() if name != SEAL}


def walk(seed: int, rng: np.random.Generator) -> record.Finished:
    """A run whose returns wander upwards, from 20 to 500 or less."""
    steps = np.linspace(0, 1000, POINTS).astype(int).tolist()
    returns = np.clip(np.cumsum(rng.exponential(rng.choice([5.0, 40.0]), POINTS)), 20.0, 500.0).tolist()
    shared = {"return_std": 1.0, "return_min": 0.0, "return_max": 500.0, "length_mean": 100.0, "exact": 0.0}
    rows = [
        {"turn": place, "steps": step, "episodes": step // 10, "return_mean": value, **shared}
        for place, (step, value) in enumerate(zip(steps, returns, strict=True))
    ]
    state = Snapshot(
        None, turn=POINTS, steps=1000, episodes=100, status="finished", evaluations=rows, training=rows[1:]
    )
    seconds = dict.fromkeys(("ask", "rollout", "tell", "evaluate", "total"), 0.1)
    return record.Finished(seed, state, Candidate(rng.standard_normal(8), identity(4)), seconds)


if __name__ == "__main__":
    main()
