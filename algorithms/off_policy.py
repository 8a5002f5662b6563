"""Off-policy policy gradient: episodes of past policies are used again, weighted by how likely they are now.

    ∇E[R] ≈ 1/N Σ_{τ~Q} P_π(τ)/Q(τ) (R(τ) - b) ∇log P_π(τ)

    for iterations:
        for episodes: collect with the current policy into the replay buffer
        update the baseline
        for batches: estimate the gradient on a sample of the buffer, take a step

Sources: T. Jie and P. Abbeel, "On a Connection between Importance Sampling and the Likelihood Ratio Policy Gradient"
(2010); weights and their sources in `harness/parts/importance.py`.

The denominator Q is the mixture of all policies in the buffer, in the shares of their episodes ("mixture"), or the
policy that made the episode ("own"). The mixture needs every episode's probability under each of B stored policies: B
forward passes over the buffer a turn. Weights: "plain" w/N · "truncated" min(w, c)/N · "self_normalised" w/Σw ·
"per_decision", where r_t is weighted by the steps up to t only and each action is credited with its reward to go.
The baseline b is the mean return of the newest episodes, an episode's own left out (per decision: reward to go).

A batch of which too little counts (effective sample size) is skipped: a step on it would be noise.

Deviation: the reward to go of "per_decision" is discounted from its own step, as in REINFORCE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam, baselines, importance, replay, returns
from harness.parts.adam import AdamState
from harness.parts.replay import Buffer
from harness.parts.sampling import recorded, sampled, unscaled


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: AdamState
    buffer: Buffer


@dataclass(frozen=True)
class OffPolicy:
    """Settings."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    episodes: int = 8  # collected in a turn
    capacity: int = 32  # episodes in the buffer
    batches: int = 4  # steps in a turn
    batch: int = 16  # N, episodes sampled for a step
    step_size: float = 0.01  # α
    discount: float = 0.99  # γ
    baseline: Literal["none", "average"] = "average"  # b
    weights: Literal["plain", "truncated", "self_normalised", "per_decision"] = "self_normalised"
    denominator: Literal["mixture", "own"] = "mixture"  # Q
    truncation: float = 5.0  # c
    least_effective: float = 0.2  # share of a batch that must count

    def init(self, rng: np.random.Generator) -> State:
        """An empty buffer."""
        return State(self.policy.init(rng), adam.init(self.policy.dim), replay.empty(self.policy))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """Episodes of the current policy."""
        return (sampled(self.solution(state), turn, episodes=self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Fill the buffer, update the baseline, take a step on each batch."""
        buffer = replay.added(state.buffer, recorded(outcomes[0]), state.theta, self.capacity)
        behaviour, baseline = self._behaviour(buffer), self._baseline(buffer)  # [N], [N]
        state = state._replace(buffer=buffer)
        rng = turn.rng("batches")
        logs = []
        for _ in range(self.batches):
            count = buffer.lengths.size
            chosen = rng.choice(count, size=min(self.batch, count), replace=False)  # [E]
            rows = np.isin(returns.episode_numbers(buffer.lengths), chosen)  # [N]
            state, log = self._step(state, replay.picked(buffer, chosen), behaviour[rows], baseline[rows])
            logs.append(log)
        return state, {name: float(np.mean([log[name] for log in logs])) for name in logs[0]}

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _step(self, state: State, sample: Buffer, behaviour: Floats, baseline: Floats) -> tuple[State, Metrics]:
        """One step on a sample of episodes, or none if too little of it counts."""
        candidate = self.solution(state)
        target = self.policy.log_probs(candidate, sample.observations, sample.actions)  # [N]
        ratios = importance.ratios(importance.so_far(target, sample.lengths), behaviour)  # [N] w_{0:t}
        whole = ratios[np.cumsum(sample.lengths) - 1]  # [E] w
        log = importance.diagnostics(whole, self.truncation)
        if log["effective_share"] < self.least_effective:
            return state, log | {"skipped": 1.0}
        credit = self._credit(sample, ratios, whole, baseline)  # [N]
        gradient = self.policy.score(candidate, sample.observations, sample.actions, credit)  # [P]
        optimiser, theta = adam.ascend(state.adam, state.theta, gradient, self.step_size)
        return state._replace(theta=theta, adam=optimiser), log | {"skipped": 0.0}

    def _credit(self, sample: Buffer, ratios: Floats, whole: Floats, baseline: Floats) -> Floats:
        """The weight of each step's score [N], from w_{0:t} [N], w [E] and b [N]."""
        if self.weights == "per_decision":
            to_go = returns.rewards_to_go(ratios * sample.rewards, sample.lengths, self.discount)  # [N]
            return np.asarray((to_go - ratios * baseline) / whole.size)
        if self.weights == "self_normalised":
            shares = whole / whole.sum()  # [E]
        else:
            shares = (np.minimum(whole, self.truncation) if self.weights == "truncated" else whole) / whole.size
        total = returns.discounted_returns(sample.rewards, sample.lengths, self.discount)  # [E] R(τ)
        return np.asarray(shares.repeat(sample.lengths) * (total.repeat(sample.lengths) - baseline))

    def _behaviour(self, buffer: Buffer) -> Floats:
        """Log Q(a_0 ... a_t) at each step of the buffer [N]."""
        if self.denominator == "own":
            return importance.so_far(buffer.log_probs, buffer.lengths)
        each = np.stack([
            self.policy.log_probs(unscaled(self.policy, theta), buffer.observations, buffer.actions)
            for theta in buffer.thetas
        ])  # [B, N]
        return importance.mixture(importance.so_far(each, buffer.lengths), np.bincount(buffer.makers))

    def _baseline(self, buffer: Buffer) -> Floats:
        """The baseline b at each step of the buffer [N]."""
        if self.baseline == "none":
            return np.zeros_like(buffer.rewards)
        newest = (buffer.makers == buffer.makers[-1]).astype(np.float64)  # [E]
        if self.weights == "per_decision":
            to_go = returns.rewards_to_go(buffer.rewards, buffer.lengths, self.discount)  # [N]
            return baselines.average_of_others_to_go(to_go, buffer.lengths, newest)
        total = returns.discounted_returns(buffer.rewards, buffer.lengths, self.discount)  # [E]
        return baselines.average_of_others(total, newest).repeat(buffer.lengths)
