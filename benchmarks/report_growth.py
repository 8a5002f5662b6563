"""How the report grows: tables, figures and report of 1 000, 10 000 and 100 000 runs, from synthetic records.

Cells have 30 seeds; the records are those of benchmarks/synthetic_records.py, so all that a report reads and verifies
is there. Seconds are those of the wall clock, with a worker for every core: this is what a person waits for. A report
is made twice and the second counts: runs would have left the kernels that its films need.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import growth
from benchmarks.measure import Goal, Row, Settings
from benchmarks.programs import MEBI, all_cores, project, python, watch

TITLE = "Tables, figures and report of many runs, on all cores: seconds, and the memory of the largest process"
STAGES = ("tables", "figures", "report")


def run(settings: Settings) -> Iterator[Row]:
    """Every size, every stage."""
    for size in list(growth.SIZES)[: 2 if settings.quick else 3]:
        with all_cores() as cores, project("growth", growth.study(size, block=growth.SEEDS)) as folder:
            watch(python("-m", "benchmarks.synthetic_records", "growth", str(growth.SEEDS)), folder)
            runs = growth.runs_of(size)
            words = ("growth", "--jobs", str(cores))
            stages = (*STAGES, STAGES[-1])
            seen = {stage: watch(python("-m", "harness", stage, *words), folder) for stage in stages}
            for stage, one in seen.items():
                note = f"{one.processor:.1f} s of {cores} cores, {one.memory / MEBI:.0f} MiB"
                yield Row(f"{runs} runs, {stage}", "s", one.wall, note=note)
            last = size == 100_000
            seconds, memory = (
                sum(one.wall for one in seen.values()),
                max(one.memory for one in seen.values()) / MEBI,
            )
            yield Row(f"{runs} runs, all three", "s", seconds, goal=Goal(most=90.0) if last else Goal())
            yield Row(f"{runs} runs, memory", "MiB", memory, goal=Goal(most=4096.0) if last else Goal())
