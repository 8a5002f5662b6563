"""How the report grows: tables, figures and report of 1 000, 10 000 and 100 000 runs, from synthetic records.

Cells have 30 seeds. A few jobs are made with random walks for curves, half of them reaching every target; every cell
gets the files of one of them under a manifest of its own, so all that a report reads and verifies is there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks import growth
from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import MEBI, project, python, watch
from harness import plugins, record
from harness.interface import Candidate
from harness.parts.moments import identity
from harness.run import Snapshot
from harness.streams import stream
from harness.workflow import open_study

TITLE = "Tables, figures and report of many runs: seconds, and the largest memory"
SIZES = (1_000, 10_000, 100_000)
SEEDS, TEMPLATES, POINTS = 30, 20, 21
STAGES = ("tables", "figures", "report")


def run(settings: Settings) -> Iterator[Row]:
    """Every size, every stage."""
    for size in SIZES[:2] if settings.quick else SIZES:
        with project("growth", growth.study(size, SEEDS, SEEDS)) as folder:
            runs = fill(folder)
            seen = {stage: watch(python("-m", "harness", stage, "growth"), folder) for stage in STAGES}
            for stage, one in seen.items():
                yield Row(f"{runs} runs, {stage}", "s", one.processor, note=f"{one.memory / MEBI:.0f} MiB")
            last = size == SIZES[-1]
            seconds, memory = sum(one.processor for one in seen.values()), max(one.memory for one in seen.values()) / MEBI
            yield Row(f"{runs} runs, all three", "s", seconds, goal=Goal(most=90.0) if last else Goal())
            yield Row(f"{runs} runs, memory", "MiB", memory, goal=Goal(most=4096.0) if last else Goal())


def fill(folder: Path) -> int:
    """The records of every job of the study; how many runs they are."""
    kept, plugins.ROOT = plugins.ROOT, folder
    try:
        planned = open_study("growth").planned
    finally:
        plugins.ROOT = kept
    templates = [template(folder / "templates" / str(number), number) for number in range(TEMPLATES)]
    for number, one in enumerate(planned):
        source, manifest = templates[number % TEMPLATES]
        target = folder / one.cell.folder / f"seeds-{0:04d}-{SEEDS - 1:04d}"
        shutil.copytree(source, target)
        family = {"family": "gradient-free", "parameters": 8}
        facts = {**manifest, **family, "cell": asdict(one.cell), "cell_digest": one.cell.digest}
        (target / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return SEEDS * len(planned)


def template(folder: Path, number: int) -> tuple[Path, dict[str, object]]:
    """One job with 30 runs, and its manifest."""
    folder.mkdir(parents=True)
    rng = stream(number, "template")
    runs = [walk(seed, rng) for seed in range(SEEDS)]
    path = record.write(folder, runs, {"code": "none"}, {"commit": "synthetic"})
    return folder, json.loads(path.read_text(encoding="utf-8"))


def walk(seed: int, rng: np.random.Generator) -> record.Finished:
    """A run whose returns wander upwards, from 20 to 500 or less."""
    steps = np.linspace(0, 1000, POINTS).astype(int).tolist()
    returns = np.clip(np.cumsum(rng.exponential(rng.choice([5.0, 40.0]), POINTS)), 20.0, 500.0).tolist()
    shared = {"return_std": 1.0, "return_min": 0.0, "return_max": 500.0, "length_mean": 100.0, "exact": 0.0}
    rows = [
        {"turn": place, "steps": step, "episodes": step // 10, "return_mean": value, **shared}
        for place, (step, value) in enumerate(zip(steps, returns, strict=True))
    ]
    state = Snapshot(None, turn=POINTS, steps=1000, episodes=100, status="finished", evaluations=rows, training=rows[1:])
    seconds = dict.fromkeys(("ask", "rollout", "tell", "evaluate", "total"), 0.1)
    return record.Finished(seed, state, Candidate(rng.standard_normal(8), identity(4)), seconds)
