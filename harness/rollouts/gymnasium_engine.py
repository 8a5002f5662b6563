"""Engine *gymnasium*: any registered id, stepped in Python; only the policy is compiled.

Each episode begins with `reset(seed=episode_seed(...))`, so an outcome depends on the request alone. Where an
environment remembers earlier episodes (BipedalWalker's Box2D world does), the entry says `fresh` and each episode gets
an instance of its own.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from harness.interface import Floats, Outcome, Request, Space
from harness.policy import Policy
from harness.rollouts.engine import (
    Buffers,
    EnvironmentFault,
    RequestFault,
    Terms,
    bounds,
    episode_by_episode,
)
from harness.rollouts.kernel import acting_kernel
from harness.rollouts.random import episode_seed, seed_generator


@dataclass
class Instances:
    """Makes the Gymnasium instance, and a new one for each episode where needed."""

    name: str
    options: dict[str, Any]
    horizon: int
    fresh: bool
    instance: Any = field(default=None)

    def get(self) -> Any:
        """The instance for the next episode."""
        if self.instance is None or self.fresh:
            self.close()
            self.instance = make(self.name, self.options | {"max_episode_steps": self.horizon})
        return self.instance

    def close(self) -> None:
        """Let go of the instance."""
        if self.instance is not None:
            self.instance.close()


def make(name: str, options: dict[str, Any]) -> Any:
    """`gymnasium.make`, without MuJoCo's habit of writing its warnings to a file where one stands: they are logged."""
    if ".mujoco." in str(gymnasium.spec(name).entry_point):
        import mujoco

        mujoco.set_mju_user_warning(_log_physics)
    return gymnasium.make(name, disable_env_checker=True, **options)


def _log_physics(message: str) -> None:
    """Deprecations in Gymnasium's own models concern nobody here; anything else is a warning."""
    level = logging.INFO if "deprecated" in message else logging.WARNING
    logging.getLogger("mujoco").log(level, message)


def sent(space: Any, action: Floats) -> Any:
    """An action [A] as an environment with this action space wants it; of a discrete one action[0] is the index."""
    return int(space.start + action[0]) if isinstance(space, gymnasium.spaces.Discrete) else action.astype(space.dtype)


def space_of(name: str, options: dict[str, Any]) -> Space:
    """The space of a Gymnasium id.

    Raises:
        ValueError: if it is not (a Box flattened) -> (Discrete or one-dimensional Box).
    """
    environment = make(name, options)
    observation, action = environment.observation_space, environment.action_space
    environment.close()
    if not isinstance(observation, gymnasium.spaces.Box):
        raise ValueError(f"{name} observes {observation}; only Box observations can be used")
    size = int(np.prod(observation.shape))
    if isinstance(action, gymnasium.spaces.Discrete):
        return Space(size, int(action.n), True)
    if isinstance(action, gymnasium.spaces.Box) and len(action.shape) == 1:
        return Space(size, action.shape[0], False, tuple(map(float, action.low)), tuple(map(float, action.high)))
    raise ValueError(f"{name} acts in {action}; only Discrete and one-dimensional Box actions can be used")


@dataclass(frozen=True)
class GymnasiumEngine:
    """Rollouts of one policy in a Gymnasium environment; make it with `gymnasium_engine`."""

    policy: Policy
    terms: Terms
    act: Callable[..., float]
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
        weights, tail = parameters
        row, episode = place
        seed = int(episode_seed(request.seeds[row], episode))
        noise = np.empty(4, np.uint64)
        seed_generator(int(episode_seed(seed, 0)), noise)
        environment = self.instances.get()
        observation, _ = self._kept(0, environment.reset, seed=seed)
        low, high = bounds(self.space, self.terms.clip)
        action = np.empty(low.size)
        inverse_std = 1.0 / request.scaler.std
        total, length, terminated, truncated = 0.0, 0, False, False
        while length < limit and not (terminated or truncated):
            seen = self._checked(observation, length)
            explore = request.explore if request.explore_step in (-1, length) else 0
            log_prob = self.act(weights, tail, seen.copy(), request.scaler.mean, inverse_std, explore, noise, action)
            answer = self._kept(
                length + 1, environment.step, sent(environment.action_space, np.clip(action, low, high))
            )
            observation, reward, terminated, truncated, _ = answer
            total += self._kept(length + 1, float, reward)
            if request.moments:
                count, sums, squares = out.moments[row]  # each [O]
                count += 1.0
                sums += seen
                squares += seen * seen
            if request.record:
                n = start + length
                out.observations[n], out.actions[n], out.log_probs[n], out.rewards[n] = seen, action, log_prob, reward
            length += 1
            if not math.isfinite(reward):
                break
        out.returns[row, episode], out.lengths[row, episode] = total, length
        if request.record:
            finite = math.isfinite(total)  # else the run has diverged, and its last observation may well have too
            out.final_observations[episode] = self._checked(observation, length) if finite else np.nan
            out.terminated[episode] = terminated
        return length

    def _kept(self, step: int, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """What the environment answers.

        Raises:
            EnvironmentFault: if it raised instead.
        """
        try:
            return work(*arguments, **named)
        except Exception as fault:
            place = f"step {step}" if step else "reset"
            raise EnvironmentFault(f"{self.instances.name} raised {fault!r} in {place}") from fault

    def _checked(self, observation: Any, step: int) -> Floats:
        """The observation [O] in float64.

        Raises:
            EnvironmentFault: if its size changed or it is not finite.
        """
        flat = np.asarray(observation, dtype=np.float64).ravel()
        if flat.size != self.space.observations or not np.isfinite(flat).all():
            raise EnvironmentFault(f"{self.instances.name} gave the observation {flat} after step {step}")
        return flat


def gymnasium_engine(
    name: str, options: dict[str, Any], fresh: bool, policy: Policy, terms: Terms, folder: Path
) -> GymnasiumEngine:
    """The engine of a Gymnasium id; compiles the policy unless `folder` has it."""
    return GymnasiumEngine(policy, terms, acting_kernel(policy, folder), Instances(name, options, terms.horizon, fresh))
