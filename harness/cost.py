"""About how long a study will take; rough, a factor of three either way is no surprise.

The compiled and the learning rates were measured once, with one seed, on a busy 2.5 GHz core. The start of a job
and the rate of Gymnasium are guesses.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import plugins
from harness.cell import Cell
from harness.grid import Job

START_SECONDS = 3.0  # of a job: Python, imports, kernels from their cache
ROLLOUT_RATES = {"compiled": 1_000_000.0, "gymnasium": 12_000.0}  # steps per second
LEARNING_RATES = {"reinforce": 100_000.0, "exact": 30_000.0, "exact_gradient": 25_000.0}  # steps digested per second
USUAL_LEARNING_RATE = 12_000.0  # of everything else that reads steps: PPO, natural gradient, off-policy


def core_seconds(jobs: Iterable[Job]) -> float:
    """Seconds that one core would need for all jobs; kernels that must be compiled first are not counted."""
    return sum(START_SECONDS + (job.last - job.first + 1) * run_seconds(job.cell) for job in jobs)


def run_seconds(cell: Cell) -> float:
    """Seconds of one seed: rolling out training and evaluation, and learning from what was rolled out."""
    evaluations = (cell.budget // cell.evaluation.every + 1) * cell.evaluation.episodes
    steps = cell.budget + evaluations * cell.environment.horizon
    kind = plugins.load("algorithms", cell.algorithm.file)
    seconds = steps / ROLLOUT_RATES[cell.environment.engine]
    if vars(kind).get("family") == "gradient-free":  # returns alone are digested for nothing
        return seconds
    return seconds + cell.budget / LEARNING_RATES.get(cell.algorithm.file, USUAL_LEARNING_RATE)
