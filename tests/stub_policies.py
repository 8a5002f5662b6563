"""Policies whose scores are written by hand, a problem small enough to list all its trajectories, and outcomes of both.

The problem: two states, two actions, a horizon of three steps or fewer. Action 1 in state 1 ends the episode; else
action a in state s leads to state 1 with probability LEADS[s, a]. Episodes start in state 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from harness.interface import Candidate, Floats, Integers, Outcome, Policy, Request, Space, Trajectory, Turn
from harness.parts.moments import identity
from harness.policy import Linear
from harness.streams import address

HORIZON = 3
LEADS = np.array([[0.3, 0.8], [0.6, 0.0]])  # [S, A]
REWARDS = np.array([[1.0, -0.5], [2.0, 3.0]])  # [S, A]


@dataclass(frozen=True)
class TabularSoftmax:
    """pi(a | s) = softmax(theta[s])[a] over one-hot states; theta [S * A]."""

    states: int = 2
    actions: int = 2

    @property
    def dim(self) -> int:
        return self.states * self.actions

    @property
    def space(self) -> Space:
        return Space(self.states, self.actions, True)

    def init(self, rng: np.random.Generator) -> Floats:
        return rng.normal(size=self.dim)

    def probabilities(self, theta: Floats) -> Floats:
        raised = np.exp(theta.reshape(self.states, self.actions))
        return raised / raised.sum(axis=1, keepdims=True)  # [S, A]

    def log_probs(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        return np.log((observations @ self.probabilities(candidate.theta))[np.arange(len(actions)), pick(actions)])

    def step_scores(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        slopes = np.eye(self.actions)[pick(actions)] - observations @ self.probabilities(candidate.theta)  # [N, A]
        return (observations[:, :, None] * slopes[:, None, :]).reshape(len(actions), self.dim)  # [N, P]

    def score(self, candidate: Candidate, observations: Floats, actions: Floats, weights: Floats) -> Floats:
        return weights @ self.step_scores(candidate, observations, actions)

    def scored(self, candidate: Candidate, observations: Floats, actions: Floats) -> tuple[Floats, Linear]:
        here = (candidate, observations, actions)
        return self.log_probs(*here), lambda weights: weights @ self.step_scores(*here)

    def episode_scores(self, candidate: Candidate, observations: Floats, actions: Floats, lengths: Integers) -> Floats:
        return sums(self.step_scores(candidate, observations, actions), lengths)

    def fisher(self, candidate: Candidate, observations: Floats) -> Linear:
        p = observations @ self.probabilities(candidate.theta)  # [N, A]

        def product(vector: Floats) -> Floats:
            change = observations @ vector.reshape(self.states, self.actions)  # [N, A]
            flow = p * (change - (p * change).sum(axis=1, keepdims=True)) / len(observations)
            return (observations.T @ flow).ravel()

        return product


@dataclass(frozen=True)
class LinearGaussian:
    """N(K x, std^2) with theta = [K (A x O) row by row, log std [A]]."""

    inputs: int
    outputs: int

    @property
    def dim(self) -> int:
        return self.outputs * (self.inputs + 1)

    @property
    def space(self) -> Space:
        return Space(self.inputs, self.outputs, False)

    def init(self, rng: np.random.Generator) -> Floats:
        return rng.normal(size=self.dim)

    def unpack(self, theta: Floats) -> tuple[Floats, Floats]:
        split = self.inputs * self.outputs
        return theta[:split].reshape(self.outputs, self.inputs), np.exp(theta[split:])

    def log_probs(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        gain, std = self.unpack(candidate.theta)
        z = (actions - observations @ gain.T) / std
        return (-0.5 * z**2 - np.log(std) - 0.5 * np.log(2.0 * np.pi)).sum(axis=1)

    def step_scores(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        gain, std = self.unpack(candidate.theta)
        z = (actions - observations @ gain.T) / std  # [N, A]
        slopes = ((z / std)[:, :, None] * observations[:, None, :]).reshape(len(actions), gain.size)
        return np.concatenate([slopes, z**2 - 1.0], axis=1)  # [N, P]

    def score(self, candidate: Candidate, observations: Floats, actions: Floats, weights: Floats) -> Floats:
        return weights @ self.step_scores(candidate, observations, actions)

    def scored(self, candidate: Candidate, observations: Floats, actions: Floats) -> tuple[Floats, Linear]:
        here = (candidate, observations, actions)
        return self.log_probs(*here), lambda weights: weights @ self.step_scores(*here)

    def episode_scores(self, candidate: Candidate, observations: Floats, actions: Floats, lengths: Integers) -> Floats:
        return sums(self.step_scores(candidate, observations, actions), lengths)

    def fisher(self, candidate: Candidate, observations: Floats) -> Linear:
        _, std = self.unpack(candidate.theta)
        split = self.inputs * self.outputs

        def product(vector: Floats) -> Floats:
            change = observations @ vector[:split].reshape(self.outputs, self.inputs).T  # [N, A]
            flow = (change / std**2).T @ observations / len(observations)  # [A, O]
            return np.concatenate([flow.ravel(), 2.0 * vector[split:]])

        return product


def pick(actions: Floats) -> Integers:
    return actions[:, 0].astype(np.int64)


def sums(step_scores: Floats, lengths: Integers) -> Floats:
    ends = np.cumsum(lengths)
    return np.stack([step_scores[end - n : end].sum(axis=0) for end, n in zip(ends, lengths, strict=True)])


def policy(stub: Any) -> Policy:
    """The stub as what it stands for."""
    return stub  # type: ignore[no-any-return]


def candidate(stub: Any, theta: Floats) -> Candidate:
    return Candidate(theta, identity(stub.space.observations))


def turn(number: int = 0, seed: int = 7) -> Turn:
    return Turn(number, 0, address(seed))


class Episode(NamedTuple):
    """One trajectory of the small problem and how likely it is under the dynamics alone."""

    states: Integers  # [T + 1]
    actions: Integers  # [T]
    rewards: Floats  # [T]
    terminated: bool
    dynamics: float


def episodes(horizon: int = HORIZON) -> list[Episode]:
    """All trajectories of the small problem."""
    found: list[Episode] = []

    def extend(states: list[int], actions: list[int], rewards: list[float], dynamics: float, over: bool) -> None:
        if over or len(actions) == horizon:
            found.append(Episode(np.array(states), np.array(actions), np.array(rewards), over, dynamics))
            return
        for action in (0, 1):
            now = states[-1]
            taken, paid = [*actions, action], [*rewards, float(REWARDS[now, action])]
            if now == 1 and action == 1:
                extend([*states, 0], taken, paid, dynamics, True)
                continue
            for after, chance in ((1, LEADS[now, action]), (0, 1.0 - LEADS[now, action])):
                extend([*states, after], taken, paid, dynamics * float(chance), False)

    extend([0], [], [], 1.0, False)
    return found


def probability(episode: Episode, theta: Floats) -> float:
    """Of the trajectory under the tabular policy theta."""
    p = TabularSoftmax().probabilities(theta)
    return episode.dynamics * float(np.prod(p[episode.states[:-1], episode.actions]))


def trajectory(stub: Any, theta: Floats, batch: list[Episode]) -> Trajectory:
    """Episodes of the small problem as theta would have recorded them."""
    eye = np.eye(2)
    observations = np.concatenate([eye[episode.states[:-1]] for episode in batch])
    actions = np.concatenate([episode.actions for episode in batch])[:, None].astype(np.float64)
    return Trajectory(
        observations,
        actions,
        stub.log_probs(candidate(stub, theta), observations, actions),
        np.concatenate([episode.rewards for episode in batch]),
        np.array([episode.actions.size for episode in batch]),
        eye[[episode.states[-1] for episode in batch]],
        np.array([episode.terminated for episode in batch]),
    )


def random_trajectory(stub: Any, theta: Floats, lengths: list[int], rng: np.random.Generator) -> Trajectory:
    """Steps with random observations, actions and rewards; even episodes end, odd ones are cut."""
    count, space = sum(lengths), stub.space
    observations = rng.normal(size=(count, space.observations))
    actions = rng.normal(size=(count, space.actions))
    if space.discrete:
        observations = np.eye(space.observations)[rng.integers(space.observations, size=count)]
        actions = rng.integers(space.actions, size=(count, 1)).astype(np.float64)
    return Trajectory(
        observations,
        actions,
        stub.log_probs(candidate(stub, theta), observations, actions),
        rng.normal(size=count),
        np.array(lengths),
        observations[: len(lengths)],
        np.arange(len(lengths)) % 2 == 0,
    )


def outcome(request: Request, taken: Trajectory) -> Outcome:
    """What an engine would answer with these trajectories."""
    totals = np.array([part.sum() for part in np.split(taken.rewards, np.cumsum(taken.lengths)[:-1])])
    return Outcome(request, totals[None], taken.lengths[None], np.zeros((0, 3, 1)), taken)


def told(algorithm: Any, state: Any, taken: Trajectory, number: int = 0) -> Any:
    """The state after a turn in which the only request came back with these trajectories."""
    (request,) = algorithm.ask(state, turn(number))
    return algorithm.tell(state, (outcome(request, taken),), turn(number))[0]


def true_gradient(theta: Floats, discount: float, horizon: int = HORIZON) -> Floats:
    """Of the expected discounted return of the small problem, by listing all trajectories: sum of p R d log p."""
    stub = TabularSoftmax()
    total = np.zeros(stub.dim)
    for episode in episodes(horizon):
        taken = trajectory(stub, theta, [episode])
        score = stub.episode_scores(candidate(stub, theta), taken.observations, taken.actions, taken.lengths)[0]
        value = float(np.sum(discount ** np.arange(episode.rewards.size) * episode.rewards))
        total += probability(episode, theta) * value * score
    return total
