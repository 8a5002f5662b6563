"""What is rolled out: an environment of envs.yaml and 16 policies of one structure, the same for ours and the peers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.measure import Floats
from benchmarks.peers import ROOT
from harness.assembly import make_engine, space
from harness.grid import world_of
from harness.interface import Outcome, Request
from harness.parts.moments import identity
from harness.policy import build
from harness.rollouts.engine import Engine
from harness.spec import Environment, load_environments
from harness.streams import draw_seeds, stream

POPULATION = 16
HIDDEN = (64, 64)
NOISE = {"linear": 0.1, "mlp": 0.1, "program": 0.02}  # between the policies; of a program in units of its constants


@dataclass(frozen=True)
class Case:
    """One line of a table."""

    name: str
    policy: str  # linear, mlp, program
    episodes: int = 8  # of each policy, in a request and in a sample of returns

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.name}, {'MLP 64-64' if self.policy == 'mlp' else self.policy}"

    @cached_property
    def entry(self) -> Environment:
        """Of envs.yaml."""
        return load_environments(ROOT)[self.name]

    @property
    def structure(self) -> str:
        """File of policies/."""
        return f"programs.{self.entry.program}" if self.policy == "program" else self.policy

    @cached_property
    def engine(self) -> Engine:
        """Ours, under the greedy head."""
        settings: dict[str, Any] = {"mlp": {"widths": HIDDEN}, "program": {"start": "shipped"}}.get(self.policy, {})
        world = world_of(self.name, self.entry)
        return make_engine(world, build(self.structure, settings, space(world), explores=False, seed=0))

    @cached_property
    def thetas(self) -> Floats:
        """Sixteen starts of the structure, no two of them the same [D, P]."""
        policy: Any = vars(self.engine)["policy"]
        starts = np.stack([policy.init(stream(row, "start")) for row in range(POPULATION)])  # [D, P]
        noise = np.stack([stream(row, "noise").standard_normal(policy.dim) for row in range(POPULATION)])
        return starts + NOISE[self.policy] * noise * (np.abs(starts) if self.policy == "program" else 1.0)

    def play(self, number: int) -> Outcome:
        """Some whole episodes of each policy by our engine."""
        seeds = draw_seeds(stream(number, "benchmark"), POPULATION)
        return self.engine(Request(self.thetas, seeds, identity(self.engine.space.observations), self.episodes))

    @property
    def terms(self) -> dict[str, Any]:
        """What a peer must know of it."""
        room = self.engine.space
        return {
            "environment": self.entry.gymnasium,
            "structure": self.structure,
            "thetas": self.thetas.tolist(),
            "discrete": room.discrete,
            "actions": room.actions,
            "low": list(room.low) if self.entry.clip else [-np.inf] * len(room.low),
            "high": list(room.high) if self.entry.clip else [np.inf] * len(room.high),
            "horizon": self.entry.horizon,
            "episodes": self.episodes,
        }
