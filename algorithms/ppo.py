"""Proximal policy optimisation: several epochs of minibatch steps on a surrogate that is clipped near the old policy.

    maximise E[min(ρ A, clip(ρ, 1-ε, 1+ε) A)],    ρ = π(a|s) / π_old(a|s)

Sources: J. Schulman et al., "Proximal Policy Optimization Algorithms" (arXiv:1707.06347), eq. 7 (surrogate), eqs. 11-12
(advantages), Algorithm 1; advantages normalised in each minibatch and gradients clipped in norm as in the reference
code (openai/baselines, ppo2).

Where the minimum is the clipped branch the surrogate is flat; elsewhere its gradient is ρ A ∇log π: PPO, too, is a
weighted sum of scores. Where the environment did not end the episode, V of the last observation stands for the rest.

Deviation: policy and critic are separate networks with an Adam and a norm limit each, instead of one loss (eq. 9).
Deviation: no entropy bonus (eq. 9 with c2 = 0), no clipping of the value loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Trajectory, Turn
from harness.parts import adam, critic, returns
from harness.parts.adam import AdamState
from harness.parts.sampling import recorded, sampled, unscaled


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: AdamState
    critic: Floats  # [C]
    critic_adam: AdamState


class Batch(NamedTuple):
    """What an update reads of each step."""

    observations: Floats  # [N, O]
    actions: Floats  # [N, A]
    log_probs: Floats  # [N] under the policy that acted
    advantages: Floats  # [N]
    targets: Floats  # [N] of the critic


@dataclass(frozen=True)
class Ppo:
    """Settings."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    steps: int = 2048  # N
    epochs: int = 10  # K
    minibatch: int = 512  # M
    step_size: float = 0.002
    clip: float = 0.2  # ε
    discount: float = 0.99  # γ
    decay: float = 0.95  # λ
    gradient_limit: float = 0.5  # largest norm of a gradient
    hidden: tuple[int, ...] = (32,)  # of the critic
    critic_step_size: float = 0.003

    def init(self, rng: np.random.Generator) -> State:
        """Policy and critic."""
        theta = self.policy.init(rng)  # [P]
        network = critic.init(rng, self.policy.space.observations, self.hidden)  # [C]
        return State(theta, adam.init(theta.size), network, adam.init(network.size))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """N steps of the policy."""
        return (sampled(self.solution(state), turn, steps=self.steps),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """K epochs over the same steps, in minibatches that are shuffled anew in each."""
        batch = self._judged(state, recorded(outcomes[0]))
        rng = turn.rng("shuffle")
        clipped = []
        for _ in range(self.epochs):
            order = rng.permutation(batch.targets.size)  # [N]
            for start in range(0, order.size, self.minibatch):
                rows = order[start : start + self.minibatch]  # [M]
                state, share = self._step(state, Batch(*(column[rows] for column in batch)))
                clipped.append(share)
        log_ratios = self.policy.log_probs(self.solution(state), batch.observations, batch.actions) - batch.log_probs
        return state, {"clipped_share": float(np.mean(clipped)), "kl": float(-log_ratios.mean())}

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _judged(self, state: State, taken: Trajectory) -> Batch:
        """The steps with their advantages and the critic's targets."""
        values = critic.values(state.critic, self.hidden, taken.observations)  # [N]
        final_values = critic.values(state.critic, self.hidden, taken.final_observations)  # [E]
        advantages = returns.advantages(
            taken.rewards, values, final_values, taken.terminated, taken.lengths, self.discount, self.decay
        )  # [N]
        return Batch(taken.observations, taken.actions, taken.log_probs, advantages, advantages + values)

    def _step(self, state: State, batch: Batch) -> tuple[State, float]:
        """One step of policy and critic on a minibatch, and the share of its steps that were clipped."""
        candidate = self.solution(state)
        ratios = np.exp(self.policy.log_probs(candidate, batch.observations, batch.actions) - batch.log_probs)  # [M] ρ
        weights, clipped = surrogate_weights(ratios, normalised(batch.advantages), self.clip)  # [M], [M]
        gradient = self.policy.score(candidate, batch.observations, batch.actions, weights) / weights.size  # [P]
        optimiser, theta = adam.ascend(state.adam, state.theta, limited(gradient, self.gradient_limit), self.step_size)
        descent = critic.descent(state.critic, self.hidden, batch.observations, batch.targets)  # [C]
        critic_optimiser, network = adam.ascend(
            state.critic_adam, state.critic, limited(descent, self.gradient_limit), self.critic_step_size
        )
        return State(theta, optimiser, network, critic_optimiser), clipped


def surrogate_weights(ratios: Floats, advantages: Floats, clip: float) -> tuple[Floats, float]:
    """Weights ρ A of the scores [M], 0 where the clipped branch of eq. 7 is the smaller; and the share of those."""
    flat = np.where(advantages > 0.0, ratios > 1.0 + clip, ratios < 1.0 - clip)  # [M]
    return np.where(flat, 0.0, ratios * advantages), float(flat.mean())


def normalised(advantages: Floats) -> Floats:
    """Mean 0 and deviation 1 within the minibatch [M]."""
    return np.asarray((advantages - advantages.mean()) / (advantages.std() + 1e-8))


def limited(gradient: Floats, limit: float) -> Floats:
    """The gradient, shortened to the limit if it is longer."""
    return gradient * min(1.0, limit / (float(np.linalg.norm(gradient)) + 1e-6))
