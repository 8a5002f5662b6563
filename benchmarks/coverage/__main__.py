"""The coverage table: `python -m benchmarks.coverage [--studies 2000] [--workers 2] [--seed 0] [--only WORD]`.

Each case has its own stream, so a line of the table does not depend on the others or on the number of workers.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.coverage import duels, scores, times
from benchmarks.coverage.case import RESAMPLES, Case
from harness.streams import stream

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
WITHIN = 0.02  # of nominal, where that is claimed
HEAD = "| interval | runs | setting | nominal | coverage ± error | claimed | verdict |\n|---|---|---|---|---|---|---|\n"


@cache  # worked out once, before the workers fork
def every_case() -> list[Case]:
    """All lines of the table."""
    return [*scores.cases(), *duels.cases(), *times.cases()]


def simulate(place: int, studies: int, seed: int) -> float:
    """Share of simulated studies in which the interval of a case holds the truth."""
    case = every_case()[place]
    rng = stream(seed, "coverage", case.interval, case.runs, case.setting)
    return float(np.mean([case.trial(rng) for _ in range(studies)]))


def verdict(case: Case, coverage: float, error: float) -> str:
    """Kept, broken (beyond 3 Monte Carlo errors), or nothing where nothing is claimed."""
    if not case.claimed:
        return "—"
    short, long = case.nominal - coverage, coverage - case.nominal
    broken = short > WITHIN + 3 * error or (long > WITHIN + 3 * error and not case.at_least)
    return "BROKEN" if broken else "kept"


def row(case: Case, coverage: float, studies: int) -> str:
    """A line of the table; the error is one standard error of the simulation."""
    error = float(np.sqrt(coverage * (1 - coverage) / studies))
    claim = ("at least" if case.at_least else "± 2 points") if case.claimed else "no"
    numbers = f"{case.nominal:.0%} | {coverage:.1%} ± {error:.1%} | {claim} | {verdict(case, coverage, error)}"
    return f"| {case.interval} | {case.runs} | {case.setting} | {numbers} |\n"


def main() -> None:
    """Simulate, print and write the page; a selection is only printed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--studies", type=int, default=2000, help="simulated studies of each case")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of all streams; another one tests the claims afresh")
    parser.add_argument("--only", default="", help="cases whose interval has this word; nothing is written")
    asked = parser.parse_args()
    cases = every_case()
    places = [place for place, case in enumerate(cases) if asked.only in case.interval]
    with ProcessPoolExecutor(asked.workers) as pool:
        results = pool.map(simulate, places, [asked.studies] * len(places), [asked.seed] * len(places))
        rows = []
        for place, coverage in zip(places, results, strict=True):
            rows.append(row(cases[place], coverage, asked.studies))
            print(rows[-1], end="", flush=True)
    if not asked.only:
        studies = f"{asked.studies} simulated studies a line (seed {asked.seed}), {RESAMPLES} resamples each"
        note = f"{studies}; ± is one standard error of that."
        text = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")
        PAGE.write_text(f"{text}\n{note}\n\n{HEAD}{''.join(rows)}", encoding="utf-8")


if __name__ == "__main__":
    main()
