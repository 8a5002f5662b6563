"""Laws of an algorithm, judged on a probe: a small problem, its policy and its engine.

Pure · seeds are seeds · nothing hidden · order and batch do not matter · two seeds differ · stopped, saved and loaded
at every turn equals never stopped · charged steps are the steps taken · a return that is not finite never wins ·
improves on a known problem · settings and state survive their file formats · every draw of the search space is lawful.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.checkpoint import load, save
from harness.contract.verdict import Broken, Verdict, judge, require, same_bits
from harness.guard import check_requests
from harness.interface import Algorithm, Candidate, Outcome, Request, Turn
from harness.rollouts.engine import Engine
from harness.run import Schedule, Snapshot, Stopwatch, begin, run
from harness.search import drawn_settings, search_space
from harness.settings import defaults
from harness.streams import address, stream

TURNS = 3  # that the laws look at
SEED = 11
DRAWS = 50  # from a search space


@dataclass(frozen=True)
class Probe:
    """A problem on which an algorithm is judged."""

    name: str
    algorithm: Algorithm[Any]
    engine: Engine
    spy: Callable[[], int]  # steps taken by the engine's environment so far, counted by the environment itself
    exact_value: Callable[[Candidate], float | None]
    budget: int  # within which the algorithm must improve


def check(probe: Probe) -> list[Verdict]:
    """Judge every law on one probe."""
    return judge(LAWS, probe)


def init_is_deterministic(probe: Probe) -> None:
    """Equal generators, equal states."""
    require(same_bits(_init(probe), _init(probe)), "two calls of init with equal generators differ")


def ask_and_tell_are_pure(probe: Probe) -> None:
    """Same arguments, same bits; arguments unchanged."""
    state = _init(probe)
    for number in range(TURNS):
        turn = _turn(number)
        before = copy.deepcopy(state)
        requests, again = probe.algorithm.ask(state, turn), probe.algorithm.ask(state, turn)
        require(_same_requests(requests, again), f"turn {number}: two calls of ask differ")
        outcomes = tuple(probe.engine(request) for request in requests)
        kept = copy.deepcopy(outcomes)
        one, _ = probe.algorithm.tell(state, outcomes, turn)
        require(same_bits(state, before), f"turn {number}: the state was changed in place")
        require(_same_outcomes(outcomes, kept), f"turn {number}: an outcome was changed in place")
        other, _ = probe.algorithm.tell(state, outcomes, turn)
        require(same_bits(one, other), f"turn {number}: two calls of tell differ")
        state = one


def seeds_are_non_negative_integers(probe: Probe) -> None:
    """Every row of every request is addressed by a seed of 63 bits."""
    state = _init(probe)
    for number in range(TURNS):
        requests = probe.algorithm.ask(state, _turn(number))
        check_requests(requests, number)
        outcomes = tuple(probe.engine(request) for request in requests)
        state, _ = probe.algorithm.tell(state, outcomes, _turn(number))


def nothing_is_hidden(probe: Probe) -> None:
    """An instance that never saw ask gives the same answer to tell."""
    state = _init(probe)
    for number in range(TURNS):
        outcomes = tuple(probe.engine(request) for request in probe.algorithm.ask(state, _turn(number)))
        expected, _ = probe.algorithm.tell(state, outcomes, _turn(number))
        state, _ = _stranger(probe).algorithm.tell(state, outcomes, _turn(number))
        require(same_bits(state, expected), f"turn {number}: tell remembers something from ask")


def order_and_batch_do_not_matter(probe: Probe) -> None:
    """Requests rolled out backwards and row by row give the same next state."""
    state = _init(probe)
    for number in range(TURNS):
        requests = probe.algorithm.ask(state, _turn(number))
        expected, _ = probe.algorithm.tell(state, tuple(probe.engine(request) for request in requests), _turn(number))
        backwards = [_row_by_row(probe.engine, request) for request in reversed(requests)]
        state, _ = probe.algorithm.tell(state, tuple(reversed(backwards)), _turn(number))
        require(same_bits(state, expected), f"turn {number}: the order of rollouts changes the state")


def two_seeds_differ(probe: Probe) -> None:
    """Another seed leads elsewhere within a few turns; only the exact gradient is allowed not to."""
    one, other = (_after_turns(probe, seed, TURNS) for seed in (SEED, SEED + 1))
    sampled = not any(request.gradient for request in probe.algorithm.ask(_init(probe), _turn(0)))
    require(not (sampled and same_bits(one, other)), f"two seeds give equal states after {TURNS} turns")


def stopped_at_every_turn_equals_never_stopped(probe: Probe) -> None:
    """Save, load and go on after every turn: the same bits."""
    snapshots: list[Snapshot] = []
    schedule = Schedule(_steps(probe), 1, 2)  # a border at every turn
    whole = _go(probe, begin(probe.algorithm, SEED), schedule, snapshots.append)
    require(len(snapshots) >= 1, "the run has no turn")
    template = _init(probe)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        for snapshot in snapshots:
            save(path, snapshot, "contract")
            resumed = _go(_stranger(probe), load(path, template, "contract"), schedule, lambda _: None)
            require(same_bits(resumed.state, whole.state), f"stopped after turn {snapshot.turn}: another state")
            require(resumed.evaluations == whole.evaluations, f"stopped after turn {snapshot.turn}: other evaluations")


def charged_steps_are_steps_taken(probe: Probe) -> None:
    """What the run counts is what the environment counts."""
    schedule = Schedule(_steps(probe), 1, 2)
    before = probe.spy()
    end = _go(probe, begin(probe.algorithm, SEED), schedule, lambda _: None)
    taken = probe.spy() - before
    counted = end.steps + end.evaluation_steps
    require(counted == taken, f"{counted} steps were counted, {taken} were taken")


def a_return_that_is_not_finite_never_wins(probe: Probe) -> None:
    """The solution stays finite and is none of the failed candidates, even if all fail."""
    state = _init(probe)
    for number, every in ((0, 2), (1, 1), (2, 2)):
        requests = probe.algorithm.ask(state, _turn(number))
        if any(request.record or request.gradient for request in requests):
            return  # a recorded run ends as diverged before an algorithm sees it; an exact gradient is not a return
        outcomes = tuple(_failed(probe.engine(request), every) for request in requests)
        state, _ = probe.algorithm.tell(state, outcomes, _turn(number))
        theta = probe.algorithm.solution(state).theta
        require(bool(np.isfinite(theta).all()), f"turn {number}: the solution is not finite")
        if every == 2:
            losers = np.concatenate([outcome.request.thetas[::2] for outcome in outcomes])  # [., P]
            winners = np.concatenate([outcome.request.thetas[1::2] for outcome in outcomes])  # [., P]
            only_lost = (losers == theta).all(axis=1).any() and not (winners == theta).all(axis=1).any()
            require(not only_lost or not theta.any(), f"turn {number}: a candidate without a finite return won")


def improves_on_a_known_problem(probe: Probe) -> None:
    """The last of the evaluations is better than the first."""
    schedule = Schedule(probe.budget, probe.budget // 4, 20)
    end = _go(probe, begin(probe.algorithm, SEED), schedule, lambda _: None)
    first, last = (end.evaluations[i]["return_mean"] for i in (0, -1))
    require(end.status == "finished", f"{end.status}: {end.reason}")
    require(last > first, f"from {first:.4g} to {last:.4g} in {end.steps} steps")


def settings_survive_json(probe: Probe) -> None:
    """Fields other than the policy are plain data that nobody can change."""
    settings = {
        field.name: getattr(probe.algorithm, field.name)
        for field in dataclasses.fields(probe.algorithm)  # type: ignore[arg-type]
        if field.name != "policy"
    }
    back = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(json.dumps(settings)).items()
    }
    require(back == settings, f"{settings} became {back}")
    changeable = [name for name, value in settings.items() if not isinstance(value, Hashable)]
    require(not changeable, f"{', '.join(changeable)} can be changed: something could hide there")


def every_draw_of_the_search_space_is_lawful(probe: Probe) -> None:
    """What may be drawn for a setting includes its default, and any combination of draws makes the algorithm."""
    kind = type(probe.algorithm)
    for name, draw in search_space(kind).items():
        default = defaults(kind)[name]
        require(draw.holds(default), f"the default {default} of {name} is none of {draw}")
    for number in range(DRAWS):
        drawn = drawn_settings(kind, stream(SEED, "draw", number))
        try:
            dataclasses.replace(probe.algorithm, **drawn)  # type: ignore[type-var]
        except ValueError as fault:
            raise Broken(f"{drawn} is refused: {fault}") from fault


LAWS = (
    init_is_deterministic,
    ask_and_tell_are_pure,
    seeds_are_non_negative_integers,
    nothing_is_hidden,
    order_and_batch_do_not_matter,
    two_seeds_differ,
    stopped_at_every_turn_equals_never_stopped,
    charged_steps_are_steps_taken,
    a_return_that_is_not_finite_never_wins,
    improves_on_a_known_problem,
    settings_survive_json,
    every_draw_of_the_search_space_is_lawful,
)


def _init(probe: Probe) -> Any:
    return probe.algorithm.init(stream(SEED, "init"))


def _stranger(probe: Probe) -> Probe:
    """The probe with an instance that has seen nothing: what was put aside in the other one is not there."""
    return dataclasses.replace(probe, algorithm=dataclasses.replace(probe.algorithm))  # type: ignore[type-var]


def _turn(number: int, seed: int = SEED) -> Turn:
    return Turn(number, 0, address(seed))


def _after_turns(probe: Probe, seed: int, turns: int) -> Any:
    state = probe.algorithm.init(stream(seed, "init"))
    for number in range(turns):
        turn = _turn(number, seed)
        outcomes = tuple(probe.engine(request) for request in probe.algorithm.ask(state, turn))
        state, _ = probe.algorithm.tell(state, outcomes, turn)
    return state


def _steps(probe: Probe) -> int:
    """Steps of the first turns."""
    state, steps = _init(probe), 0
    for number in range(TURNS):
        turn = Turn(number, steps, address(SEED))
        outcomes = tuple(probe.engine(request) for request in probe.algorithm.ask(state, turn))
        state, _ = probe.algorithm.tell(state, outcomes, turn)
        steps += sum(int(outcome.lengths.sum()) for outcome in outcomes)
    return steps


def _go(probe: Probe, start: Snapshot, schedule: Schedule, at_border: Callable[[Snapshot], None]) -> Snapshot:
    return run(
        probe.algorithm,
        probe.engine,
        SEED,
        schedule,
        exact_value=probe.exact_value,
        start=start,
        stopwatch=Stopwatch(),
        at_border=at_border,
    )


def _row_by_row(engine: Engine, request: Request) -> Outcome:
    """The outcome of a request whose rows were rolled out one at a time, the last first."""
    count = request.thetas.shape[0]
    if count == 1:
        return engine(request)
    rows = [
        engine(dataclasses.replace(request, thetas=request.thetas[d : d + 1], seeds=request.seeds[d : d + 1]))
        for d in reversed(range(count))
    ][::-1]
    return Outcome(
        request,
        np.concatenate([row.returns for row in rows]),
        np.concatenate([row.lengths for row in rows]),
        np.concatenate([row.moments for row in rows]),
    )


def _failed(outcome: Outcome, every: int) -> Outcome:
    """The outcome with the returns of every so many candidates, the first included, not finite."""
    returns = outcome.returns.copy()
    returns[::every] = -np.inf
    return outcome._replace(returns=returns)


def _same_requests(one: tuple[Request, ...], other: tuple[Request, ...]) -> bool:
    return [_bits(request) for request in one] == [_bits(request) for request in other]


def _bits(request: Request) -> tuple[Any, ...]:
    """Everything that a request says, comparable."""
    arrays = (request.thetas, request.seeds, request.scaler.mean, request.scaler.std)
    terms = (request.episodes, request.steps, request.explore, request.explore_step)
    return (*(array.tobytes() for array in arrays), *terms, request.record, request.moments, request.gradient)


def _same_outcomes(one: tuple[Outcome, ...], other: tuple[Outcome, ...]) -> bool:
    return all(
        np.array_equal(left.returns, right.returns)
        and np.array_equal(left.lengths, right.lengths)
        and np.array_equal(left.request.thetas, right.request.thetas)
        and (left.trajectory is None or same_bits(left.trajectory, right.trajectory))
        for left, right in zip(one, other, strict=True)
    )
