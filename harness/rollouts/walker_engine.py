"""Engine *gymnasium* for MuJoCo's walkers: Gymnasium resets them, compiled code does the rest (`walkers.py`).

Same bits, two to three times the speed: what is left is the physics. Anything that is not exactly one of these walkers
in the version of Gymnasium whose formulas these are is stepped by Gymnasium itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from harness.interface import Floats, Outcome, Request, Space
from harness.policy import Policy
from harness.rollouts import kernel, walkers
from harness.rollouts.engine import (
    Buffers,
    EnvironmentFault,
    RequestFault,
    Terms,
    acting_module,
    bounds,
    episode_by_episode,
    head_name,
)
from harness.rollouts.gymnasium_engine import GymnasiumEngine, Instances
from harness.rollouts.random import episode_seed, seed_generator
from harness.rollouts.walkers import Numbers

VERSION = "1.4.0"  # of Gymnasium
WALKERS = {  # class: first position that is observed with positions excluded, position that is the height
    "swimmer_v5.SwimmerEnv": (2, 0),
    "hopper_v5.HopperEnv": (1, 1),
    "half_cheetah_v5.HalfCheetahEnv": (1, 0),
    "walker2d_v5.Walker2dEnv": (1, 1),
    "ant_v5.AntEnv": (2, 2),
}
EVERYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True)
class WalkerEngine:
    """Rollouts of one policy by one of MuJoCo's walkers; make it with `walker_engine`."""

    policy: Policy
    terms: Terms
    run: Callable[..., int]
    instances: Instances

    @property
    def space(self) -> Space:
        """Of the environment."""
        return self.policy.space

    def __call__(self, request: Request) -> Outcome:
        """Roll out; see `Engine`."""
        if request.gradient:
            raise RequestFault(f"{self.instances.name} has no exact gradient")
        return episode_by_episode(request, self.policy, self.terms.horizon, self._episode)

    def _episode(
        self,
        request: Request,
        out: Buffers,
        place: tuple[int, int],
        start: int,
        limit: int,
        parameters: tuple[Floats, Floats],
    ) -> int:
        """Roll out episode `place` = (row, number), recording from step `start`; its length is returned."""
        row, episode = place
        seed = int(episode_seed(request.seeds[row], episode))
        noise = np.empty(4, np.uint64)
        seed_generator(int(episode_seed(seed, 0)), noise)
        environment = self.instances.get()
        environment.reset(seed=seed)
        last, summary = np.empty(self.space.observations), np.empty(2)
        end = self.run(
            *body_of(environment.unwrapped),
            *parameters,
            np.ascontiguousarray(request.scaler.mean),
            1.0 / request.scaler.std,
            *bounds(self.space, self.terms.clip),
            noise,
            limit,
            request.explore,
            request.explore_step,
            out.moments[row] if request.moments else out.moments[:, 0],
            last,
            summary,
            out.observations[start:],
            out.actions[start:],
            out.log_probs[start:],
            out.rewards[start:],
        )
        total, length = float(summary[0]), int(summary[1])
        if end == walkers.NOT_FINITE or (request.record and np.isfinite(total) and not np.isfinite(last).all()):
            raise EnvironmentFault(f"{self.instances.name} gave the observation {last} after step {length}")
        out.returns[row, episode], out.lengths[row, episode] = total, length
        if request.record:
            out.final_observations[episode] = last if np.isfinite(total) else np.nan
            out.terminated[episode] = end == walkers.TERMINATED
        return length


def walker_engine(other: GymnasiumEngine, folder: Path) -> WalkerEngine | GymnasiumEngine:
    """The fast engine of what another one steps in Python, if it is a walker; else the other one."""
    policy = other.policy
    if not (can_walk(other.instances.get().unwrapped) and find_physics()):
        return other
    run = kernel.build(
        folder,
        environment=kernel.WALKERS,
        structure=acting_module(policy.structure),
        head=head_name(policy),
        dimensions=(
            0,
            policy.space.observations,
            policy.space.actions,
            policy.structure.outputs,
            policy.structure.scratch,
        ),
        sizes=policy.structure.sizes,
    )
    return WalkerEngine(policy, other.terms, run, other.instances)


def name_of(body: Any) -> str:
    """Module and class of an environment, if it is one of Gymnasium's for MuJoCo."""
    kind = type(body)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("gymnasium.envs.mujoco.")


def can_walk(body: Any) -> bool:
    """Whether it is one of the walkers, unaltered, and small enough for one of NumPy's sums."""
    if gymnasium.__version__ != VERSION or name_of(body) not in WALKERS:
        return False
    return bool(body.data.cfrc_ext.size <= walkers.MAX_SUMMED and body.model.nu <= walkers.MAX_SUMMED)


@cache
def find_physics() -> bool:
    """Make MuJoCo's library known to compiled code; False where it lies elsewhere than on Linux and macOS."""
    import mujoco
    from llvmlite import binding

    found = sorted(Path(str(mujoco.__file__)).parent.glob("libmujoco*.*"))
    if found:
        binding.load_library_permanently(str(found[0]))
    return bool(found)


def body_of(body: Any) -> tuple[Any, ...]:
    """Addresses, numbers and arrays of an instance, as the kernel wants them."""
    data = body.data
    arrays = (data.qpos, data.qvel, data.ctrl, data.xpos, data.cfrc_ext)
    return body.model._address, data._address, numbers_of(body), *arrays


def numbers_of(body: Any) -> Numbers:
    """What makes an instance the walker that it is; what a walker lacks has no effect."""
    name = name_of(body)
    skipped, height = WALKERS[name]
    ant = name.startswith("ant")
    clipped = name.startswith(("hopper", "walker2d"))
    return Numbers(
        frames=float(body.frame_skip),
        duration=float(body.dt),
        skipped=float(skipped * body._exclude_current_positions_from_observation),
        speed=10.0 if clipped else np.inf,
        touches=float(ant),
        **limits("force", getattr(body, "_contact_force_range", EVERYWHERE)),
        body=float(body._main_body if ant else -1),
        forward=float(body._forward_reward_weight),
        control=float(body._ctrl_cost_weight),
        contact=float(getattr(body, "_contact_cost_weight", 0.0)),
        healthy=float(getattr(body, "_healthy_reward", 0.0)),
        mortal=float(getattr(body, "_terminate_when_unhealthy", False)),
        closed=float(ant),
        height=float(height),
        **limits("height", getattr(body, "_healthy_z_range", EVERYWHERE)),
        **limits("angle", getattr(body, "_healthy_angle_range", EVERYWHERE)),
        **limits("state", getattr(body, "_healthy_state_range", EVERYWHERE)),
    )


def limits(name: str, ends: tuple[float, float]) -> dict[str, float]:
    """Two numbers under their names."""
    return {f"{name}_low": float(ends[0]), f"{name}_high": float(ends[1])}
