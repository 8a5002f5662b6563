"""What the benchmarks make of their measurements: steps to a score, when it is looked for, work of two cores."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.measure import Goal
from benchmarks.other_core import speedup
from benchmarks.peers import ROOT
from benchmarks.programs import Watched, remove
from benchmarks.training import Trained, crossed, train


def solved_at(*steps: int | None) -> list[Trained]:
    """Runs that reached the score after so many steps, or did not."""
    return [Trained(step or 9000, 1.0, step) for step in steps]


class Turns:
    """An algorithm whose turns take 200 steps, and a bench of one policy that scores 475 after so many steps."""

    def __init__(self, solved: int) -> None:
        self.solved, self.steps, self.seen = solved, 0, list[int]()

    def init(self, rng: np.random.Generator) -> None:
        """No state."""

    def ask(self, state: None, turn: Any) -> tuple[None]:
        """One request."""
        return (None,)

    def engine(self, request: None) -> Any:
        """Two episodes of 100 steps."""
        self.steps += 200
        return SimpleNamespace(lengths=np.array([100, 100]))

    def tell(self, state: None, outcomes: tuple[Any, ...], turn: Any) -> tuple[None, None]:
        """Nothing is learnt."""
        return None, None

    def solution(self, state: None) -> Any:
        """Anything."""
        return SimpleNamespace(theta=None)

    def score(self, theta: None) -> float:
        """475 in time."""
        self.seen.append(self.steps)
        return 475.0 if self.steps >= self.solved else 100.0


@pytest.mark.parametrize(
    ("apart", "looks", "steps"),
    [(0, [200, 400, 600, 800], 800), (512, [600, 1200], 1200), (200, [200, 400, 600, 800], 800)],
)
def test_the_score_is_looked_for_after_a_turn_and_no_sooner_than_so_many_steps_apart(apart, looks, steps):
    turns: Any = Turns(solved=700)
    assert train(turns, turns, 0, 5000, True, apart).solved == steps
    assert turns.seen == looks


def test_a_run_without_the_score_counts_as_its_budget_in_median_and_quartiles():
    ours, theirs = solved_at(1000, 2000, 3000, None, None), solved_at(4000, 2000, None)
    row = crossed("PPO", ours, 9000, "PPO", theirs, 8000, Goal(most=1.0))
    assert (row.ours, row.theirs, row.ratio, row.verdict) == (3000, 4000, 0.75, "met")
    assert row.note == (
        "5 and 3 seeds, quartiles 2e+03 … 9e+03 and 3e+03 … 6e+03, 2 and 1 not within 9000 and 8000 steps"
    )


def test_by_the_clock_two_jobs_take_as_long_as_the_slower_and_by_the_processor_as_both():
    single = [Watched(4.0, 3.0, 0), Watched(6.0, 5.0, 0)]
    pair = [Watched(6.25, 4.0, 0), Watched(5.0, 4.0, 0)]
    assert speedup(single, pair, "wall") == 10.0 / 6.25
    assert speedup(single, pair, "processor") == 8.0 / 4.0


def test_a_folder_that_another_process_still_writes_to_is_taken_away_when_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    writer = (
        "import pathlib, sys, time\n"
        "place, end = pathlib.Path(sys.argv[1]) / 'results', time.monotonic() + 1.0\n"
        "while time.monotonic() < end:\n"
        "    place.mkdir(exist_ok=True)\n"
        "    (place / str(time.monotonic_ns())).touch()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", writer, str(folder)], stderr=subprocess.DEVNULL)
    while not (folder / "results").exists():
        time.sleep(0.01)
    remove(folder)
    process.wait()
    assert not folder.exists()


def test_a_folder_that_is_no_environment_is_not_emptied_for_the_peers(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years")
    words = [sys.executable, "-m", "benchmarks", "--make-peers", "--peers", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "is no virtual environment" in done.stderr) == (2, True)
    assert (tmp_path / "thesis.txt").read_text() == "years"
