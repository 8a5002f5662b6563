"""A project of two files, envs.yaml and one study, that tests write into a folder of their own and then spoil."""

from pathlib import Path

import policies.programs
from harness import grid
from harness.spec import load_environments
from harness.study import load_study

ENVIRONMENTS = """\
Pole:
  engine: compiled
  problem: cartpole
  gymnasium: CartPole-v1
  horizon: 500
  budget: 20000
  scores: {random: 9, reference: 500, source: by hand}
  targets: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  solved: 90
  program: push
Swing:
  engine: compiled
  problem: pendulum
  horizon: 200
  budget: 30000
  scores: {random: -1200, reference: -150, source: by hand}
  targets: [-1000, -900, -800, -700, -600, -500, -400, -300, -200, -150]
  solved: -200
"""

STUDY = """\
title: A small study
question: Which?
seeds: 3
block: 2
evaluation: {every: 1000, episodes: 5}
algorithms:
  fast: {algorithm: ars, settings: {step_size: 1, top: 4}}
policies:
  wide: {structure: mlp, settings: {widths: [32, 32]}}
grids:
  - environments: [Pole, Swing]
    policies: [linear, wide]
    algorithms: [fast, ars]
"""

PROGRAM = '''\
"""A program for tests."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Push:
    inputs: int
    outputs: int
    seed: int
    start: float = 0.5

    dim, sizes, scratch = 1, (), 0

    def __post_init__(self):
        if self.inputs != 4:
            raise ValueError(f"push is written for 4 observations, not {self.inputs}")

    def init(self, rng):
        return np.zeros(1)
'''


def write(folder: Path, study: str = STUDY, environments: str = ENVIRONMENTS) -> Path:
    """The project in a folder."""
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies" / "mine.yaml").write_text(study, encoding="utf-8")
    (folder / "envs.yaml").write_text(environments, encoding="utf-8")
    return folder


def add_program(folder: Path, monkeypatch) -> None:
    """The program `push` in a further folder of programs."""
    (folder / "push.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setattr(policies.programs, "__path__", [*policies.programs.__path__, str(folder)])


def planned(folder: Path):
    """Everything that the study asks for."""
    return grid.plan(load_study(folder, "mine"), load_environments(folder))
