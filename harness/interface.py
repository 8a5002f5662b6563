"""The words of the house: what must be read to write an algorithm, a structure or a policy.

An algorithm *proposes rollouts* and *digests outcomes*. It never sees an environment, a clock, a file, or a random
seed of its own. A gradient-free method asks for many parameter vectors and reads only their returns; a policy gradient
asks for one vector with exploration and reads every step (`record`). That one field is the question of the project.

Beside them an algorithm needs `harness.streams.draw_seeds` and, for a scaler that changes nothing,
`harness.parts.moments.identity`; `harness/parts/` holds what several algorithms share (Adam, returns, baselines).

Shapes: D candidates, E episodes of a candidate, N steps, P parameters, O observations, A action components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Metrics: TypeAlias = dict[str, float]
S = TypeVar("S")
T = TypeVar("T", contravariant=True)


class Space(NamedTuple):
    """What a policy must fit: O numbers in, and either one of A actions or A numbers out."""

    observations: int  # O
    actions: int  # A: the number of choices (discrete) or of components (continuous)
    discrete: bool
    low: tuple[float, ...] = ()  # [A] bounds of a continuous action
    high: tuple[float, ...] = ()  # [A]


class Scaler(NamedTuple):
    """Observation normaliser x -> (x - mean) / std, frozen while a candidate is rolled out."""

    mean: Floats  # [O]
    std: Floats  # [O]


class Candidate(NamedTuple):
    """All that is needed to act: saved, evaluated and sent as one thing."""

    theta: Floats  # [P]
    scaler: Scaler


@dataclass(frozen=True, eq=False)
class Request:
    """A wish for rollouts of D candidates under the same terms.

    Row d is rolled out from `seeds[d]` and from nothing else: its result does not depend on the other rows, on the
    order of requests or on the worker. Equal seeds are common random numbers, in the environment and in exploration.
    """

    thetas: Floats  # [D, P]
    seeds: Integers  # [D] any non-negative 63-bit numbers, drawn from `turn.rng`
    scaler: Scaler
    episodes: int = 1  # E whole episodes of each candidate ...
    steps: int = 0  # ... or, when positive (D = 1), episodes until so many steps, the last one cut
    explore: int = 0  # 0 the mode of the policy, +1 sampled actions, -1 the same noise mirrored
    explore_step: int = -1  # -1: explore at every step; t: at step t of each episode only
    record: bool = False  # return the trajectories (D = 1)
    moments: bool = False  # return the observation moments
    gradient: bool = False  # return the exact gradient (D = 1; only problems whose gradient is known)


class Trajectory(NamedTuple):
    """Every step of E episodes, one after the other: N = sum(lengths)."""

    observations: Floats  # [N, O] raw, before the scaler
    actions: Floats  # [N, A] continuous, before clipping; [N, 1] the chosen index of a discrete action
    log_probs: Floats  # [N] of the action under the policy that took it; 0 where it did not explore
    rewards: Floats  # [N]
    lengths: Integers  # [E]
    final_observations: Floats  # [E, O] the observation after the last step
    terminated: Booleans  # [E] ended by the environment; False: stopped by the horizon or by the step limit


class Outcome(NamedTuple):
    """What came back for a request. Returns that are not finite arrive as -inf: they can never win."""

    request: Request
    returns: Floats  # [D, E] undiscounted sums of rewards
    lengths: Integers  # [D, E]
    moments: Floats  # [D, 3, O] count, sum and sum of squares of the observations seen; [0, 3, O] unless asked
    trajectory: Trajectory | None = None
    gradient: Floats | None = None  # [P] of the expected return


@dataclass(frozen=True)
class Turn:
    """One round of ask and tell. `rng(purpose)` gives the same generator in both: draw again, do not remember."""

    number: int  # 0, 1, 2 ...
    steps: int  # environment steps charged before this turn
    address: Callable[..., np.random.Generator]

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, equal whenever it is asked for within this turn."""
        return self.address("turn", self.number, purpose)


class Policy(Protocol):
    """A structure under a head, as an algorithm sees it. All mathematics in float64."""

    @property
    def dim(self) -> int:
        """P, the number of parameters, those of the head included."""

    @property
    def space(self) -> Space:
        """What goes in and comes out."""

    def init(self, rng: np.random.Generator) -> Floats:
        """Initial parameters [P]."""

    def log_probs(self, candidate: Candidate, observations: Floats, actions: Floats) -> Floats:
        """Log pi(a_t | s_t) [N]."""

    def score(self, candidate: Candidate, observations: Floats, actions: Floats, weights: Floats) -> Floats:
        """sum_t w_t grad log pi(a_t | s_t) [P]: every policy gradient is this sum, they differ in the weights [N]."""

    def scored(
        self, candidate: Candidate, observations: Floats, actions: Floats
    ) -> tuple[Floats, Callable[[Floats], Floats]]:
        """`log_probs` [N], and `score` as a map of the weights [N] -> [P], for the price of one forward pass."""

    def episode_scores(self, candidate: Candidate, observations: Floats, actions: Floats, lengths: Integers) -> Floats:
        """Sum over the steps of each episode of grad log pi [E, P]."""

    def fisher(self, candidate: Candidate, observations: Floats) -> Callable[[Floats], Floats]:
        """Fisher information of the actions, averaged over the observations, as the map of a vector [P] -> [P]."""


class Algorithm(Protocol[S]):
    """A frozen dataclass of settings whose first field is `policy`; no inheritance.

    `family` is "gradient-free" (returns only), "policy-gradient" (trajectories) or "probe"; `explores` says whether
    the policy needs a stochastic head.
    """

    family: str
    explores: bool

    def init(self, rng: np.random.Generator) -> S:
        """The state before the first turn: a NamedTuple of arrays, numbers and NamedTuples of these."""

    def ask(self, state: S, turn: Turn) -> tuple[Request, ...]:
        """The rollouts that this turn needs. Pure."""

    def tell(self, state: S, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[S, Metrics]:
        """The next state and what is worth logging. Pure; outcomes stand in the order of the requests."""

    def solution(self, state: S) -> Candidate:
        """The candidate that would be returned if the run ended now; it is the one that is evaluated."""


class Estimator(Protocol[T]):
    """What an algorithm that climbs an estimated gradient may show too: the laboratory measures it beside the truth."""

    def estimate(self, state: T, outcomes: tuple[Outcome, ...], turn: Turn) -> Floats:
        """The gradient [P] of this turn as `tell` has it before the optimiser (Adam, a normalised length). Pure."""

    @property
    def smoothing(self) -> float | None:
        """What it is meant to be the gradient of: with σ > 0 E[J(θ + σε)], with 0 J(θ), None: of neither.

        J is the expected return of the policy as it acts in training.
        """


class Structure(Protocol):
    """A function x [O] -> [K] of a flat parameter vector; a frozen dataclass in a file of `policies/`.

    The first three fields are given by the harness, the rest are settings. Beside it the file holds the *acting form*,
    `evaluate(weights [W], x [O], out [K], scratch, sizes)`, compiled by Numba; `forward` is its *autograd form*.

    Two more members are looked for, and may be absent. `acting` names the module that holds the acting form, if it is
    that of another structure. `linearised(theta [dim], x [N, O])` is the closed form of the gradient: outputs [N, K],
    v [dim] -> J v [N, K] and u [N, K] -> Jᵀ u [dim]; without it gradients go through torch.
    """

    inputs: int  # O
    outputs: int  # K
    seed: int  # realisation of whatever is random and frozen in the structure

    @property
    def dim(self) -> int:
        """Number of parameters."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Integers that the acting form reads; constants of the compiled kernel."""

    @property
    def scratch(self) -> int:
        """Length of the scratch array of the acting form."""

    def init(self, rng: np.random.Generator) -> Floats:
        """Initial parameters [dim]."""

    def weights(self, theta: Floats) -> Floats:
        """What the acting form reads [D, W], made once for a candidate from its parameters [D, dim]."""

    def forward(self, theta: Any, x: Any) -> Any:
        """Torch: parameters [dim], inputs [N, O] -> outputs [N, K]."""
