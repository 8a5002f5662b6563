"""Linear dynamics and quadratic cost with Gaussian noise: the environment whose answers are all known.

    x' = A x + B u + w,  w ~ N(0, noise² I),  x_0 ~ N(start, spread² I),  reward = -(x'ᵀ Q x' + uᵀ R u)

The state is paid after the step, not before it, so that the last action matters too; the return is the sum over the
horizon, divided by nothing. Q and R are diagonal. The policy of the known answers is u = K x, without a minus sign.

Sources: B. Recht, "A Tour of Reinforcement Learning" (2018) and its `lqrpols.py`, for the double integrator and for the
datacenter (Q and R divided by 1000, as in H. Mania, A. Guy and B. Recht (2018), section 4.3); J. A. Preiss, S. Arnold,
C. Wei and M. Kloft, "Analyzing the Variance of Policy Gradient Estimators for the LQR" (2019), for random systems;
M. Fazel, R. Ge, S. Kakade and M. Mesbahi (2018), Lemma 1 and section 4, for the gradient and the Gauss-Newton step.
Deviation: a random A is scaled to a given spectral radius, and Q = I, R = I instead of Wishart matrices.

Shapes: O states, A actions, H steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from harness.interface import Candidate, Floats, Space, Structure
from harness.rollouts.random import Words, normal
from harness.streams import stream

TOLERANCE = 1e-12  # of the relative change at which the best stationary gain has converged
MAX_ITERATIONS = 1000
HEADER = 4  # parameters before the vectors and matrices: O, A, noise, spread


class System(NamedTuple):
    """What moves and what it costs."""

    dynamics: Floats  # A [O, O]
    control: Floats  # B [O, A]
    state_cost: Floats  # diagonal of Q [O]
    action_cost: Floats  # diagonal of R [A]
    start: Floats  # [O] mean of the first state


def double_integrator() -> System:
    """A point mass pushed along a line: two states, one action; only the position costs."""
    dynamics = np.array([[1.0, 1.0], [0.0, 1.0]])  # [2, 2]
    return System(dynamics, np.array([[0.0], [1.0]]), np.array([1.0, 0.0]), np.ones(1), np.array([-1.0, 0.0]))


def datacenter() -> System:
    """Three machines that heat themselves and their neighbours, each with its own cooling: slightly unstable."""
    dynamics = 1.01 * np.eye(3) + 0.01 * (np.eye(3, k=1) + np.eye(3, k=-1))  # [3, 3]
    return System(dynamics, np.eye(3), np.full(3, 1e-3), np.ones(3), np.zeros(3))


def random_system(states: int, actions: int, radius: float, seed: int) -> System:
    """Normal matrices: A scaled to its spectral radius, the entries of B of variance 1 / actions."""
    rng = stream(seed, "lqr")
    dynamics = rng.normal(size=(states, states))  # [O, O]
    control = rng.normal(size=(states, actions)) / math.sqrt(actions)  # [O, A]
    dynamics *= radius / np.abs(np.linalg.eigvals(dynamics)).max()
    return System(dynamics, control, np.ones(states), np.ones(actions), np.zeros(states))


@dataclass(frozen=True)
class Lqr:
    """One system and its known answers.

    `system` is "double_integrator" (2 states, 1 action), "datacenter" (3 states, 3 actions) or "random", the only one
    that is free in its dimensions and reads `radius`, the spectral radius of A, and `seed`.
    """

    system: str = "double_integrator"
    states: int = 2  # O
    actions: int = 1  # A
    noise: float = 1e-2  # standard deviation of each component of w
    spread: float = 0.0  # standard deviation of each component of the first state
    radius: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError if the system is unknown, or has other dimensions than those given."""
        if self.system not in ("double_integrator", "datacenter", "random"):
            raise ValueError(f"system: {self.system!r} is not double_integrator, datacenter or random")
        if self.noise < 0.0 or self.spread < 0.0 or self.states < 1 or self.actions < 1:
            raise ValueError("noise and spread must not be negative, states and actions must be positive")
        shape = self.matrices.control.shape
        if shape != (self.states, self.actions):
            raise ValueError(f"states, actions: the {self.system} has {shape[0]} and {shape[1]}")

    @property
    def matrices(self) -> System:
        """The system that is named."""
        if self.system == "random":
            return random_system(self.states, self.actions, self.radius, self.seed)
        return datacenter() if self.system == "datacenter" else double_integrator()

    @property
    def space(self) -> Space:
        """The state is observed whole, the action has no bounds."""
        bound = (math.inf,) * self.actions
        return Space(self.states, self.actions, discrete=False, low=tuple(-b for b in bound), high=bound)

    @property
    def state_dim(self) -> int:
        """The state, and room for the next one."""
        return 2 * self.states

    @property
    def parameters(self) -> Floats:
        """Header, start [O], Q [O], R [A], then A [O, O] and B [O, A] row by row."""
        system = self.matrices
        header = np.array([self.states, self.actions, self.noise, self.spread])
        vectors = [system.start, system.state_cost, system.action_cost]
        return np.concatenate([header, *vectors, system.dynamics.ravel(), system.control.ravel()])

    def optimal_value(self, horizon: int) -> float:
        """Expected return of the best policy there is: Riccati's time-varying linear gain."""
        system = self.matrices
        costs = _riccati(system, horizon)
        start = _first_moment(system, self.spread) * (costs[0] - np.diag(system.state_cost))
        return -float(start.sum() + self.noise**2 * np.trace(costs[1:], axis1=1, axis2=2).sum())

    def value(self, gain: Floats, horizon: int) -> float:
        """Expected return of u = K x for a gain K [A, O]; -inf where it overflows."""
        system = self.matrices
        moments = _moments(system, gain, self.noise, self.spread, horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            states = np.einsum("i,tii->", system.state_cost, moments[1:])
            actions = np.einsum("k,ki,kj,tij->", system.action_cost, gain, gain, moments[:-1], optimize=True)
        return -float(states + actions) if np.isfinite(states + actions) else -math.inf

    def gradient(self, gain: Floats, horizon: int) -> Floats:
        """Derivative of the value by the gain [A, O]; not finite where it overflows."""
        system = self.matrices
        moments = _moments(system, gain, self.noise, self.spread, horizon)[:-1]
        curvatures, slopes = _local_model(system, gain, horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            return -2.0 * ((curvatures @ gain + slopes) @ moments).sum(axis=0)

    def stationary_gain(self, horizon: int) -> Floats:
        """The best gain [A, O] that does not change with time.

        Gauss-Newton from the first gain of the Riccati recursion: each step solves the stationarity equation with
        moments and costs-to-go frozen, and is halved until the value does not fall.

        Raises:
            RuntimeError: No convergence; does not happen to a stabilisable system.
        """
        system = self.matrices
        gain = _gain(system, _riccati(system, horizon)[1])
        value = self.value(gain, horizon)
        for _ in range(MAX_ITERATIONS):
            direction = self._newton_target(system, gain, horizon) - gain
            if np.abs(direction).max() <= TOLERANCE * (1.0 + np.abs(gain).max()):
                return gain
            step = 1.0
            while self.value(gain + step * direction, horizon) < value - TOLERANCE * abs(value):
                step /= 2.0
            gain = gain + step * direction
            value = self.value(gain, horizon)
        raise RuntimeError(f"the stationary gain did not converge in {MAX_ITERATIONS} steps")

    def policy_value(self, structure: Structure, candidate: Candidate, horizon: int) -> float | None:
        """The value of a linear policy that acts by its mode; None for any other structure."""
        gain = _policy_gain(structure, candidate)
        return None if gain is None else self.value(gain, horizon)

    def policy_gradient(self, structure: Structure, candidate: Candidate, horizon: int) -> Floats | None:
        """Derivative of the value by the parameters of the structure [dim]; None as above."""
        gain = _policy_gain(structure, candidate)
        return None if gain is None else (self.gradient(gain, horizon) / candidate.scaler.std).ravel()

    def _newton_target(self, system: System, gain: Floats, horizon: int) -> Floats:
        """The K [A, O] of Σ_t (R + BᵀP B) K S = -Σ_t BᵀP A S, where P and S are those of the present gain."""
        moments = _moments(system, gain, self.noise, self.spread, horizon)[:-1]
        curvatures, slopes = _local_model(system, gain, horizon)
        matrix = np.einsum("tkl,tij->kilj", curvatures, moments).reshape(gain.size, gain.size)
        target = -(slopes @ moments).sum(axis=0).ravel()
        return np.linalg.lstsq(matrix, target, rcond=None)[0].reshape(gain.shape)


def _policy_gain(structure: Structure, candidate: Candidate) -> Floats | None:
    """K [A, O] of the structure `linear` without bias, under a scaler that only divides."""
    if type(structure).__name__ != "Linear" or structure.dim != structure.outputs * structure.inputs:
        return None
    if candidate.scaler.mean.any():
        return None
    weights = candidate.theta[: structure.dim].reshape(structure.outputs, structure.inputs)  # [A, O]
    gain: Floats = weights / candidate.scaler.std
    return gain


def _first_moment(system: System, spread: float) -> Floats:
    """E[x_0 x_0ᵀ] [O, O]."""
    return np.outer(system.start, system.start) + spread**2 * np.eye(system.start.size)


def _moments(system: System, gain: Floats, noise: float, spread: float, horizon: int) -> Floats:
    """S_t = E[x_t x_tᵀ] for t = 0..H [H+1, O, O]: S' = (A + BK) S (A + BK)ᵀ + noise² I."""
    closed = system.dynamics + system.control @ gain  # [O, O]
    moments = np.empty((horizon + 1, *closed.shape))  # [H+1, O, O]
    moments[0] = _first_moment(system, spread)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(horizon):
            moments[t + 1] = closed @ moments[t] @ closed.T + noise**2 * np.eye(len(closed))
    return moments


def _local_model(system: System, gain: Floats, horizon: int) -> tuple[Floats, Floats]:
    """R + BᵀP_{t+1}B [H, A, A] and BᵀP_{t+1}A [H, A, O] for t = 0..H-1, P_t the cost-to-go of the gain, P_H = Q."""
    closed, weight = system.dynamics + system.control @ gain, np.diag(system.action_cost)
    costs = np.empty((horizon, *closed.shape))  # P_1..P_H [H, O, O]
    costs[-1] = np.diag(system.state_cost)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(horizon - 1, 0, -1):
            costs[t - 1] = np.diag(system.state_cost) + gain.T @ weight @ gain + closed.T @ costs[t] @ closed
        projected = system.control.T @ costs  # [H, A, O]
        return weight + projected @ system.control, projected @ system.dynamics


def _gain(system: System, cost: Floats) -> Floats:
    """The best gain [A, O] before a step that ends at the cost-to-go P [O, O]: -(R + BᵀPB)⁻¹ BᵀPA."""
    projected = system.control.T @ cost  # [A, O]
    curvature = np.diag(system.action_cost) + projected @ system.control  # [A, A]
    return np.negative(np.linalg.solve(curvature, projected @ system.dynamics))


def _riccati(system: System, horizon: int) -> Floats:
    """Optimal costs-to-go P_0..P_H [H+1, O, O]: P_H = Q and P = Q + Aᵀ P' (A + BK)."""
    costs = np.empty((horizon + 1, *system.dynamics.shape))  # [H+1, O, O]
    costs[-1] = np.diag(system.state_cost)
    for t in range(horizon, 0, -1):
        closed = system.dynamics + system.control @ _gain(system, costs[t])
        costs[t - 1] = np.diag(system.state_cost) + system.dynamics.T @ costs[t] @ closed
    return costs


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """A normal state around the start."""
    states, spread = int(parameters[0]), parameters[3]
    for i in range(states):
        state[i] = parameters[HEADER + i] + spread * normal(generator)
        state[states + i] = 0.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state itself."""
    for i in range(int(parameters[0])):
        observation[i] = state[i]


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One transition; there is no terminal state."""
    states, actions, noise = int(parameters[0]), int(parameters[1]), parameters[2]
    state_cost = HEADER + states
    action_cost = state_cost + states
    dynamics = action_cost + actions
    control = dynamics + states * states
    cost = 0.0
    for i in range(states):
        moved = noise * normal(generator)
        for j in range(states):
            moved += parameters[dynamics + i * states + j] * state[j]
        for k in range(actions):
            moved += parameters[control + i * actions + k] * action[k]
        state[states + i] = moved
        cost += parameters[state_cost + i] * moved * moved
    for k in range(actions):
        cost += parameters[action_cost + k] * action[k] * action[k]
    for i in range(states):
        state[i] = state[states + i]
    return -cost, False
