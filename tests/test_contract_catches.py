"""Each law catches the crime that it is there for: lawless algorithms and engines, one crime each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import pytest

from harness.contract import algorithms as laws
from harness.contract.algorithms import LAWS, Probe, check
from harness.contract.probes import probe
from harness.contract.verdict import Broken, judge, require, same_bits
from harness.interface import Candidate, Floats, Metrics, Outcome, Policy, Request, Turn
from harness.parts.moments import identity
from harness.parts.search import Choice
from harness.streams import draw_seeds


class State(NamedTuple):
    theta: Floats  # [P]
    best: float
    count: Any


@dataclass(frozen=True)
class Climb:
    """Lawful without a crime: the best of four neighbours, if it is better than the best so far."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Policy
    crime: str = ""
    loot: Any = None
    diary: Any = field(default=None, compare=False)

    def init(self, rng: np.random.Generator) -> State:
        if self.crime == "init draws from the system":
            rng = np.random.default_rng()
        count = {"state holds text": "none", "state holds a list": [0]}.get(self.crime, 0)
        return State(self.policy.init(rng) + 0.01 * rng.standard_normal(self.policy.dim), -np.inf, count)

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        rng = turn.rng("steps")
        if self.crime == "ask draws from the system":
            rng = np.random.default_rng()
        if self.crime == "ignores the seed":
            rng = np.random.default_rng(turn.number)
        thetas = state.theta + 0.2 * rng.standard_normal((4, self.policy.dim))
        if self.crime == "remembers what it asked":
            object.__setattr__(self, "asked", thetas)
        if self.crime == "remembers in a field":
            self.diary["asked"] = thetas
        if self.crime == "ask changes the state":
            state.theta[0] += 1.0
        if self.crime == "a parameter too many":
            thetas = np.hstack([thetas, thetas])
        if self.crime == "addresses a row by -5":
            return (Request(thetas, np.array([3, -5, 2, 1]), self._scaler),)
        if self.crime == "addresses rows by halves":
            return (Request(thetas, np.arange(4) / 2, self._scaler),)  # type: ignore[arg-type]
        if self.crime == "records a population":
            return (Request(thetas, draw_seeds(turn.rng("seeds"), 4), self._scaler, record=True),)
        seeds = draw_seeds(np.random.default_rng(turn.number) if "seed" in self.crime else turn.rng("seeds"), 4)
        return (Request(thetas, seeds, self._scaler, episodes=2),)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        (outcome,) = outcomes
        scores = outcome.returns.mean(axis=1)  # [D]
        thetas = outcome.request.thetas
        if self.crime == "remembers what it asked":
            thetas = vars(self)["asked"]
        if self.crime == "remembers in a field":
            thetas = self.diary["asked"]
        if self.crime == "takes failure for success":
            scores = np.where(np.isfinite(scores), scores, 1e9)
        if self.crime == "climbs down":
            scores = -scores
        if self.crime == "tell changes an outcome":
            outcome.returns[:] = 0.0
        if self.crime == "tell draws from a generator of its own":
            thetas = thetas + 1e-3 * self.loot.standard_normal(thetas.shape)
        if self.crime == "tries on the quiet":
            self.loot(replace(outcome.request, episodes=1))
        best = int(np.argmax(scores))
        if self.crime == "tell changes the state":
            state.theta[:] = thetas[best]
            return state, {}
        count = state.count
        if isinstance(count, int):
            count += 0.5 if self.crime == "a number becomes another type" else 1
        if scores[best] <= state.best:
            return state._replace(count=count), {}
        return State(thetas[best].copy(), float(scores[best]), count), {}

    def solution(self, state: State) -> Candidate:
        return Candidate(state.theta, self._scaler)

    @property
    def _scaler(self) -> Any:
        return identity(self.policy.space.observations)


@dataclass
class Wrapped:
    """A lawful engine, spoiled."""

    engine: Any
    spoil: Callable[[int, Outcome], Outcome]
    calls: int = 0

    @property
    def space(self) -> Any:
        return self.engine.space

    def __call__(self, request: Request) -> Outcome:
        self.calls += 1
        return self.spoil(self.calls, self.engine(request))


@pytest.fixture
def lawful(kernels: Path) -> Probe:
    """The probe with continuous actions, and the climber on it."""
    made = probe("hill_climbing", "continuous", kernels)
    return replace(made, algorithm=Climb(made.algorithm.policy))


def broken(suspect: Probe) -> dict[str, str]:
    """What was seen, by the name of the broken law."""
    return {verdict.law: verdict.seen for verdict in check(suspect) if not verdict.holds}


def accused(lawful: Probe, crime: str, **loot: Any) -> dict[str, str]:
    return broken(replace(lawful, algorithm=replace(lawful.algorithm, crime=crime, **loot)))


def test_the_lawful_climber_breaks_no_law(lawful: Probe) -> None:
    assert broken(lawful) == {}


@pytest.mark.parametrize(
    ("crime", "law", "seen"),
    [
        ("init draws from the system", "init is deterministic", "two calls of init with equal generators differ"),
        ("ask draws from the system", "ask and tell are pure", "turn 0: two calls of ask differ"),
        ("ask changes the state", "ask and tell are pure", "turn 0: two calls of ask differ"),
        ("state holds text", "init is deterministic", "state.count is str"),
        ("tell changes the state", "ask and tell are pure", "turn 0: the state was changed in place"),
        ("tell changes an outcome", "ask and tell are pure", "turn 0: an outcome was changed in place"),
        ("remembers what it asked", "nothing is hidden", "KeyError: 'asked'"),
        ("ignores the seed", "two seeds differ", "two seeds give equal states after 3 turns"),
        ("takes failure for success", "a return that is not finite never wins", "without a finite return won"),
        ("climbs down", "improves on a known problem", "from"),
        ("state holds text", "stopped at every turn equals never stopped", "state.count is str"),
        ("state holds a list", "stopped at every turn equals never stopped", "state.count is list"),
        (
            "a number becomes another type",
            "stopped at every turn equals never stopped",
            "the state became another kind of thing, see state.count",
        ),
        ("a parameter too many", "ask and tell are pure", "RequestFault: thetas must be float64 [D, 2]"),
        (
            "addresses a row by -5",
            "seeds are non negative integers",
            "AlgorithmFault: turn 0: a seed of a request is -5, and must not be negative",
        ),
        ("addresses rows by halves", "seeds are non negative integers", "the seeds of a request are no array of int64"),
        ("records a population", "ask and tell are pure", "record, steps and gradient need one candidate, not 4"),
    ],
)
def test_a_crime_is_caught_by_the_law_against_it(lawful: Probe, crime: str, law: str, seen: str) -> None:
    found = {"ignores the seed": accused_of_ignoring_the_seed}.get(crime, accused)(lawful, crime)
    assert law in found
    assert seen in found[law]


def accused_of_ignoring_the_seed(lawful: Probe, crime: str) -> dict[str, str]:
    """`init` draws from what it is given, so the start is made the same."""
    algorithm: Any = replace(lawful.algorithm, crime=crime)
    return broken(replace(lawful, algorithm=SameStart(algorithm)))


@dataclass(frozen=True)
class SameStart:
    """An algorithm that begins where it always begins."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Climb

    def init(self, rng: np.random.Generator) -> State:
        return self.policy.init(np.random.default_rng(0))

    def ask(self, state: State, turn: Turn) -> tuple[Request, ...]:
        return self.policy.ask(state, turn)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> tuple[State, Metrics]:
        return self.policy.tell(state, outcomes, turn)

    def solution(self, state: State) -> Candidate:
        return self.policy.solution(state)


def test_a_generator_that_no_checkpoint_holds_is_caught_when_stopped_and_when_repeated(lawful: Probe) -> None:
    found = accused(lawful, "tell draws from a generator of its own", loot=np.random.default_rng(0))
    assert found["ask and tell are pure"] == "turn 0: two calls of tell differ"
    assert "another state" in found["stopped at every turn equals never stopped"]
    assert "settings survive json" in found


def test_a_memory_in_a_field_is_caught_though_it_is_copied_with_the_settings(lawful: Probe) -> None:
    found = accused(lawful, "remembers in a field", diary={})
    assert "settings survive json" in found


def test_a_list_among_the_settings_is_caught_as_something_that_can_be_changed(lawful: Probe) -> None:
    assert set(accused(lawful, "", diary=[1, 2])) == {"settings survive json"}
    assert set(accused(lawful, "", diary={"a": 1})) == {"settings survive json"}
    assert set(accused(lawful, "", diary=(1, 2))) == set()


def test_rollouts_on_the_quiet_are_counted_by_the_spy(lawful: Probe) -> None:
    found = accused(lawful, "tries on the quiet", loot=lawful.engine)
    counted, taken = map(int, re.findall(r"\d+", found["charged steps are steps taken"]))
    assert taken > counted > 0


@pytest.mark.parametrize(
    ("spoil", "law"),
    [
        (
            lambda calls, outcome: (
                outcome._replace(returns=outcome.returns + 1e-3 * calls * np.arange(8).reshape(4, 2))
                if outcome.returns.shape == (4, 2)
                else outcome._replace(returns=outcome.returns + 10.0 * (calls % 3))
            ),
            "order and batch do not matter",
        ),
        (lambda calls, outcome: outcome._replace(lengths=outcome.lengths - 1), "charged steps are steps taken"),
    ],
    ids=["remembers", "miscounts"],
)
def test_a_lawless_engine_is_caught(lawful: Probe, spoil: Callable[[int, Outcome], Outcome], law: str) -> None:
    assert law in broken(replace(lawful, engine=Wrapped(lawful.engine, spoil), exact_value=lambda candidate: None))


@dataclass(frozen=True)
class DefaultOutside:
    """Nobody who tunes it could ever find its default."""

    reach: Annotated[int, Choice((1, 3))] = 2


@dataclass(frozen=True)
class DrawsRefused:
    """One of its draws is refused."""

    reach: Annotated[int, Choice((1, 2, 3))] = 2

    def __post_init__(self) -> None:
        if self.reach == 3:
            raise ValueError("reach must be at most 2")


@pytest.mark.parametrize(
    ("algorithm", "seen"),
    [
        (DefaultOutside(), "the default 2 of reach is none of Choice(values=(1, 3))"),
        (DrawsRefused(), "{'reach': 3} is refused: reach must be at most 2"),
    ],
    ids=["default outside", "draws refused"],
)
def test_a_lawless_search_space_is_caught(lawful: Probe, algorithm: Any, seen: str) -> None:
    law = laws.every_draw_of_the_search_space_is_lawful
    assert judge((law,), replace(lawful, algorithm=algorithm)) == [(law.__name__.replace("_", " "), False, seen)]


def test_every_law_is_broken_by_some_crime_above() -> None:
    text = Path(__file__).read_text(encoding="utf-8").split("def test_every_law")[0].replace("_", " ")
    assert [law.__name__ for law in LAWS if law.__name__.replace("_", " ") not in text] == []


def test_what_a_law_raises_is_its_verdict_and_the_others_are_judged() -> None:
    def a_law_that_holds(subject: int) -> None:
        require(subject == 3, "never")

    def a_law_that_stumbles(subject: int) -> None:
        raise ZeroDivisionError("stumbled")

    verdicts = judge((a_law_that_stumbles, a_law_that_holds), 3)
    assert verdicts == [
        ("a law that stumbles", False, "ZeroDivisionError: stumbled"),
        ("a law that holds", True, ""),
    ]
    with pytest.raises(Broken, match="never"):
        a_law_that_holds(4)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (State(np.array([0.0]), 1.0, 2), True),
        (State(np.array([-0.0]), 1.0, 2), False),
        (State(np.array([0.0], np.float32), 1.0, 2), False),
        (State(np.array([[0.0]]), 1.0, 2), False),
        (State(np.array([0.0]), 1.0, 2.0), False),
        (State(np.array([0.0]), np.nextafter(1.0, 2.0), 2), False),
    ],
)
def test_same_bits_sees_signs_of_zero_types_and_shapes(other: State, same: bool) -> None:
    assert same_bits(State(np.array([0.0]), 1.0, 2), other) is same
    assert same_bits(State(np.array([np.nan]), 1.0, 2), State(np.array([np.nan]), 1.0, 2))


def test_turns_that_the_laws_look_at_are_more_than_one() -> None:
    assert laws.TURNS >= 3
