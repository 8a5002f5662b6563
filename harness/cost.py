"""About how long a study will take. Rough: rates of one core at 2.5 GHz, good to a factor of three elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from harness import plugins
from harness.cell import Cell
from harness.grid import Job

START_SECONDS = 3.0  # of a job: Python, imports, kernels from their cache
LEARNING_RATE = 15_000.0  # steps per second that a policy gradient digests
ROLLOUT_RATES = {"compiled": 1_500_000.0, "gymnasium": 12_000.0}  # steps per second


def core_seconds(jobs: Iterable[Job]) -> float:
    """Seconds that one core would need for all jobs; kernels that must be compiled first are not counted."""
    return sum(START_SECONDS + (job.last - job.first + 1) * run_seconds(job.cell) for job in jobs)


def run_seconds(cell: Cell) -> float:
    """Seconds of one seed: the training steps, digested or only rolled out, and the evaluations."""
    evaluations = (cell.budget // cell.evaluation.every + 1) * cell.evaluation.episodes
    steps = cell.budget + evaluations * cell.environment.horizon
    learnt = cell.budget if _learns(cell) else 0
    return steps / ROLLOUT_RATES[cell.environment.engine] + learnt / LEARNING_RATE


def _learns(cell: Cell) -> bool:
    """Whether the algorithm reads every step."""
    return bool(vars(plugins.load("algorithms", cell.algorithm.file)).get("explores", False))
