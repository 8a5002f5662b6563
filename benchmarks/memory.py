"""The largest memory of one job, resident, pages shared with other processes included: without torch, and with it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import MEBI, python, watch

TITLE = "Largest memory of one job"
JOBS = {
    "ARS, linear": ("ars", "linear", Goal(most=400)),
    "CMA-ES, linear": ("cma_es", "linear", Goal(most=400)),
    "ARS, MLP 64-64": ("ars", "mlp", Goal(most=400)),
    "REINFORCE, MLP 64-64": ("reinforce", "mlp", Goal(most=900)),
    "natural gradient, MLP 64-64": ("natural_gradient", "mlp", Goal(most=900)),
    "PPO, soft tree (torch)": ("ppo", "tree", Goal(most=900)),
}


def run(settings: Settings) -> Iterator[Row]:
    """One run of 20 000 steps each."""
    for name, (algorithm, policy, goal) in JOBS.items():
        seen = watch(python("-m", "benchmarks.one_job", algorithm, policy, "20000"))
        yield Row(name, "MiB", seen.memory / MEBI, goal=goal)
