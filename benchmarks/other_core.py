"""The other core: two jobs side by side, each on a core of its own, against each of them alone on the same core.

The figure is the work of two in the time that they take together, over the work of one in its own: 2 is perfect. By the
clock, what else runs on the machine slows two jobs and leaves one alone, which has another core to leave to it; by the
seconds of the processor counts only what the jobs do to one another.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import Watched, all_cores, python, watch

TITLE = "Two jobs side by side, against one"
JOBS = {"ARS, linear": ("ars", "linear", "60000000"), "PPO, MLP 64-64": ("ppo", "mlp", "60000")}
ROUNDS = 5
CORES = (0, 1)


def run(settings: Settings) -> Iterator[Row]:
    """Each kind of job, alone and in company, in turns; every other round begins with the company."""
    with all_cores() as cores:
        if cores < 2:
            return
        for name, words in JOBS.items():
            rounds = [both_ways(words, bool(number % 2)) for number in range(settings.rounds(ROUNDS))]
            for clock in ("wall", "processor"):
                alone = [getattr(watched, clock) for single, _ in rounds for watched in single]
                ratios = [speedup(single, pair, clock) for single, pair in rounds]
                one, ratio = statistics.median(alone), statistics.median(ratios)
                case = name if clock == "wall" else f"{name}, of the processor"
                goal = Goal(least=1.9) if clock == "wall" else Goal()
                yield Row(case, "s", one, "two at once", 2.0 * one / ratio, ratio, min(ratios), max(ratios), goal)


def both_ways(words: tuple[str, ...], company_first: bool) -> tuple[list[Watched], list[Watched]]:
    """The job alone on each core, one after the other, and on both at once."""
    pair = together(words) if company_first else []
    single = [on_core(words, core) for core in CORES]
    return single, pair or together(words)


def together(words: tuple[str, ...]) -> list[Watched]:
    """The job on both cores at once."""
    with ThreadPoolExecutor(len(CORES)) as pool:
        return list(pool.map(lambda core: on_core(words, core), CORES))


def on_core(words: tuple[str, ...], core: int) -> Watched:
    """One job on a core."""
    return watch(python("-m", "benchmarks.one_job", *words), cores=[core])


def speedup(single: list[Watched], pair: list[Watched], clock: str) -> float:
    """Work of the pair over the work of one; by the clock the slower of them counts."""
    alone: list[float] = [getattr(watched, clock) for watched in single]
    paired: list[float] = [getattr(watched, clock) for watched in pair]
    return sum(alone) / (max(paired) if clock == "wall" else statistics.mean(paired))
