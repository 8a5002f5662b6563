"""Linear dynamics and quadratic cost with Gaussian noise: the environment whose answers are all known.

    x' = A x + B u + w,  w ~ N(0, noise² I),  x_0 ~ N(start, spread² I),  reward = -(x'ᵀ Q x' + uᵀ R u)

The state is paid after the step, not before it, so that the last action matters too; the return is the sum over the
horizon, divided by nothing. Q and R are diagonal. The policy of the known answers is u = K x, without a minus sign.
Where the last state pays xᵀ P x, its cost-to-go in a game without end, one gain is the best at every step: Riccati's.

Sources: B. Recht, "A Tour of Reinforcement Learning" (2018) and its `lqrpols.py`, for the double integrator and for the
datacenter (Q and R divided by 1000, as in H. Mania, A. Guy and B. Recht (2018), section 4.3); J. A. Preiss, S. Arnold,
C. Wei and M. Kloft, "Analyzing the Variance of Policy Gradient Estimators for the LQR" (2019), for random systems;
M. Fazel, R. Ge, S. Kakade and M. Mesbahi (2018), Lemma 1 and section 4, for the gradient and the Gauss-Newton step.
Deviation: a last cost; a random A is scaled to a spectral radius, Q = I and R = I instead of Wishart matrices.

Shapes: O states, A actions, H steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit

from harness.interface import Floats, Space
from harness.rollouts.random import Words, normal
from harness.streams import stream

GAIN_TOLERANCE = 1e-12  # relative change at which the best stationary gain has converged
COST_TOLERANCE = 1e-13  # relative change at which the cost-to-go without end has converged
MAX_ITERATIONS = 10_000
HEADER = 5  # parameters before the vectors and matrices: O, A, noise, spread, last


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


LARGEST = 1000  # states, and actions: the exact cost takes their cube at every step of the horizon


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
    last: int = 0  # the step that pays the cost-to-go without end instead of Q, and ends the episode; 0: none

    def __post_init__(self) -> None:
        """Raise ValueError if the system is unknown, or has other dimensions than those given."""
        if self.system not in ("double_integrator", "datacenter", "random"):
            raise ValueError(f"system: {self.system!r} is not double_integrator, datacenter or random")
        if min(self.noise, self.spread, self.last) < 0 or min(self.states, self.actions) < 1:
            raise ValueError("noise, spread and last must not be negative, states and actions must be positive")
        if max(self.states, self.actions) > LARGEST:
            raise ValueError(f"states, actions: at most {LARGEST} each, as their matrices are held in memory")
        shape = self.matrices.control.shape
        if shape != (self.states, self.actions):
            raise ValueError(f"states, actions: the {self.system} has {shape[0]} and {shape[1]}")

    @cached_property
    def matrices(self) -> System:
        """The system that is named."""
        if self.system == "random":
            return random_system(self.states, self.actions, self.radius, self.seed)
        return datacenter() if self.system == "datacenter" else double_integrator()

    @cached_property
    def last_cost(self) -> Floats:
        """What the last state pays [O, O]: P if there is a last step, else Q as every other."""
        return endless_cost(self.matrices) if self.last else np.diag(self.matrices.state_cost)

    @property
    def space(self) -> Space:
        """The state is observed whole, the action has no bounds."""
        bound = (math.inf,) * self.actions
        return Space(self.states, self.actions, discrete=False, low=tuple(-b for b in bound), high=bound)

    @property
    def state_dim(self) -> int:
        """The state, room for the next one, and the number of steps taken."""
        return 2 * self.states + 1

    @property
    def parameters(self) -> Floats:
        """Header, start [O], Q [O], R [A], then A [O, O], B [O, A] and the last cost [O, O] row by row."""
        system = self.matrices
        header = np.array([self.states, self.actions, self.noise, self.spread, self.last])
        vectors = [system.start, system.state_cost, system.action_cost]
        matrices = [system.dynamics, system.control, self.last_cost]
        return np.concatenate([header, *vectors, *(matrix.ravel() for matrix in matrices)])

    def optimal_value(self, horizon: int) -> float:
        """Expected return of the best policy there is: Riccati's linear gain, which may vary with time."""
        system = self.matrices
        costs = _riccati(system, self._final(horizon), horizon)
        start = _first_moment(system, self.spread) * (costs[0] - np.diag(system.state_cost))
        return -float(start.sum() + self.noise**2 * np.trace(costs[1:], axis1=1, axis2=2).sum())

    def value(self, gain: Floats, horizon: int) -> float:
        """Expected return of u = K x for a gain K [A, O]; -inf where it overflows."""
        system, final = self.matrices, self._final(horizon)
        moments = _moments(system, gain, self.noise, self.spread, horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            states = np.einsum("i,tii->", system.state_cost, moments[1:-1]) + np.einsum("ij,ij->", final, moments[-1])
            actions = np.einsum("k,ki,kj,tij->", system.action_cost, gain, gain, moments[:-1], optimize=True)
        return -float(states + actions) if np.isfinite(states + actions) else -math.inf

    def gradient(self, gain: Floats, horizon: int) -> Floats:
        """Derivative of the value by the gain [A, O]; not finite where it overflows."""
        system = self.matrices
        moments = _moments(system, gain, self.noise, self.spread, horizon)[:-1]
        curvatures, slopes = _local_model(system, gain, self._final(horizon), horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            return -2.0 * ((curvatures @ gain + slopes) @ moments).sum(axis=0)

    def stationary_gain(self, horizon: int) -> Floats:
        """The best gain [A, O] that does not change with time.

        Full Gauss-Newton steps from the first gain of the Riccati recursion, each solving the stationarity equation
        with moments and costs-to-go frozen. They take some 3 to 200 steps and end where the gradient is zero.

        Raises:
            RuntimeError: No convergence; did not happen to any of 150 random systems of radius 0.5 to 2.
        """
        system = self.matrices
        gain = _gain(system, _riccati(system, self._final(horizon), horizon)[1])
        for _ in range(MAX_ITERATIONS):
            change = self._newton_target(system, gain, horizon) - gain
            if np.abs(change).max() <= GAIN_TOLERANCE * (1.0 + np.abs(gain).max()):
                return gain
            gain = gain + change
        raise RuntimeError(f"the stationary gain did not converge in {MAX_ITERATIONS} steps")

    def _final(self, horizon: int) -> Floats:
        """The cost of the state after the last step [O, O].

        Raises:
            ValueError: if the episode is to end before or after the step that was given as the last.
        """
        if self.last not in (0, horizon):
            raise ValueError(f"last: {self.last} is neither 0 nor the horizon, {horizon}")
        return self.last_cost

    def _newton_target(self, system: System, gain: Floats, horizon: int) -> Floats:
        """The K [A, O] of Σ_t (R + BᵀP B) K S = -Σ_t BᵀP A S, where P and S are those of the present gain."""
        moments = _moments(system, gain, self.noise, self.spread, horizon)[:-1]
        curvatures, slopes = _local_model(system, gain, self._final(horizon), horizon)
        matrix = np.einsum("tkl,tij->kilj", curvatures, moments).reshape(gain.size, gain.size)
        target = -(slopes @ moments).sum(axis=0).ravel()
        return np.linalg.lstsq(matrix, target, rcond=None)[0].reshape(gain.shape)


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


def _local_model(system: System, gain: Floats, final: Floats, horizon: int) -> tuple[Floats, Floats]:
    """R + BᵀP_{t+1}B [H, A, A] and BᵀP_{t+1}A [H, A, O] for t = 0..H-1, P_t the cost-to-go of the gain, P_H final."""
    costs = np.empty((horizon, *final.shape))  # P_1..P_H [H, O, O]
    costs[-1] = final
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(horizon - 1, 0, -1):
            costs[t - 1] = _cost_before(system, gain, costs[t])
        projected = system.control.T @ costs  # [H, A, O]
        return np.diag(system.action_cost) + projected @ system.control, projected @ system.dynamics


def _cost_before(system: System, gain: Floats, cost: Floats) -> Floats:
    """The cost-to-go [O, O] before a step with u = K x that ends at P: Q + KᵀRK + (A + BK)ᵀ P (A + BK)."""
    closed = system.dynamics + system.control @ gain  # [O, O]
    return np.diag(system.state_cost) + gain.T @ np.diag(system.action_cost) @ gain + closed.T @ cost @ closed


def _gain(system: System, cost: Floats) -> Floats:
    """The best gain [A, O] before a step that ends at the cost-to-go P [O, O]: -(R + BᵀPB)⁻¹ BᵀPA."""
    projected = system.control.T @ cost  # [A, O]
    curvature = np.diag(system.action_cost) + projected @ system.control  # [A, A]
    return np.negative(np.linalg.solve(curvature, projected @ system.dynamics))


def _riccati(system: System, final: Floats, horizon: int) -> Floats:
    """Optimal costs-to-go P_0..P_H [H+1, O, O]: P_H is final, and each step before takes its best gain."""
    costs = np.empty((horizon + 1, *final.shape))  # [H+1, O, O]
    costs[-1] = final
    for t in range(horizon, 0, -1):
        costs[t - 1] = _cost_before(system, _gain(system, costs[t]), costs[t])
    return costs


def endless_cost(system: System) -> Floats:
    """P [O, O], the optimal cost-to-go of a game without end: Riccati's recursion from Q until it stands still.

    Raises:
        RuntimeError: no convergence, as for a system that no gain can stabilise, or that rounding overwhelms.
    """
    cost = np.diag(system.state_cost)
    for _ in range(MAX_ITERATIONS):
        before = _cost_before(system, _gain(system, cost), cost)
        if np.abs(before - cost).max() < COST_TOLERANCE * np.abs(before).max():
            return before
        cost = before
    raise RuntimeError(f"the cost-to-go without end did not converge in {MAX_ITERATIONS} steps")


@njit
def reset(generator: Words, parameters: Floats, state: Floats) -> None:
    """A normal state around the start."""
    states, spread = int(parameters[0]), parameters[3]
    for i in range(states):
        state[i] = parameters[HEADER + i] + spread * normal(generator)
        state[states + i] = 0.0
    state[2 * states] = 0.0


@njit
def observe(parameters: Floats, state: Floats, observation: Floats) -> None:
    """The state itself."""
    for i in range(int(parameters[0])):
        observation[i] = state[i]


@njit
def step(generator: Words, parameters: Floats, state: Floats, action: Floats) -> tuple[float, bool]:
    """One transition; only the last step ends the episode, if there is one."""
    states, actions, noise = int(parameters[0]), int(parameters[1]), parameters[2]
    state_cost = HEADER + states
    action_cost = state_cost + states
    dynamics = action_cost + actions
    control = dynamics + states * states
    last_cost = control + states * actions
    for i in range(states):
        moved = noise * normal(generator)
        for j in range(states):
            moved += parameters[dynamics + i * states + j] * state[j]
        for k in range(actions):
            moved += parameters[control + i * actions + k] * action[k]
        state[states + i] = moved
    cost = 0.0
    for k in range(actions):
        cost += parameters[action_cost + k] * action[k] * action[k]
    for i in range(states):
        state[i] = state[states + i]
    state[2 * states] += 1.0
    last = state[2 * states] == parameters[4]
    for i in range(states):
        if last:
            for j in range(states):
                cost += parameters[last_cost + i * states + j] * state[i] * state[j]
        else:
            cost += parameters[state_cost + i] * state[i] * state[i]
    return -cost, last
