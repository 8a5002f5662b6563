"""How planning grows: Snakemake's dry run of 1 000 to 100 000 runs in blocks of 10, and nothing to do on 10 000.

The finished study is one whose files are all there, and empty, under Snakemake's own `--touch`; that there is nothing
to do is asked before it is timed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import MEBI, Watched, project, python, snakemake, watch

TITLE = "Planning: seconds and memory of Snakemake before anything runs"
SIZES = {1_000: (1, 2), 10_000: (6, 4), 100_000: (12, 18)}  # environments and policies of about so many runs
SEEDS, BLOCK = 30, 10
NOTHING = "Nothing to be done"
ENVIRONMENTS = (
    *(
        "CartPole-v1",
        "Pendulum-v1",
        "Acrobot-v1",
        "MountainCar-v0",
        "MountainCarContinuous-v0",
        "lqr-double-integrator",
    ),
    *("lqr-double-integrator-recht", "lqr-datacenter", "lqr-random-4x2", "lqr-random-20x5", "chain-5", "chain-10"),
)
ALGORITHMS = 15
STUDY = """\
title: Growth
question: How many?
seeds: {seeds}
block: {block}
evaluation: {{every: 1000, episodes: 1}}
budget: 20000
algorithms:
{algorithms}
policies:
{policies}
grids:
  - environments: [{environments}]
    policies: [{policy_names}]
    algorithms: [{algorithm_names}]
"""


def study(size: int, block: int = BLOCK) -> str:
    """A study of about so many runs: 15 algorithms, and as many environments and policies as it takes."""
    environments, widths = SIZES[size]
    algorithms = {
        f"ars-{number}": f"{{algorithm: ars, settings: {{step_size: {0.01 * (number + 1):.2f}}}}}"
        for number in range(ALGORITHMS)
    }
    policies = {
        f"mlp-{width}": f"{{structure: mlp, settings: {{widths: [{width}]}}}}" for width in range(1, widths + 1)
    }
    return STUDY.format(
        seeds=SEEDS,
        block=block,
        algorithms="\n".join(f"  {name}: {entry}" for name, entry in algorithms.items()),
        policies="\n".join(f"  {name}: {entry}" for name, entry in policies.items()),
        environments=", ".join(ENVIRONMENTS[:environments]),
        policy_names=", ".join(policies),
        algorithm_names=", ".join(algorithms),
    )


def runs_of(size: int) -> int:
    """How many runs that is exactly."""
    environments, policies = SIZES[size]
    return environments * policies * ALGORITHMS * SEEDS


def run(settings: Settings) -> Iterator[Row]:
    """Dry runs, then the finished study."""
    per_job: dict[int, float] = {}
    for size in list(SIZES)[: 2 if settings.quick else 3]:
        with project("growth", study(size)) as folder:
            seen = watch(snakemake("growth", "-n", "--quiet", "all"), folder)
            jobs = runs_of(size) // BLOCK
            per_job[jobs] = 1000.0 * seen.processor / jobs
            yield row(f"dry run, {runs_of(size)} runs in {jobs} jobs", seen, Goal())
            if size == 10_000:
                yield finished(folder, runs_of(size))
    *_, before, last = per_job
    ratio, goal = per_job[last] / per_job[before], Goal(most=1.3)
    yield Row("a job of the dry run", "ms", per_job[last], f"of {before} jobs", per_job[before], ratio, goal=goal)


def finished(folder: Path, runs: int) -> Row:
    """Nothing to do on a finished study.

    Raises:
        RuntimeError: if there is.
    """
    watch(python("-m", "benchmarks.synthetic_records", "growth", "0"), folder)
    watch(snakemake("growth", "--touch", "--cores", "1", "--quiet", "all"), folder)
    plan = watch(snakemake("growth", "-n"), folder)
    if NOTHING not in plan.said:
        raise RuntimeError(f"the finished study is not finished:\n{plan.said[-3000:]}")
    seen = watch(snakemake("growth", "--cores", "1", "--quiet", "all"), folder)
    return row(f"nothing to do, {runs} runs", seen, Goal(most=30.0))


def row(case: str, seen: Watched, goal: Goal) -> Row:
    """Seconds of the processor, with the memory."""
    return Row(case, "s", seen.processor, goal=goal, note=f"{seen.memory / MEBI:.0f} MiB")
