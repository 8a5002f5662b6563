"""Natural policy gradient: the steepest step per unit of change in the policy, not in its parameters.

    θ ← θ + √(2δ / gᵀF⁻¹g) F⁻¹ g,    F = E[∇log π ∇log πᵀ]

Sources: S. Kakade, "A Natural Policy Gradient" (2001); A. Rajeswaran et al., "Towards Generalization and Simplicity in
Continuous Control" (arXiv:1703.02660), Algorithm 1; the step length as in J. Schulman et al., "Trust Region Policy
Optimization" (arXiv:1502.05477), appendix C: to second order KL(old, new) = ½ sᵀF s = δ.

F is never formed: conjugate gradients solve (F + damping) x = g with products F v. Advantages are GAE with a
linear-feature value function, fitted to the batch before, which also stands for the rest of an episode that the horizon
cut.

Deviation: no line search after the step (TRPO's); KL is a metric instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Trajectory, Turn
from harness.parts import baselines, returns
from harness.parts.inverses import conjugate_gradients
from harness.parts.ranges import at_least, positive, share
from harness.parts.sampling import recorded, sampled, unscaled
from harness.parts.search import Choice, LogUniform


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    value: Floats  # [F] weights of the value function


@dataclass(frozen=True)
class NaturalGradient:
    """A turn is one step on N fresh episodes."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    episodes: Annotated[int, Choice((5, 10, 20, 40))] = 10  # N
    divergence: Annotated[float, LogUniform(0.001, 0.1)] = 0.01  # δ, in nats; 0.01 in TRPO
    damping: float = 0.1  # added to the diagonal of F
    iterations: int = 10  # of conjugate gradients
    discount: Annotated[float, Choice((0.9, 0.95, 0.99, 0.995, 1.0))] = 0.99  # γ
    decay: float = 0.97  # λ

    def __post_init__(self) -> None:
        at_least(self, 1, "episodes", "iterations")
        at_least(self, 0, "damping")
        positive(self, "divergence")
        share(self, "discount", "decay")

    def init(self, rng: np.random.Generator) -> State:
        """A value of zero everywhere."""
        return State(self.policy.init(rng), np.zeros(baselines.feature_count(self.policy.space.observations)))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """N episodes of the policy."""
        return (sampled(self.solution(state), turn, episodes=self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """One natural step; only then the value function learns from this batch."""
        taken = recorded(outcomes[0])
        candidate = self.solution(state)
        advantages, value = self._judged(state, taken)  # [N], [F]
        gradient = self.policy.score(candidate, taken.observations, taken.actions, advantages) / advantages.size  # [P]
        fisher = self.policy.fisher(candidate, taken.observations)  # v -> F v

        def curvature(vector: Floats) -> Floats:
            return fisher(vector) + self.damping * vector

        direction = conjugate_gradients(curvature, gradient, self.iterations)  # [P] F⁻¹ g
        slope = float(gradient @ direction)  # gᵀ F⁻¹ g
        length = np.sqrt(2.0 * self.divergence / slope) if slope > 0.0 else 0.0  # a flat batch moves nothing
        theta = state.theta + length * direction  # [P]
        return State(theta, value), {"gradient_norm": float(np.linalg.norm(gradient)), "kl": self._kl(theta, taken)}

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _judged(self, state: State, taken: Trajectory) -> tuple[Floats, Floats]:
        """Advantages with mean 0 and deviation 1 [N], and the value function of the next turn [F]."""
        features = baselines.value_features(taken.observations, returns.times(taken.lengths))  # [N, F]
        values = features @ state.value  # [N]
        final_values = baselines.value_features(taken.final_observations, taken.lengths) @ state.value  # [E]
        judge = partial(returns.advantages, taken, values, final_values, self.discount)
        raw, whole = judge(decay=self.decay), judge(decay=1.0)  # [N], [N] with λ = 1: all the rewards to go
        return returns.normalised(raw), baselines.fit_values(features, whole + values)

    def _kl(self, theta: Floats, taken: Trajectory) -> float:
        """Sampled divergence of the old policy from the new one, in nats per step."""
        after = self.policy.log_probs(unscaled(self.policy, theta), taken.observations, taken.actions)  # [N]
        return float((taken.log_probs - after).mean())
