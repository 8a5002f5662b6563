"""About how long jobs will take; a factor of two either way is no surprise.

Measured on a 2.5 GHz core with nothing beside it. A plug-in that is not in the table counts as the usual one of its
family: the estimate is for a person who waits, and nothing else reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from harness import plugins
from harness.assembly import KERNELS, space
from harness.cell import Cell
from harness.grid import Job
from harness.laboratory.bench import Bench, BenchJob
from harness.policy import build
from harness.rollouts.engine import acting_module, head_name

START_SECONDS = 1.5  # of a job: Python, imports, kernels from their cache
TORCH_SECONDS = 2.5  # of its import, where a gradient has no closed form
COMPILE_SECONDS = 3.0  # of a kernel that the project does not have yet
REPORT_SECONDS = 30.0  # tables, figures, films, HTML and PDF
TURN_SECONDS = 2e-3  # of the laboratory: what is overhead in a run is most of it here
ROLLOUT_RATES = {"compiled": 3_000_000.0, "gymnasium": 6_000.0}  # steps per second
PHYSICS_RATES = {  # the same of Gymnasium's ids and of compiled problems that were measured
    "Ant-v5": 5_000.0,
    "BipedalWalker-v3": 5_000.0,
    "HalfCheetah-v5": 38_000.0,
    "Hopper-v5": 12_000.0,
    "LunarLander-v3": 20_000.0,
    "Swimmer-v5": 20_000.0,
    "Walker2d-v5": 9_000.0,
    "lunar_lander": 60_000.0,
}


class Digestion(NamedTuple):
    """What an algorithm needs beside its rollouts, in seconds."""

    step: float  # for a step
    episode: float = 2e-5  # for an episode of full length: with most, a turn is a number of episodes


USUAL = {"gradient-free": Digestion(0.0), "policy-gradient": Digestion(2e-6), "probe": Digestion(0.0)}
KNOWN = {
    "cma_es": Digestion(0.0, 6e-5),
    "exact_gradient": Digestion(0.0, 6e-4),
    "natural_gradient": Digestion(1.5e-5),
    "off_policy": Digestion(1.6e-5),
    "ppo": Digestion(1.4e-5),
}
AUTOGRAD = 2.0  # how much more a policy gradient needs through torch than in closed form


def cores_of_this_machine() -> int:
    """How many this process may use; more jobs at a time than these end no sooner."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def seconds(jobs: Iterable[Job | BenchJob], cores: int) -> float:
    """What jobs take with so many at a time; never less than the longest of them."""
    asked = list(jobs)
    return max([core_seconds(asked) / cores, *(core_seconds([job]) for job in asked)])


def core_seconds(jobs: Iterable[Job | BenchJob]) -> float:
    """What jobs take one after the other, each kernel that the project does not have yet compiled by the first."""
    asked = list(jobs)
    return sum(map(job_seconds, asked)) + COMPILE_SECONDS * len(missing_kernels(asked))


def job_seconds(job: Job | BenchJob) -> float:
    """What one job takes if its kernel is there."""
    seeds, torch = job.last - job.first + 1, TORCH_SECONDS * _autograd(_cell(job))
    return (
        START_SECONDS
        + torch
        + seeds * (bench_seconds(job.bench) if isinstance(job, BenchJob) else run_seconds(job.cell))
    )


def bench_seconds(bench: Bench) -> float:
    """One seed of the laboratory: its turns, warm-up included."""
    return bench.updates * len(bench.route.points) * (1 + bench.warmup) * TURN_SECONDS


def _cell(job: Job | BenchJob) -> Cell | Bench:
    return job.bench if isinstance(job, BenchJob) else job.cell


def run_seconds(cell: Cell) -> float:
    """One seed: rolling out training and evaluation, and learning from what was rolled out."""
    evaluations = (cell.budget // cell.evaluation.every + 1) * cell.evaluation.episodes
    steps = cell.budget + evaluations * cell.environment.horizon
    digestion = KNOWN.get(cell.algorithm.file, USUAL[_algorithm(cell).family])
    learning = cell.budget * (digestion.step + digestion.episode / cell.environment.horizon)
    world = cell.environment
    rate = PHYSICS_RATES.get(str(world.problem or world.gymnasium), ROLLOUT_RATES[world.engine])
    return steps / rate + learning * (AUTOGRAD if _autograd(cell) else 1.0)


def missing_kernels(jobs: Iterable[Job | BenchJob]) -> set[str]:
    """The kernels of which the project has no version at all; whether one is of today's sources is not looked at."""
    needed = {_kernel(_cell(job)) for job in jobs}
    return {name for name in needed if not any((plugins.ROOT / KERNELS).glob(f"*/{name}.py"))}


def _kernel(cell: Cell | Bench) -> str:
    """The kernel of a cell, named as `harness/rollouts/kernel.py` does."""
    world = cell.environment
    explores: bool = _algorithm(cell).explores
    policy = build(cell.policy.file, dict(cell.policy.settings), space(world), explores, 0)
    first = f"environments_{world.problem}" if world.engine == "compiled" else "act"
    return f"{first}_{acting_module(policy.structure)}_{head_name(policy)}".replace(".", "_")


def _algorithm(cell: Cell | Bench) -> Any:
    return plugins.load("algorithms", cell.algorithm.file)


def _autograd(cell: Cell | Bench) -> bool:
    """Whether torch finds the gradients of the policy."""
    closed = hasattr(plugins.load("policies", cell.policy.file), "linearised")
    return not closed and bool(_algorithm(cell).family == "policy-gradient")
