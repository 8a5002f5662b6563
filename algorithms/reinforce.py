"""REINFORCE: the policy gradient from sampled trajectories, with the baselines that tame it.

    ∇E[R] ≈ 1/N Σ_τ (R(τ) - b) ∇log P(τ),    ∇log P(τ) = Σ_t ∇log π(a_t|s_t),    R(τ) = Σ_t γ^t r_t

Sources: R. J. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
(1992), Theorem 1; baselines in `harness/parts/baselines.py`; reward to go as in J. Baxter and P. L. Bartlett,
"Infinite-horizon policy-gradient estimation" (2001). The plain form is `baseline="none", reward_to_go=False`.

The baselines b, all of them free of bias: "average", the mean return of the other episodes; "optimal", the constant
b* = E[|∇log P|² R] / E[|∇log P|²] of the other episodes; "value", a linear-feature value function fitted to the batch
before: V(s_t, t) if the reward to go is used, V(s_0, 0) if the whole return is. An episode that the horizon cuts counts
as whole: the horizon is part of the objective, and V sees the time.

Deviation: an episode is left out of its own average, which else would shrink the gradient by (N - 1) / N.
Deviation: the reward to go is Σ_{i≥t} γ^{i-t} r_i; that of E[Σ γ^t r_t] has another factor γ^t. Equal for γ = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Trajectory, Turn
from harness.parts import adam, baselines, returns
from harness.parts.ranges import at_least, positive, share
from harness.parts.sampling import recorded, sampled, unscaled
from harness.parts.search import Choice, LogUniform


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: adam.AdamState
    value: Floats  # [F] weights of the value baseline


@dataclass(frozen=True)
class Reinforce:
    """A turn is one step on N fresh episodes."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    episodes: Annotated[int, Choice((2, 5, 10, 20, 40))] = 10  # N
    step_size: Annotated[float, LogUniform(0.002, 0.2)] = 0.02  # α
    discount: Annotated[float, Choice((0.9, 0.95, 0.99, 0.995, 1.0))] = 0.99  # γ
    baseline: Literal["none", "average", "optimal", "value"] = "value"  # b
    reward_to_go: bool = True
    optimiser: Literal["adam", "plain"] = "adam"

    def __post_init__(self) -> None:
        at_least(self, 2 if self.baseline in ("average", "optimal") else 1, "episodes")  # there must be others
        positive(self, "step_size")
        share(self, "discount")
        if self.baseline == "optimal" and self.reward_to_go:
            raise ValueError("reward_to_go must be false: the optimal constant is that of the whole return")

    def init(self, rng: np.random.Generator) -> State:
        """A value of zero everywhere: the first batch has no value baseline."""
        theta = self.policy.init(rng)  # [P]
        return State(theta, adam.init(theta.size), np.zeros(baselines.feature_count(self.policy.space.observations)))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """N episodes of the policy."""
        return (sampled(self.solution(state), turn, episodes=self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One step up the gradient; only then the value learns from this batch, so that it never judges its own."""
        taken = recorded(outcomes[0])
        gradient, weights = self._gradient(state, taken)  # [P], [N]
        optimiser, theta = self._ascend(state, gradient)
        metrics = {"gradient_norm": float(np.linalg.norm(gradient)), "weight_std": float(weights.std())}
        return State(theta, optimiser, self._value(state, taken)), metrics

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The gradient [P] before the optimiser."""
        return self._gradient(state, recorded(outcomes[0]))[0]

    @property
    def smoothing(self) -> float | None:
        """The gradient of the return itself, unless late rewards are discounted."""
        return 0.0 if self.discount == 1 else None

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _gradient(self, state: State, taken: Trajectory) -> tuple[Floats, Floats]:
        """1/N Σ_τ Σ_t w_t ∇log π(a_t|s_t) [P], and the weights w [N]: credit beyond the baseline."""
        credit = returns.credit(taken.rewards, taken.lengths, self.discount, self.reward_to_go)  # [N] G_t or R(τ)
        weights = credit - self._baseline(state, taken, credit)  # [N]
        scores = self.policy.score(self.solution(state), taken.observations, taken.actions, weights)  # [P]
        return scores / taken.lengths.size, weights

    def _baseline(self, state: State, taken: Trajectory, credit: Floats) -> Floats:
        """What is subtracted from it at each step [N]."""
        if self.baseline == "none":
            return np.zeros_like(credit)
        if self.baseline == "average":
            return baselines.average(credit, taken.lengths, np.ones(taken.lengths.size), self.reward_to_go)
        clock = returns.times(taken.lengths)  # [N]
        if self.baseline == "value":
            values = baselines.value_features(taken.observations, clock) @ state.value  # [N]
            return values if self.reward_to_go else values[clock == 0].repeat(taken.lengths)
        scores = self.policy.episode_scores(self.solution(state), taken.observations, taken.actions, taken.lengths)
        return baselines.optimal_constant_of_others(credit[clock == 0], scores).repeat(taken.lengths)

    def _ascend(self, state: State, gradient: Floats) -> tuple[adam.AdamState, Floats]:
        """The next optimiser and theta [P]."""
        if self.optimiser == "plain":
            return state.adam, state.theta + self.step_size * gradient
        return adam.ascend(state.adam, state.theta, gradient, self.step_size)

    def _value(self, state: State, taken: Trajectory) -> Floats:
        """The value baseline of the next turn [F]."""
        if self.baseline != "value":
            return state.value
        features = baselines.value_features(taken.observations, returns.times(taken.lengths))  # [N, F]
        return baselines.fit_values(features, returns.rewards_to_go(taken.rewards, taken.lengths, self.discount))
