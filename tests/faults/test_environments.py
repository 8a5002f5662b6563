"""Environments that break their promises, Gymnasium's and compiled ones: the fault names environment and step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
import pytest

from faults.conftest import ended, forked, ran
from harness.interface import Candidate, Outcome, Request, Scaler, Space
from harness.policy import build
from harness.rollouts.compiled import compiled_engine
from harness.rollouts.engine import EnvironmentFault, Terms
from harness.rollouts.gymnasium_engine import gymnasium_engine

HORIZON, AT = 20, 3


class Faulty(gymnasium.Env[Any, Any]):
    """Earns 1 a step and never ends, but for one fault in step 3 or in reset."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.steps = 0
        if self.fault == "raises in reset":
            raise RuntimeError("no world")
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        seen: Any = np.zeros(2, np.float32)
        answer: Any = (seen, 1.0, False, False, {})
        if self.steps != AT:
            return answer
        if self.fault == "raises in step":
            raise RuntimeError("no world")
        return FAULTS[self.fault](answer) if self.fault in FAULTS else answer


FAULTS: dict[str, Any] = {
    "nan observation": lambda answer: (np.array([0.0, np.nan]), *answer[1:]),
    "infinite observation": lambda answer: (np.array([0.0, np.inf]), *answer[1:]),
    "another space": lambda answer: (np.zeros(3), *answer[1:]),
    "no observation": lambda answer: (None, *answer[1:]),
    "text for a reward": lambda answer: (answer[0], "one", *answer[2:]),
    "nothing for a reward": lambda answer: (answer[0], None, *answer[2:]),
    "an array for a reward": lambda answer: (answer[0], np.zeros(2), *answer[2:]),
    "four values": lambda answer: answer[:4],
    "raises in step": None,
    "raises in reset": None,
}


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    gymnasium.register("Faulty-v0", Faulty)
    yield
    del gymnasium.registry["Faulty-v0"]


def rolled(fault: str, kernels: Path, record: bool = True) -> Outcome:
    """One episode by the mode."""
    policy = build("linear", {"bias": False}, Space(2, 1, False, (-1.0,), (1.0,)), False, 0)
    engine = gymnasium_engine("Faulty-v0", {"fault": fault}, False, policy, Terms(HORIZON, True), kernels)
    return engine(request(policy.dim, record))


def request(size: int, record: bool = True) -> Request:
    return Request(np.ones((1, size)), np.zeros(1, np.int64), Scaler(np.zeros(2), np.ones(2)), record=record)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_promise_names_environment_and_step(fault: str, kernels: Path) -> None:
    place = "reset" if fault == "raises in reset" else f"step {AT}"
    with pytest.raises(EnvironmentFault, match=rf"Faulty-v0 (raised|gave|answered) .*{place}"):
        rolled(fault, kernels)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite_ends_the_episode_and_can_never_win(
    value: float, kernels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "odd reward", lambda answer: (answer[0], value, *answer[2:]))
    outcome = rolled("odd reward", kernels)
    assert (outcome.returns[0, 0], outcome.lengths[0, 0]) == (-np.inf, AT)


def test_an_environment_that_never_ends_is_stopped_at_its_horizon(kernels: Path) -> None:
    outcome = rolled("", kernels)
    assert (outcome.returns[0, 0], outcome.lengths[0, 0]) == (HORIZON, HORIZON)
    assert outcome.trajectory is not None
    assert not outcome.trajectory.terminated[0]


SOURCE = """
from numba import njit

@njit
def reset(generator, parameters, state):
    state[0] = 0.0
    if parameters[0] == 3.0:
        raise ValueError("no world")

@njit
def observe(parameters, state, observation):
    observation[0] = 0.0
    observation[1] = parameters[1] if state[0] == 3.0 else 0.0

@njit
def step(generator, parameters, state, action):
    state[0] += 1.0
    return parameters[2] if state[0] == 3.0 else 1.0, False
"""


@dataclass(frozen=True)
class Compiled:
    """The same in compiled code."""

    parameters: Any
    space = Space(2, 1, False, (-1.0,), (1.0,))
    state_dim = 1


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A compiled environment outside the project."""
    place = tmp_path_factory.mktemp("module") / "faulty_world.py"
    place.write_text(SOURCE)
    sys.path.insert(0, str(place.parent))
    yield place.stem
    sys.path.remove(str(place.parent))
    sys.modules.pop(place.stem, ModuleType(""))


def compiled(module: str, kernels: Path, *parameters: float) -> Outcome:
    policy = build("linear", {"bias": False}, Compiled.space, False, 0)
    problem = Compiled(np.array(parameters))
    engine = compiled_engine(problem, module, policy, Terms(HORIZON, True), kernels)
    return engine(request(policy.dim))


def test_compiled_environments_are_held_to_the_same_promises(module: str, tmp_path: Path) -> None:
    assert compiled(module, tmp_path, 0.0, 0.0, 1.0).returns[0, 0] == HORIZON
    for odd in (np.nan, np.inf):
        with pytest.raises(EnvironmentFault, match="Compiled gave an observation that is not finite after step 3"):
            compiled(module, tmp_path, 0.0, odd, 1.0)
        outcome = compiled(module, tmp_path, 0.0, 0.0, odd)
        assert (outcome.returns[0, 0], outcome.lengths[0, 0]) == (-np.inf, AT)
    with pytest.raises(EnvironmentFault, match=r"Compiled raised ValueError.*no world"):
        compiled(module, tmp_path, 3.0, 0.0, 1.0)


def test_a_job_without_memory_dies_loudly_and_ends_well_when_it_has_some(
    tmp_path: Path, expected: dict[int, str]
) -> None:
    """The limit is on the address space of the child: an allocation in the middle of training fails."""
    import resource

    import harness.run

    kept = harness.run._training_row

    def hungry(*arguments: Any) -> Any:
        soft = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (soft + 2**20, soft + 2**20))
        np.ones(2**26)
        return kept(*arguments)

    def work() -> None:
        harness.run._training_row = hungry  # type: ignore[assignment]
        ran(tmp_path)

    assert ended(forked(work, tmp_path / "log")) == 1
    told = (tmp_path / "log").read_text()
    assert "MemoryError" in told
    assert told.rstrip().endswith("in the run CartPole-v1 · linear · ars · seed 0")
    assert not list(tmp_path.rglob("manifest.json"))
    assert ran(tmp_path) == expected


def test_a_candidate_is_what_an_environment_never_sees() -> None:
    assert Candidate._fields == ("theta", "scaler")


MEMORY = Path("/sys/fs/cgroup/memory")  # cgroup v1; v2 has all controllers in one folder
UNIFIED = Path("/sys/fs/cgroup")


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A cgroup of 400 MiB, beyond which the kernel itself kills."""
    import os

    parent, limit = (MEMORY, "memory.limit_in_bytes") if MEMORY.is_dir() else (UNIFIED, "memory.max")
    group = parent / f"harness-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(400 * 2**20))
    except OSError as fault:
        pytest.skip(f"no cgroup with a limit of memory can be made here: {fault}")
    yield group
    group.rmdir()


@pytest.mark.slow_fault
def test_a_job_that_the_kernel_kills_for_want_of_memory_ends_well_when_it_has_some(
    tmp_path: Path, expected: dict[int, str], small_memory: Path
) -> None:
    """Five times, at different rows of its training; each finished run and checkpoint is kept."""
    import os
    import signal

    import harness.run

    kept = harness.run._training_row
    for trial in range(5):
        root = tmp_path / str(trial)

        def work(trial: int = trial, root: Path = root) -> None:
            (small_memory / "cgroup.procs").write_text(str(os.getpid()))
            rows = [0]

            def hungry(*arguments: Any) -> Any:
                rows[0] += 1
                if rows[0] == 2 * trial + 1:
                    taken = [os.urandom(2**20) for _ in range(800)]
                    assert not taken
                return kept(*arguments)

            harness.run._training_row = hungry  # type: ignore[assignment]
            ran(root)

        assert ended(forked(work, tmp_path / "log")) == -signal.SIGKILL
        assert not list(root.rglob("manifest.json"))
        assert not list(root.rglob("*.aside"))
        assert ran(root) == expected
