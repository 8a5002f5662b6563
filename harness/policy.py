"""A policy is a structure under a head: pi_theta(a | s), its log probabilities and their gradients.

theta = [structure parameters, log std [A] of the Gaussian head]. Every policy gradient is a weighted sum of scores
grad log pi(a_t | s_t); here the head's part of the chain rule is written out and the structure's part is its closed
form or, where it has none, torch autograd in float64. Torch is imported when autograd is first asked for: most jobs
never pay for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from harness.interface import Candidate, Floats, Integers, Scaler, Space, Structure
from harness.plugins import load

Head = Literal["greedy", "categorical", "gaussian"]
Linear: TypeAlias = Callable[[Floats], Floats]
HALF_LOG_TAU = 0.5 * float(np.log(2.0 * np.pi))


def build(structure: str, settings: dict[str, Any], space: Space, explores: bool, seed: int) -> Policy:
    """The policy of a run.

    Args:
        structure: file of `policies/`, or `programs.NAME` for a program.
        settings: overrides of the structure's fields.
        space: what it must fit.
        explores: whether it needs a stochastic head.
        seed: realisation of what is random and frozen in the structure.

    Raises:
        ValueError: if the structure does not fit the space.
    """
    kind = load("policies", structure)
    head: Head = "greedy" if not explores else "categorical" if space.discrete else "gaussian"
    return Policy(kind(inputs=space.observations, outputs=space.actions, seed=seed, **settings), head, space)


@dataclass(frozen=True)
class Policy:
    """Structure ∘ head over a space; see `harness.interface.Policy` for what the methods return."""

    structure: Structure
    head: Head
    space: Space
    initial_log_std: float = 0.0

    @property
    def dim(self) -> int:
        """P, the parameters of the structure and of the head."""
        return self.structure.dim + self.tail

    @property
    def tail(self) -> int:
        """T, the parameters of the head: log std for each component of a Gaussian action."""
        return self.space.actions if self.head == "gaussian" else 0

    def init(self, rng: np.random.Generator) -> Floats:
        """Initial parameters [P]."""
        return np.concatenate([self.structure.init(rng), np.full(self.tail, self.initial_log_std)])  # [P]

    def log_probs(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        """Log pi(a_t | s_t) [N]."""
        return self.scored(candidate, observations, actions)[0]

    def score(self, candidate: Candidate, observations: Floats, actions: Floats, weights: Floats) -> Floats:
        """sum_t w_t grad log pi(a_t | s_t) [P]."""
        return self.scored(candidate, observations, actions)[1](weights)

    def scored(self, candidate: Candidate, observations: Floats, actions: Floats) -> tuple[Floats, Linear]:
        """Log pi(a_t | s_t) [N], and the map from weights [N] to the sum of scores [P]: both of one forward pass."""
        outputs, _, pull = self._linearised(candidate, observations)  # [N, K]
        if self.head == "categorical":
            log_p, steps = _log_softmax(outputs), np.arange(len(outputs))  # [N, K], [N]
            chosen = actions[:, 0].astype(np.int64)  # [N]
            slopes = -np.exp(log_p)  # [N, K] d log pi / d outputs = 1{chosen} - p
            slopes[steps, chosen] += 1.0
            return log_p[steps, chosen], lambda weights: pull(weights[:, None] * slopes)
        log_std = candidate.theta[self.structure.dim :]  # [A]
        std = np.exp(log_std)  # [A]
        z = (actions - outputs) / std  # [N, A]

        def weighed(weights: Floats) -> Floats:
            return np.concatenate([pull(weights[:, None] * z / std), weights @ (z**2 - 1.0)])

        return (-0.5 * z**2 - log_std - HALF_LOG_TAU).sum(axis=1), weighed

    def episode_scores(self, candidate: Candidate, observations: Floats, actions: Floats, lengths: Integers) -> Floats:
        """Sum over each episode's steps of grad log pi [E, P]."""
        ends = np.cumsum(lengths)  # [E]
        spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        return np.stack([self.score(candidate, observations[s], actions[s], np.ones(s.stop - s.start)) for s in spans])

    def fisher(self, candidate: Candidate, observations: Floats) -> Linear:
        """The map of v to (1/N sum_t J_tᵀ M_t J_t) v: J the outputs' Jacobian, M the Fisher information of the head."""
        split = self.structure.dim
        outputs, push, pull = self._linearised(candidate, observations)
        count = outputs.shape[0]
        p = np.exp(_log_softmax(outputs))  # [N, K] of a categorical head
        variance = np.exp(2.0 * candidate.theta[split:])  # [A] of a Gaussian one

        def product(vector: Floats) -> Floats:
            change = push(vector[:split])  # [N, K] = J v
            if self.head == "categorical":
                return pull(p * (change - (p * change).sum(axis=1, keepdims=True)) / count)
            return np.concatenate([pull(change / variance / count), 2.0 * vector[split:]])

        return product

    def _linearised(self, candidate: Candidate, observations: Floats) -> tuple[Floats, Linear, Linear]:
        """Outputs [N, K], v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim].

        In closed form where the structure has one (`linearised`), else by autograd.
        """
        theta, x = candidate.theta[: self.structure.dim], scaled(candidate.scaler, observations)  # [dim], [N, O]
        if hasattr(self.structure, "linearised"):
            closed: tuple[Floats, Linear, Linear] = self.structure.linearised(theta, x)
            return closed
        return self._by_autograd(theta, x)

    def _by_autograd(self, theta: Floats, x: Floats) -> tuple[Floats, Linear, Linear]:
        """The same; J v is the derivative of Jᵀ u with respect to u."""
        torch = self._torch
        leaf = torch.tensor(theta, requires_grad=True)  # [dim]
        outputs = self.structure.forward(leaf, torch.as_tensor(x))  # [N, K]
        probe = torch.zeros_like(outputs, requires_grad=True)  # [N, K] u

        def push(vector: Floats) -> Floats:
            (transposed,) = torch.autograd.grad(outputs, leaf, probe, create_graph=True)
            (change,) = torch.autograd.grad(transposed, probe, torch.as_tensor(vector))
            return np.asarray(change.numpy())

        def pull(cotangent: Floats) -> Floats:
            (gradient,) = torch.autograd.grad(outputs, leaf, torch.as_tensor(cotangent), retain_graph=True)
            return np.asarray(gradient.numpy())

        return outputs.detach().numpy(), push, pull

    @cached_property
    def _torch(self) -> Any:
        """Torch, with one thread: more threads change the bits."""
        import torch

        torch.set_num_threads(1)
        return torch


def scaled(scaler: Scaler, observations: Floats) -> Floats:
    """(x - mean) / std [N, O], with the reciprocal taken first as the compiled loop does."""
    return np.asarray((observations - scaler.mean) * (1.0 / scaler.std))


def _log_softmax(outputs: Floats) -> Floats:
    """Log p [N, K], worked out as [K, N]: sums over a few long rows are faster than over many short ones."""
    rows = outputs.T - outputs.T.max(axis=0)  # [K, N]
    return np.asarray((rows - np.log(np.exp(rows).sum(axis=0))).T)
