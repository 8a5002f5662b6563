"""Proximal policy optimisation: several epochs of minibatch steps on a surrogate that is clipped near the old policy.

    maximise E[min(ρ A, clip(ρ, 1-ε, 1+ε) A)],    ρ = π(a|s) / π_old(a|s)

Sources: J. Schulman et al., "Proximal Policy Optimization Algorithms" (arXiv:1707.06347), eqs. 7, 11, 12, Algorithm 1;
in each minibatch advantages are normalised and gradients limited in norm, as in its code (openai/baselines, ppo2).

Where the minimum is the clipped branch the surrogate is flat; elsewhere its gradient is ρ A ∇log π: PPO, too, is a
weighted sum of scores. Where the environment did not end the episode, V of the last observation stands for the rest.

Deviation: policy and critic are separate networks with an Adam and a norm limit each, instead of one loss (eq. 9).
Deviation: no entropy bonus, clipped value loss, decaying step or normaliser; one actor, whose N steps begin anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam, critic, returns
from harness.parts.ranges import at_least, numbers, ordered, positive, share
from harness.parts.sampling import recorded, sampled, unscaled
from harness.parts.search import Choice, LogUniform


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: adam.AdamState
    critic: Floats  # [C]
    critic_adam: adam.AdamState


@dataclass(frozen=True)
class Ppo:
    """A turn is K epochs of N / M updates on the same N steps of the environment."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    steps: Annotated[int, Choice((256, 512, 1024, 2048, 4096))] = 1024  # N; 2048 in the paper
    epochs: Annotated[int, Choice((3, 5, 10, 20))] = 10  # K; 3 to 15 in the paper
    minibatch: int = 256  # M
    step_size: Annotated[float, LogUniform(0.0002, 0.02)] = 0.002  # 0.0003 in the paper, for large networks
    clip: float = 0.2  # ε
    discount: Annotated[float, Choice((0.9, 0.95, 0.99, 0.995, 1.0))] = 0.99  # γ
    decay: float = 0.95  # λ
    gradient_limit: float = 0.5  # largest norm of a gradient
    hidden: tuple[int, ...] = (32,)  # of the critic
    critic_step_size: float = 0.003

    def __post_init__(self) -> None:
        at_least(self, 1, "epochs", "hidden")
        at_least(self, 2, "steps", "minibatch")  # one alone has no advantage over the others
        ordered(self, "minibatch", "steps")
        positive(self, "step_size", "critic_step_size", "clip", "gradient_limit")
        share(self, "discount", "decay")
        inputs = self.policy.space.observations if self.policy else 1
        numbers("hidden", critic.size(inputs, self.hidden), "the weights of the critic")

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
        taken = recorded(outcomes[0])
        values = critic.values(state.critic, self.hidden, taken.observations)  # [N]
        final_values = critic.values(state.critic, self.hidden, taken.final_observations)  # [E]
        advantages = returns.advantages(taken, values, final_values, self.discount, self.decay)  # [N]
        steps = taken.observations, taken.actions, taken.log_probs, advantages, advantages + values  # [N, ...] each
        rng, clipped = turn.rng("shuffle"), []
        for _ in range(self.epochs):
            order = rng.permutation(values.size)  # [N]
            shuffled = [array[order] for array in steps]
            for start in range(0, values.size, self.minibatch):
                rows = slice(start, start + self.minibatch)
                state, flat = self._step(state, *(array[rows] for array in shuffled))
                clipped.append(flat)
        after = self.policy.log_probs(self.solution(state), taken.observations, taken.actions)  # [N]
        return state, {"clipped_share": float(np.mean(clipped)), "kl": float((taken.log_probs - after).mean())}

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _step(
        self, state: State, observations: Floats, actions: Floats, before: Floats, advantages: Floats, targets: Floats
    ) -> tuple[State, float]:
        """One step of policy and critic on a minibatch of M rows, and the share of its steps that were clipped."""
        log_probs, score = self.policy.scored(self.solution(state), observations, actions)  # [M], [M] -> [P]
        ratios = np.exp(log_probs - before)  # [M] ρ
        weights, clipped = surrogate_weights(ratios, returns.normalised(advantages), self.clip)  # [M]
        gradient = adam.limited(score(weights / weights.size), self.gradient_limit)  # [P]
        descent = adam.limited(critic.descent(state.critic, self.hidden, observations, targets), self.gradient_limit)
        optimiser, theta = adam.ascend(state.adam, state.theta, gradient, self.step_size)
        critic_optimiser, network = adam.ascend(state.critic_adam, state.critic, descent, self.critic_step_size)
        return State(theta, optimiser, network, critic_optimiser), clipped


def surrogate_weights(ratios: Floats, advantages: Floats, clip: float) -> tuple[Floats, float]:
    """Weights ρ A of the scores [M], 0 where the clipped branch of eq. 7 is the smaller; and the share of those."""
    flat = np.where(advantages > 0.0, ratios > 1.0 + clip, ratios < 1.0 - clip)  # [M]
    return np.where(flat, 0.0, ratios * advantages), np.count_nonzero(flat) / flat.size
