"""Engine *compiled*: environment ∘ structure ∘ head fused into one loop by Numba."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.interface import Candidate, Floats, Outcome, Request, Space
from harness.policy import Policy
from harness.rollouts import kernel
from harness.rollouts.engine import (
    EnvironmentFault,
    Terms,
    acting_module,
    acting_weights,
    bounds,
    buffers,
    check,
    head_name,
)
from harness.rollouts.known import policy_gradient


@dataclass(frozen=True)
class CompiledEngine:
    """Rollouts of one policy in one compiled problem; make it with `compiled_engine`."""

    problem: Any
    policy: Policy
    terms: Terms
    parameters: Floats  # of the problem, read by the kernel
    low: Floats  # [A] what the problem sees is clipped to this ...
    high: Floats  # [A] ... and this
    run: Callable[..., int]

    @property
    def space(self) -> Space:
        """Of the problem."""
        return self.policy.space

    def __call__(self, request: Request) -> Outcome:
        """Roll out; see `Engine`."""
        check(request, self.policy)
        out = buffers(request, self.space, self.terms.horizon)
        episodes = self._rolled(
            *acting_weights(self.policy, request.thetas),
            np.ascontiguousarray(request.scaler.mean),
            1.0 / request.scaler.std,
            self.low,
            self.high,
            self.parameters,
            np.ascontiguousarray(request.seeds),
            request.episodes,
            request.steps,
            self.terms.horizon,
            request.explore,
            request.explore_step,
            out.returns,
            out.lengths,
            out.moments,
            out.observations,
            out.actions,
            out.log_probs,
            out.rewards,
            out.final_observations,
            out.terminated,
        )
        outcome = out.outcome(request, episodes)
        if not request.gradient:
            return outcome
        candidate = Candidate(request.thetas[0], request.scaler)
        return outcome._replace(gradient=policy_gradient(self.problem, self.policy, candidate, self.terms.horizon))

    def _rolled(self, *arguments: Any) -> int:
        """Run the kernel; the number of episodes of the last row is returned.

        Raises:
            EnvironmentFault: if compiled code raised, or an observation was not finite.
        """
        name = type(self.problem).__name__
        try:
            episodes = self.run(*arguments)
        except Exception as fault:
            raise EnvironmentFault(f"{name} raised {fault!r} while it was rolled out") from fault
        if episodes < 0:
            raise EnvironmentFault(f"{name} gave an observation that is not finite after step {-1 - episodes}")
        return episodes


def compiled_engine(problem: Any, module: str, policy: Policy, terms: Terms, folder: Path) -> CompiledEngine:
    """The engine of a compiled problem; compiles its kernel unless `folder` has it."""
    width = 1 if policy.space.discrete else policy.space.actions
    run = kernel.build(
        folder,
        environment=module,
        structure=acting_module(policy.structure),
        head=head_name(policy),
        dimensions=(
            problem.state_dim,
            policy.space.observations,
            width,
            policy.structure.outputs,
            policy.structure.scratch,
        ),
        sizes=policy.structure.sizes,
    )
    low, high = bounds(policy.space, terms.clip)
    return CompiledEngine(problem, policy, terms, np.ascontiguousarray(problem.parameters), low, high, run)
