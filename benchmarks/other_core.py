"""The other core: two jobs side by side, each on a core of its own, against one alone.

The figure is the work of two in the time that they take together, over the work of one in its own: 2 is perfect.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import all_cores, python, watch

TITLE = "Two jobs side by side, against one"
JOBS = {"ARS, linear": ("ars", "linear", "60000000"), "PPO, MLP 64-64": ("ppo", "mlp", "60000")}
ROUNDS = 3


def run(settings: Settings) -> Iterator[Row]:
    """Each kind of job, alone and in company, in turns."""
    with all_cores() as cores:
        if cores < 2:
            return
        for name, words in JOBS.items():
            ratios, alone = [], []
            for _ in range(settings.rounds(ROUNDS)):
                alone.append(wall(words, 0))
                with ThreadPoolExecutor(2) as pool:
                    together = max(pool.map(lambda core, words=words: wall(words, core), (0, 1)))
                ratios.append(2.0 * alone[-1] / together)
            middle = statistics.median(alone)
            ratio = statistics.median(ratios)
            yield Row(
                name, "s", middle, "two at once", 2.0 * middle / ratio, ratio, min(ratios), max(ratios), Goal(least=1.9)
            )


def wall(words: tuple[str, ...], core: int) -> float:
    """Seconds of one job on a core."""
    return watch(python("-m", "benchmarks.one_job", *words), cores=[core]).wall
