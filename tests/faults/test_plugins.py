"""Algorithms that break the interface in every way we know: named by the turn, never run on; divergence is a result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from faults.conftest import CELL, POLE
from harness.assembly import make_engine, space
from harness.guard import AlgorithmFault
from harness.interface import Candidate, Floats, Outcome, Request, Scaler, Turn
from harness.policy import build
from harness.rollouts.engine import LARGEST
from harness.run import Schedule, Snapshot, Stopwatch, begin, run
from harness.streams import draw_seeds

AT = 2  # the turn of the fault


class State(NamedTuple):
    theta: Floats  # [4]
    count: int


@dataclass(frozen=True)
class Faulty:
    """Random search, but for one turn."""

    family: ClassVar[str] = "gradient-free"
    explores: ClassVar[bool] = False

    policy: Any
    fault: str = ""

    def init(self, rng: np.random.Generator) -> State:
        return State(np.zeros(self.policy.dim), 0)

    def ask(self, state: State, turn: Turn) -> Any:
        scaler = Scaler(np.zeros(4), np.ones(4))
        thetas = turn.rng("thetas").normal(size=(2, self.policy.dim))
        request = Request(thetas, draw_seeds(turn.rng("seeds"), 2), scaler)
        if turn.number == AT and self.fault in ASKED:
            return ASKED[self.fault](request)
        if turn.number == AT and self.fault == "state in place when asked":
            state.theta[0] += 1.0
        return (request,)

    def tell(self, state: State, outcomes: tuple[Outcome, ...], turn: Turn) -> Any:
        (outcome,) = outcomes
        later = State(outcome.request.thetas[int(outcome.returns.sum(axis=1).argmax())], state.count + 1)
        if turn.number == AT and self.fault in TOLD:
            return TOLD[self.fault](later)
        if turn.number == AT and self.fault == "state in place when told":
            state.theta[0] += 1.0
        return later, {"best": float(outcome.returns.max())}

    def solution(self, state: State) -> Any:
        candidate = Candidate(state.theta, Scaler(np.zeros(4), np.ones(4)))
        return SOLVED[self.fault](candidate) if state.count > AT and self.fault in SOLVED else candidate


def forever(request: Request) -> Iterator[Request]:
    while True:
        yield request


def raises(_: Any) -> Any:
    raise RuntimeError("broken on purpose")


ASKED = {
    "asks nothing": lambda request: (),
    "asks None": lambda request: None,
    "asks a list": lambda request: [request],
    "asks for ever": forever,
    "asks for more than anybody can roll out": lambda request: (replace(request, episodes=LARGEST),),
    "asks for more steps than anybody can roll out": lambda request: (
        replace(request, thetas=request.thetas[:1], seeds=request.seeds[:1], steps=LARGEST + 1),
    ),
    "asks for no episode": lambda request: (replace(request, episodes=0),),
    "asks for half an episode": lambda request: (replace(request, episodes=0.5),),
    "asks for nobody": lambda request: (replace(request, thetas=np.zeros((0, 4)), seeds=np.zeros(0, np.int64)),),
    "a vector for a population": lambda request: (replace(request, thetas=request.thetas[0]),),
    "too many parameters": lambda request: (replace(request, thetas=np.zeros((2, 9))),),
    "float32": lambda request: (replace(request, thetas=request.thetas.astype(np.float32)),),
    "objects": lambda request: (replace(request, thetas=request.thetas.astype(object)),),
    "a list for an array": lambda request: (replace(request, thetas=request.thetas.tolist()),),
    "too few seeds": lambda request: (replace(request, seeds=request.seeds[:1]),),
    "float seeds": lambda request: (replace(request, seeds=request.seeds / 2),),
    "a scaler of another size": lambda request: (replace(request, scaler=Scaler(np.zeros(3), np.ones(3))),),
    "a scaler in float32": lambda request: (
        replace(request, scaler=Scaler(np.zeros(4, np.float32), np.ones(4, np.float32))),
    ),
    "explores without a head": lambda request: (replace(request, explore=1),),
    "raises when asked": raises,
}
TOLD = {
    "tells a state alone": lambda later: later,
    "tells None": lambda later: None,
    "metrics that are no mapping": lambda later: (later, [1.0]),
    "a metric that is text": lambda later: (later, {"best": "good"}),
    "a metric that is an array": lambda later: (later, {"best": np.zeros(3)}),
    "a metric that is nothing": lambda later: (later, {"best": None}),
    **{
        f"a metric named {name}": lambda later, name=name: (later, {name: 1.0})
        for name in ("seed", "turn", "steps", "episodes")
    },
    "a state of another type": lambda later: (later._replace(count=0.5), {}),
    "a state that no checkpoint can hold": lambda later: (later._replace(count=[1]), {}),
    "raises when told": raises,
}
SOLVED = {
    "a solution that is no candidate": lambda candidate: candidate.theta,
    "a solution of another size": lambda candidate: candidate._replace(theta=np.zeros(7)),
    "a solution in float32": lambda candidate: candidate._replace(theta=candidate.theta.astype(np.float32)),
    "a solution of objects": lambda candidate: candidate._replace(theta=candidate.theta.astype(object)),
}
IN_PLACE = ("state in place when asked", "state in place when told")


def go(fault: str, every: int = 1) -> Snapshot:
    """A run of the faulty algorithm in CartPole, evaluated after every turn."""
    policy = build("linear", {"bias": False}, space(POLE), False, 0)
    algorithm = Faulty(policy, fault)
    return run(
        algorithm,
        make_engine(POLE, policy),
        0,
        Schedule(CELL.budget, every, 1),
        exact_value=lambda candidate: None,
        start=begin(algorithm, 0),
        stopwatch=Stopwatch(),
        at_border=lambda snapshot: None,
    )


def test_without_a_fault_the_run_ends_well() -> None:
    assert go("").status == "finished"


@pytest.mark.parametrize("fault", [*ASKED, *TOLD, *SOLVED, *IN_PLACE])
def test_a_broken_interface_is_named_with_its_turn(fault: str) -> None:
    if fault.startswith("raises"):
        with pytest.raises(RuntimeError, match="broken on purpose"):
            go(fault)
        return
    with pytest.raises(AlgorithmFault, match=f"turn ({AT}|{AT + 1}): "):
        go(fault)


DIVERGED = {
    "nan parameter": np.nan,
    "infinite parameter": np.inf,
    "minus infinite parameter": -np.inf,
}


@pytest.mark.parametrize("name", DIVERGED)
@pytest.mark.parametrize("where", ["asked", "told"])
def test_what_is_not_finite_is_a_result_with_its_reason(name: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = np.full((2, 4), DIVERGED[name])
    if where == "asked":
        monkeypatch.setitem(ASKED, name, lambda request: (replace(request, thetas=spoilt),))
    else:
        monkeypatch.setitem(TOLD, name, lambda later: (later._replace(theta=spoilt[0]), {}))
    end = go(name)
    assert (end.status, end.turn) == ("diverged", AT + (where == "told"))
    assert "not finite" in end.reason


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_metric_that_is_not_finite_is_recorded_as_it_is(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOLD, "odd", lambda later: (later, {"best": value}))
    row = go("odd").training[AT]
    assert np.isnan(row["best"]) if np.isnan(value) else row["best"] == value


def test_a_fault_says_last_whose_run_it_was(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from faults.conftest import ran

    monkeypatch.setattr("harness.run._turned", raises)
    with pytest.raises(Exception) as caught:
        ran(tmp_path)
    assert caught.value.__notes__ == ["in the run CartPole-v1 · linear · ars · seed 0"]
