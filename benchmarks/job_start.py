"""The start of a job to its first environment step, gradient-free, warm caches, against `import numpy, numba`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import OURS, Goal, Row, Settings, alternate, compared
from benchmarks.peers import ROOT
from benchmarks.programs import python, watch

TITLE = "From the start of Python to the first environment step, seconds of the processor"
ROUNDS = 9
HEAVY = ("torch", "mlflow", "seaborn", "matplotlib", "pandas", "gymnasium", "scipy.linalg")
JOB = ("-m", "benchmarks.one_job", "ars", "linear", "1000", "--stop")


def run(settings: Settings) -> Iterator[Row]:
    """Both in turns; and what is imported by then."""
    contenders = {
        OURS: lambda: watch(python(*JOB), ROOT).processor,
        "import numpy, numba": lambda: watch(python("-c", "import numpy, numba"), ROOT).processor,
    }
    figures = alternate(contenders, settings.rounds(ROUNDS))
    yield from compared("ARS, linear, CartPole", "s", figures, {"import numpy, numba": Goal(most=1.5)})
    loaded = imported()
    yield Row("heavy packages by then", "packages", float(len(loaded)), goal=Goal(most=0), note=", ".join(loaded))


def imported() -> list[str]:
    """The heavy packages that the job has imported at its first step."""
    words = [sys.executable, "-X", "importtime", *JOB]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stderr
    names = {line.rsplit("|", 1)[-1].strip() for line in said.splitlines() if line.startswith("import time:")}
    return [name for name in HEAVY if name in names]
