"""How far a study is: a file that opens with what there is to do and gains a line for each job that is over.

The workflow begins the file and names it in the environment of its jobs; a job adds its line, whoever else does so at
the same time, and reads how many there are. It is for the eye alone: no result knows of it.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

VARIABLE = "HARNESS_PROGRESS"  # the file, in the environment of a job
TRUST = 0.1  # the share of all work after which the pace that is seen counts as much as the one foreseen


def begin(path: Path, jobs: int, work: float, seconds: float, after: float) -> None:
    """Begin the file, and name it to the processes that this one will start.

    Args:
        path: of the file; one of an earlier time is replaced.
        jobs: how many there are.
        work: of all jobs together, in any unit.
        seconds: that they are foreseen to take.
        after: seconds of what follows the last job.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"jobs": jobs, "work": work, "seconds": seconds, "after": after, "start": time.time()}
    path.write_text(json.dumps(header) + "\n", encoding="utf-8")
    os.environ[VARIABLE] = str(path)


def count(work: float) -> str:
    """Add a job that is over; `[12/89, about 1 min 40 s left] `, or nothing where nobody counts.

    Args:
        work: of the job, in the unit of `begin`.
    """
    if not (name := os.environ.get(VARIABLE)):
        return ""
    try:
        with Path(name).open("a+", encoding="utf-8") as file:
            file.write(f"{work}\n")
            file.flush()
            file.seek(0)
            first, *lines = file.read().splitlines()
        header, shares = json.loads(first), [float(line) for line in lines]
        left = in_words(seconds_left(header, sum(shares), time.time() - header["start"]))
        return f"[{len(shares):{len(str(header['jobs']))}d}/{header['jobs']}, about {left} left] "
    except (OSError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as fault:
        return f"[not counted, {type(fault).__name__}] "  # it is for the eye alone, and fails no job


def seconds_left(header: dict[str, float], done: float, elapsed: float) -> float:
    """What is left to do at the pace so far, which at first is the one foreseen."""
    pace = (max(0.0, elapsed) + TRUST * header["seconds"]) / (done + TRUST * header["work"])
    return max(0.0, header["work"] - done) * pace + header["after"]


def in_words(seconds: float) -> str:
    """`95.0` -> "1 min 35 s"."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours = minutes // 60
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
