"""Off-policy policy gradient: episodes of past policies are used again, weighted by how likely they are now.

    ∇E[R] ≈ 1/N Σ_{τ~Q} P_π(τ)/Q(τ) (R(τ) - b) ∇log P_π(τ)

    for iterations:
        for episodes: collect with the current policy into the replay buffer; then update the baseline
        for batches: estimate the gradient on a sample of the buffer, take a step

Sources: T. Jie and P. Abbeel, "On a Connection between Importance Sampling and the Likelihood Ratio Policy Gradient"
(2010); weights and their sources in `harness/parts/importance.py`.

Q is the mixture of all policies in the buffer, or the policy that made the episode ("own"). Weights: "plain" w/N ·
"truncated" min(w, c)/N · "self_normalised" w/Σw · "per_decision": r_t is weighted by the steps up to t only, and an
action credited with its reward to go. The baseline b is the mean credit of the newest episodes, its own left out.
Deviation: a batch of which too little counts (effective sample size) is skipped: a step on it would be noise.
Deviation: the reward to go of "per_decision" is discounted from its own step, as in REINFORCE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Integers, Metrics, Outcome, Policy, Request, Turn
from harness.parts import adam, baselines, importance, replay, returns
from harness.parts.ranges import at_least, ordered, positive, share, vectors
from harness.parts.sampling import recorded, sampled, unscaled
from harness.parts.search import Choice, LogUniform


class State(NamedTuple):
    """Where the search stands."""

    theta: Floats  # [P]
    adam: adam.AdamState
    buffer: replay.Buffer


@dataclass(frozen=True)
class OffPolicy:
    """A turn collects `episodes` and takes `batches` steps."""

    family: ClassVar[str] = "policy-gradient"
    explores: ClassVar[bool] = True

    policy: Policy
    episodes: Annotated[int, Choice((4, 8, 16, 32))] = 8  # collected in a turn
    capacity: int = 32  # episodes in the buffer
    batches: Annotated[int, Choice((1, 2, 4, 8))] = 4  # steps in a turn
    batch: int = 16  # N, episodes sampled for a step
    step_size: Annotated[float, LogUniform(0.001, 0.1)] = 0.01  # α
    discount: Annotated[float, Choice((0.9, 0.95, 0.99, 0.995, 1.0))] = 0.99  # γ
    baseline: Literal["none", "average"] = "average"  # b
    weights: Literal["plain", "truncated", "self_normalised", "per_decision"] = "self_normalised"
    denominator: Literal["mixture", "own"] = "mixture"  # Q
    truncation: float = 5.0  # c
    least_effective: float = 0.2  # share of a batch that must count

    def __post_init__(self) -> None:
        at_least(self, 1, "episodes", "capacity", "batches", "batch")
        ordered(self, "episodes", "capacity")
        ordered(self, "batch", "capacity")
        positive(self, "step_size", "truncation")
        share(self, "discount", "least_effective")
        vectors(self, "capacity", self.capacity)

    def init(self, rng: np.random.Generator) -> State:
        """An empty buffer."""
        return State(self.policy.init(rng), adam.init(self.policy.dim), replay.empty(self.policy))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        """Episodes of the current policy."""
        return (sampled(self.solution(state), turn, episodes=self.episodes),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        """Fill the buffer, update the baseline, take a step on each batch."""
        buffer, behaviour, baseline = self._filled(state, outcomes)
        state, rng, logs = state._replace(buffer=buffer), turn.rng("batches"), []
        for _ in range(self.batches):
            sample, rows = replay.drawn(buffer, rng, self.batch)
            gradient, log = self._gradient(state.theta, sample, behaviour[rows], baseline[rows])
            logs.append(log)
            if not log["skipped"]:
                optimiser, theta = adam.ascend(state.adam, state.theta, gradient, self.step_size)
                state = state._replace(theta=theta, adam=optimiser)
        return state, {name: float(np.mean([log[name] for log in logs])) for name in logs[0]}

    def estimate(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The gradient [P] of the first batch, before the optimiser."""
        buffer, behaviour, baseline = self._filled(state, outcomes)
        sample, rows = replay.drawn(buffer, turn.rng("batches"), self.batch)
        return self._gradient(state.theta, sample, behaviour[rows], baseline[rows])[0]

    @property
    def smoothing(self) -> float | None:
        """The gradient of the return itself is meant, unless late rewards are discounted; biased weights are bias."""
        return 0.0 if self.discount == 1 else None

    def solution(self, state: State) -> Candidate:
        """The current policy."""
        return unscaled(self.policy, state.theta)

    def _filled(self, state: State, outcomes: tuple[Outcome, ...]) -> tuple[replay.Buffer, Floats, Floats]:
        """The buffer with the new episodes, and for each of its steps log Q [N] and the baseline [N]."""
        buffer = replay.added(state.buffer, recorded(outcomes[0]), state.theta, self.capacity)
        behaviour = replay.log_behaviour(buffer, self.policy, self.denominator == "mixture")  # [N]
        counted = (buffer.makers == buffer.makers[-1]) * float(self.baseline == "average")  # [E] the newest, or none
        credit = self._credit(buffer.rewards, buffer.lengths)  # [N]
        return buffer, behaviour, baselines.average(credit, buffer.lengths, counted, self.weights == "per_decision")

    def _gradient(
        self, theta: Floats, sample: replay.Buffer, log_q: Floats, baseline: Floats
    ) -> tuple[Floats, Metrics]:
        """The gradient [P] at theta from a sample of episodes; zero, and skipped, if too little of it counts."""
        candidate = unscaled(self.policy, theta)
        target = self.policy.log_probs(candidate, sample.observations, sample.actions)  # [N]
        ratios = importance.ratios(importance.so_far(target, sample.lengths), log_q)  # [N] w_{0:t}
        log = importance.diagnostics(ratios[np.cumsum(sample.lengths) - 1], self.truncation)
        if log["effective_share"] <= self.least_effective:
            return np.zeros(theta.size), log | {"skipped": 1.0}
        shares = importance.step_shares(ratios, sample.lengths, self.weights, self.truncation)  # [N]
        credit = self._credit(shares * sample.rewards, sample.lengths) - shares * baseline  # [N]
        return self.policy.score(candidate, sample.observations, sample.actions, credit), log | {"skipped": 0.0}

    def _credit(self, rewards: Floats, lengths: Integers) -> Floats:
        """R(τ), or per decision the reward to go, at each step [N]."""
        return returns.credit(rewards, lengths, self.discount, self.weights == "per_decision")
