"""The loop: every step is charged, evaluations stand at the borders and disturb nothing, failures are data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from toy import State, ToyEngine, Walk

from harness.interface import Candidate
from harness.run import PHASES, AlgorithmFault, Schedule, Snapshot, Stopwatch, begin, run
from harness.state import flatten
from harness.streams import draw_seeds, stream


def go(
    algorithm: Walk,
    schedule: Schedule,
    seed: int = 3,
    engine: ToyEngine | None = None,
    start: Snapshot | None = None,
    exact: Any = lambda candidate: None,
) -> tuple[Snapshot, list[Snapshot]]:
    """The end of a run and its borders."""
    borders: list[Snapshot] = []
    end = run(
        algorithm,
        engine or ToyEngine(),
        seed,
        schedule,
        exact_value=exact,
        start=start or begin(algorithm, seed),
        stopwatch=Stopwatch(),
        at_border=borders.append,
    )
    return end, borders


def bits(state: State) -> dict[str, bytes]:
    return {name: leaf.tobytes() for name, leaf in flatten(state).items()}


def test_charged_steps_and_evaluation_steps_are_all_the_steps_that_were_taken() -> None:
    engine = ToyEngine()
    end, _ = go(Walk(), Schedule(500, 100, 4), engine=engine)
    evaluations = [request for request in engine.asked if len(request.thetas) == 1]
    turns = [request for request in engine.asked if len(request.thetas) == 3]
    fresh = ToyEngine()
    assert end.steps == sum(int(fresh(request).lengths.sum()) for request in turns)
    assert end.evaluation_steps == sum(int(fresh(request).lengths.sum()) for request in evaluations)
    assert end.steps + end.evaluation_steps == engine.steps
    assert end.episodes == 6 * len(turns)
    assert end.turn == len(turns)
    assert len(end.evaluations) == len(evaluations)


def test_a_run_ends_at_the_first_turn_border_at_or_beyond_its_budget() -> None:
    engine = ToyEngine()
    end, _ = go(Walk(), Schedule(500, 100, 4), engine=engine)
    last = int(ToyEngine()([request for request in engine.asked if len(request.thetas) == 3][-1]).lengths.sum())
    assert end.status == "finished"
    assert end.steps - last < 500 <= end.steps


def test_an_evaluation_stands_at_the_start_and_at_the_first_border_beyond_each_grid_point() -> None:
    every_turn, _ = go(Walk(), Schedule(500, 1, 4))
    turns = [row["steps"] for row in every_turn.evaluations]
    end, _ = go(Walk(), Schedule(500, 100, 4))
    assert turns[0] == 0
    assert [row["steps"] for row in end.evaluations] == [
        next(steps for steps in turns if steps >= point) for point in (0, 100, 200, 300, 400, 500)
    ]
    assert [row["turn"] for row in end.evaluations] == [turns.index(row["steps"]) for row in end.evaluations]


def test_a_turn_that_passes_two_grid_points_is_evaluated_once() -> None:
    end, _ = go(Walk(), Schedule(100, 3, 1))
    steps = [row["steps"] for row in end.evaluations]
    assert len(steps) == len(set(steps))
    assert len(steps) == end.turn + 1  # every turn takes at least 6 steps


def test_an_evaluation_row_is_the_mode_of_the_solution_over_its_episodes() -> None:
    engine = ToyEngine()
    end, _ = go(Walk(), Schedule(100, 100, 5), engine=engine)
    request = engine.asked[0]
    outcome = ToyEngine()(request)
    first = begin(Walk(), 3).state
    assert np.array_equal(request.thetas, first.theta[None])
    assert (request.explore, request.episodes, request.record, request.steps) == (0, 5, False, 0)
    row = end.evaluations[0]
    assert row["return_mean"] == outcome.returns.mean()
    assert row["return_std"] == outcome.returns.std()
    assert (row["return_min"], row["return_max"]) == (outcome.returns.min(), outcome.returns.max())
    assert row["length_mean"] == outcome.lengths.mean()
    assert (row["turn"], row["steps"], row["episodes"], row["exact"]) == (0, 0, 0, 0.0)


def test_a_known_value_takes_the_place_of_rollouts() -> None:
    def exact(candidate: Candidate) -> float:
        return float(-(candidate.theta**2).sum())

    engine = ToyEngine()
    end, _ = go(Walk(), Schedule(100, 50, 5), engine=engine, exact=exact)
    assert all(len(request.thetas) == 3 for request in engine.asked)
    assert end.evaluation_steps == 0
    row = end.evaluations[-1]
    assert (row["exact"], row["return_std"], row["length_mean"]) == (1.0, 0.0, 0.0)
    assert row["return_mean"] == row["return_min"] == row["return_max"] == exact(Walk().solution(end.state))


def test_a_longer_run_begins_with_the_shorter_one_bit_for_bit() -> None:
    short, _ = go(Walk(), Schedule(300, 100, 3))
    long, borders = go(Walk(), Schedule(900, 100, 3))
    assert long.evaluations[: len(short.evaluations)] == short.evaluations
    assert long.training[: len(short.training)] == short.training
    same = next(border for border in borders if border.turn == short.turn)
    assert bits(same.state) == bits(short.state)
    assert replace(same, state=None, status="finished") == replace(short, state=None)


def test_evaluating_often_with_many_episodes_changes_no_bit_of_the_training() -> None:
    rare, _ = go(Walk(), Schedule(600, 600, 1))
    often, _ = go(Walk(), Schedule(600, 1, 20))
    assert bits(rare.state) == bits(often.state)
    assert (rare.turn, rare.steps, rare.episodes) == (often.turn, often.steps, often.episodes)


@pytest.mark.parametrize("stop", range(5))
def test_a_run_goes_on_from_any_border_to_the_same_bits(stop: int) -> None:
    whole, borders = go(Walk(), Schedule(500, 90, 3))
    resumed, _ = go(Walk(), Schedule(500, 90, 3), start=borders[stop])
    assert len(borders) == 5 == len(whole.evaluations) - 1
    assert bits(resumed.state) == bits(whole.state)
    assert replace(resumed, state=None) == replace(whole, state=None)


def test_evaluation_seeds_depend_on_the_seed_and_the_grid_point_alone() -> None:
    def evaluation_seeds(algorithm: Walk, seed: int) -> list[int]:
        engine = ToyEngine()
        go(algorithm, Schedule(300, 100, 2), seed, engine)
        return [int(request.seeds[0]) for request in engine.asked if len(request.thetas) == 1]

    expected = [int(draw_seeds(stream(3, "evaluation", number), 1)[0]) for number in range(4)]
    assert evaluation_seeds(Walk(), 3) == evaluation_seeds(Walk(policy="another"), 3) == expected
    assert not set(expected) & set(evaluation_seeds(Walk(), 4))


def test_a_training_row_is_the_mean_of_each_metric_over_the_turns_that_have_it() -> None:
    end, _ = go(Walk(), Schedule(300, 100, 2))
    turns = np.diff([0, *(row["turn"] for row in end.training)])
    first = 0
    for row, count in zip(end.training, turns, strict=True):
        assert row["turn_number"] == pytest.approx(first + (count - 1) / 2)
        assert row.get("odd", 1.0) == 1.0
        assert row["return_mean"] <= row["return_max"]
        first += int(count)
    assert [row["steps"] for row in end.training] == [row["steps"] for row in end.evaluations[1:]]


@pytest.mark.parametrize(
    ("breaks", "reason", "turn"),
    [
        ("parameter", "a parameter is not finite", 3),
        ("scaler", "a parameter is not finite", 3),
        ("candidate", "a parameter of a candidate is not finite", 2),
        ("evaluation", "the return of the solution is not finite", 3),
    ],
)
def test_a_run_that_stops_being_finite_is_diverged_with_reason_and_turn(breaks: str, reason: str, turn: int) -> None:
    with np.errstate(all="ignore"):
        end, borders = go(Walk(breaks=breaks), Schedule(10_000, 1, 2))
    assert (end.status, end.reason, end.turn) == ("diverged", reason, turn)
    assert borders[-1] == end
    assert end.training[-1]["turn"] == turn
    assert end.evaluations[0]["turn"] == 0
    if breaks != "evaluation":
        assert [row["turn"] for row in end.evaluations] == [0, 1, 2]


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({"gradient_norm": math.nan}, "the gradient is not finite"),
        ({"gradient_norm": math.inf, "step_norm": math.inf}, "the gradient is not finite"),
        ({"gradient_norm": 3.0, "step_norm": math.inf}, "a parameter is not finite"),
        ({"kl": math.nan}, "a parameter is not finite"),
    ],
)
def test_a_gradient_that_is_not_finite_is_the_reason_before_the_parameters_it_spoiled(
    metrics: dict[str, float], reason: str
) -> None:
    @dataclass(frozen=True)
    class Spoiled(Walk):
        def tell(self, state: Any, outcomes: Any, turn: Any) -> Any:
            later, told = super().tell(state, outcomes, turn)
            return (later._replace(theta=later.theta * math.nan), metrics) if turn.number == 2 else (later, told)

    end, _ = go(Spoiled(), Schedule(10_000, 1, 2))
    plain, _ = go(Walk(breaks="parameter"), Schedule(10_000, 1, 2))
    assert (end.status, end.reason, end.turn) == ("diverged", reason, 3)
    assert (end.steps, end.evaluations) == (plain.steps, plain.evaluations)


@pytest.mark.parametrize("seeds", [np.array([1, -1, 2]), np.arange(3) / 2, np.arange(3, dtype=np.uint64), [1, 2, 3]])
def test_seeds_that_are_no_non_negative_int64_are_a_fault_that_names_the_turn(seeds: Any) -> None:
    @dataclass(frozen=True)
    class Misaddressed(Walk):
        def ask(self, state: Any, turn: Any) -> Any:
            (request,) = super().ask(state, turn)
            return (replace(request, seeds=seeds if turn.number == 2 else request.seeds),)

    with pytest.raises(AlgorithmFault, match=r"^turn 2: (a seed|the seeds) of a request"):
        go(Misaddressed(), Schedule(1000, 100, 1))


def test_a_solution_that_cannot_be_evaluated_at_the_start_is_diverged_at_turn_0() -> None:
    end, borders = go(Walk(), Schedule(100, 10, 2), exact=lambda candidate: math.nan)
    assert (end.status, end.turn, end.steps) == ("diverged", 0, 0)
    assert end.reason == "the return of the solution is not finite"
    assert borders == []


@dataclass
class FailingEngine(ToyEngine):
    """No candidate of a turn has a finite return; with or without a trajectory."""

    trajectory: Any = None

    def __call__(self, request: Any) -> Any:
        outcome = super().__call__(request)
        if len(request.thetas) == 1:
            return outcome
        return outcome._replace(returns=np.full_like(outcome.returns, -np.inf), trajectory=self.trajectory)


def test_failed_candidates_do_not_end_a_run_that_reads_returns_alone() -> None:
    end, _ = go(Walk(), Schedule(100, 50, 1), engine=FailingEngine())
    assert end.status == "finished"
    assert [row["return_mean"] for row in end.training] == [-math.inf, -math.inf]
    assert math.isfinite(end.evaluations[-1]["return_mean"])


def test_a_recorded_return_that_is_not_finite_ends_the_run_and_its_steps_are_charged() -> None:
    engine = FailingEngine(trajectory="recorded")
    end, _ = go(Walk(), Schedule(100, 10, 2), engine=engine)
    assert (end.status, end.reason, end.turn) == ("diverged", "a return is not finite", 1)
    assert end.steps + end.evaluation_steps == engine.steps
    assert end.training == [{"turn": 1, "steps": end.steps, "episodes": 6, "return_mean": -math.inf}]


def test_no_request_is_a_fault_that_names_the_turn() -> None:
    with pytest.raises(AlgorithmFault, match="turn 2: ask returned no request"):
        go(Walk(breaks="no request"), Schedule(1000, 100, 1))


def test_a_fault_in_the_code_is_no_divergence() -> None:
    with pytest.raises(RuntimeError, match="a fault in the code"):
        go(Walk(breaks="raise"), Schedule(1000, 100, 1))


def test_a_stopwatch_adds_up_what_each_phase_took() -> None:
    stopwatch = Stopwatch({**dict.fromkeys(PHASES, 1.0), "total": 9.0})
    assert stopwatch.time("tell", lambda a, b: a + b, 2, 3) == 5
    assert stopwatch.seconds["tell"] > 1.0
    assert stopwatch.worked == sum(stopwatch.seconds[phase] for phase in PHASES)
    assert stopwatch.seconds["total"] == 9.0
