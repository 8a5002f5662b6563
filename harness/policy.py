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
        outputs = self._outputs(candidate, observations)  # [N, K]
        if self.head == "categorical":
            chosen = actions[:, 0].astype(np.int64)  # [N]
            return _log_softmax(outputs)[np.arange(chosen.size), chosen]
        log_std = candidate.theta[self.structure.dim :]  # [A]
        z = (actions - outputs) / np.exp(log_std)  # [N, A]
        return np.asarray((-0.5 * z**2 - log_std - HALF_LOG_TAU).sum(axis=1))

    def score(self, candidate: Candidate, observations: Floats, actions: Floats, weights: Floats) -> Floats:
        """sum_t w_t grad log pi(a_t | s_t) [P]."""
        outputs, pull = self._pullback(candidate, observations)
        slopes, tail = self._head_slopes(candidate, outputs, actions)  # [N, K], [N, T]
        return np.concatenate([pull(weights[:, None] * slopes), weights @ tail])

    def episode_scores(self, candidate: Candidate, observations: Floats, actions: Floats, lengths: Integers) -> Floats:
        """Sum over each episode's steps of grad log pi [E, P]."""
        ends = np.cumsum(lengths)  # [E]
        spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        return np.stack([self.score(candidate, observations[s], actions[s], np.ones(s.stop - s.start)) for s in spans])

    def fisher_product(self, candidate: Candidate, observations: Floats, vector: Floats) -> Floats:
        """(1/N sum_t J_tᵀ M_t J_t) v [P]: J the outputs' Jacobian, M the Fisher information of the head."""
        split = self.structure.dim
        outputs, push, pull = self._linearised(candidate, observations)
        change = push(vector[:split])  # [N, K] = J v
        count = outputs.shape[0]
        if self.head == "categorical":
            p = np.exp(_log_softmax(outputs))  # [N, K]
            return pull(p * (change - (p * change).sum(axis=1, keepdims=True)) / count)
        variance = np.exp(2.0 * candidate.theta[split:])  # [A]
        return np.concatenate([pull(change / variance / count), 2.0 * vector[split:]])

    def _head_slopes(self, candidate: Candidate, outputs: Floats, actions: Floats) -> tuple[Floats, Floats]:
        """Derivative of log pi with respect to outputs [N, K] and head parameters [N, T]."""
        if self.head == "categorical":
            one_hot = np.zeros_like(outputs)  # [N, K]
            one_hot[np.arange(outputs.shape[0]), actions[:, 0].astype(np.int64)] = 1.0
            return one_hot - np.exp(_log_softmax(outputs)), np.zeros((outputs.shape[0], 0))
        std = np.exp(candidate.theta[self.structure.dim :])  # [A]
        z = (actions - outputs) / std  # [N, A]
        return z / std, z**2 - 1.0

    def _outputs(self, candidate: Candidate, observations: Floats) -> Floats:
        """Outputs [N, K]."""
        return self._pullback(candidate, observations)[0]

    def _pullback(self, candidate: Candidate, observations: Floats) -> tuple[Floats, Linear]:
        """Outputs [N, K] and the map u -> Jᵀ u from cotangents [N, K] to parameters [dim].

        In closed form where the structure has one (`pullback`), else by autograd.
        """
        if hasattr(self.structure, "pullback"):
            x = scaled(candidate.scaler, observations)  # [N, O]
            closed: tuple[Floats, Linear] = self.structure.pullback(candidate.theta[: self.structure.dim], x)
            return closed
        outputs, _, pull = self._linearised(candidate, observations)
        return outputs, pull

    def _linearised(self, candidate: Candidate, observations: Floats) -> tuple[Floats, Linear, Linear]:
        """Outputs [N, K], v -> J v and u -> Jᵀ u; J v is the derivative of Jᵀ u with respect to u."""
        torch = self._torch
        theta = torch.tensor(candidate.theta[: self.structure.dim], requires_grad=True)  # [dim]
        outputs = self.structure.forward(theta, torch.as_tensor(scaled(candidate.scaler, observations)))  # [N, K]

        def pull(cotangent: Floats) -> Floats:
            (gradient,) = torch.autograd.grad(outputs, theta, torch.as_tensor(cotangent), retain_graph=True)
            return np.asarray(gradient.numpy())

        def push(vector: Floats) -> Floats:
            probe = torch.zeros_like(outputs, requires_grad=True)
            (transposed,) = torch.autograd.grad(outputs, theta, probe, create_graph=True)
            (change,) = torch.autograd.grad(transposed, probe, torch.as_tensor(vector))
            return np.asarray(change.numpy())

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
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))  # [N, K]
