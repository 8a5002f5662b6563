"""How planning grows: Snakemake's dry run of 1 000, 10 000 and 100 000 runs in blocks of 10, and nothing to do on 10 000.

The finished study is Snakemake's own `--touch`: every manifest is an empty file, with the records of a job that ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import MEBI, Watched, project, python, snakemake, watch

TITLE = "Planning: seconds, seconds of a job, memory"
SIZES = (1_000, 10_000, 100_000)
SEEDS, BLOCK = 100, 10
STUDY = """\
title: Growth
question: How many?
seeds: {seeds}
block: {block}
evaluation: {{every: 1000, episodes: 1}}
budget: 1000
algorithms:
{algorithms}
grids:
  - environments: [CartPole-v1, Pendulum-v1, Acrobot-v1, MountainCar-v0, MountainCarContinuous-v0]
    policies: [linear, mlp]
    algorithms: [{names}]
"""
CELLS = 10  # of each algorithm


def study(runs: int, seeds: int = SEEDS, block: int = BLOCK) -> str:
    """A study of so many runs: more of them are more settings of one algorithm."""
    labels = [f"ars-{number}" for number in range(max(1, round(runs / seeds / CELLS)))]
    entries = [
        f"  {label}: {{algorithm: ars, settings: {{step_size: {0.001 * (number + 1)!r}}}}}"
        for number, label in enumerate(labels)
    ]
    return STUDY.format(seeds=seeds, block=block, algorithms="\n".join(entries), names=", ".join(labels))


def run(settings: Settings) -> Iterator[Row]:
    """Dry runs, then the finished study."""
    per_job: list[float] = []
    sizes = SIZES[:2] if settings.quick else SIZES
    for runs in sizes:
        with project("growth", study(runs)) as folder:
            seen = watch(snakemake("growth", "-n", "--quiet", "all"), folder)
            jobs = runs // BLOCK
            per_job.append(1000.0 * seen.processor / jobs)
            yield row(f"dry run, {runs} runs in {jobs} jobs", seen, Goal())
            if runs == 10_000:
                yield finished(folder)
    ratio = per_job[-1] / per_job[1]
    goal = Goal(most=1.3)
    jobs = [f"{size}" for size in sizes[1:]]
    yield Row("a job of the dry run", "ms", per_job[-1], f"at {jobs[0]} runs", per_job[1], ratio, goal=goal, note="linear: 1")


def finished(folder: Path) -> Row:
    """Nothing to do on a finished study."""
    watch(python("-m", "benchmarks.synthetic_records", "growth", "0"), folder)
    watch(snakemake("growth", "--touch", "--cores", "1", "--quiet", "all"), folder)
    seen = watch(snakemake("growth", "--cores", "1", "--quiet", "all"), folder)
    return row("nothing to do, 10000 runs", seen, Goal(most=30.0))


def row(case: str, seen: Watched, goal: Goal) -> Row:
    """Seconds of the processor, with the memory."""
    return Row(case, "s", seen.processor, goal=goal, note=f"{seen.memory / MEBI:.0f} MiB")
