"""Exact values of a candidate, whatever its structure, and the gap that the exact gradient closes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from environments.chain import Chain
from environments.lqr import Lqr
from harness import plugins
from harness.assembly import KERNELS, Assembly, assemble, make_engine, make_problem
from harness.cell import Cell, Evaluation, Part, World
from harness.interface import Candidate, Request, Scaler
from harness.policy import Policy, build
from harness.rollouts.known import known_value, policy_gradient
from harness.run import Schedule, Snapshot, Stopwatch, begin, run
from harness.spec import load_environments

FOLDER = plugins.ROOT / KERNELS
ENTRIES = load_environments(plugins.ROOT)
STRUCTURES = {"linear": {}, "mlp": {"widths": (8,)}, "tree": {}, "low_rank": {}}


def some_candidate(policy: Policy, seed: int) -> Candidate:
    """Normal parameters, and a scaler that moves and stretches."""
    rng, count = np.random.default_rng(seed), policy.space.observations
    return Candidate(rng.normal(size=policy.dim), Scaler(rng.normal(size=count) * 0.1, rng.uniform(0.5, 2.0, count)))


def world(name: str) -> World:
    """An entry of envs.yaml."""
    entry = ENTRIES[name]
    return World(name, "compiled", entry.problem, None, entry.options, entry.horizon, entry.clip, False)


def returns(place: World, policy: Policy, candidate: Candidate, episodes: int) -> Any:
    """Returns [E] of compiled episodes acting by the mode."""
    request = Request(candidate.theta[None], np.array([7]), candidate.scaler, episodes=episodes)
    return make_engine(place, policy)(request).returns[0]


@pytest.mark.parametrize("explores", [False, True], ids=["greedy", "categorical"])
@pytest.mark.parametrize("name", STRUCTURES)
def test_chain_value_of_any_structure_is_the_mean_of_4000_episodes_within_4_standard_errors(name, explores):
    place = world("chain-5")
    policy = build(name, STRUCTURES[name], Chain().space, explores, seed=0)
    value, seen = known_value(make_problem(place), policy, place.horizon, FOLDER), set()
    for seed in range(4):
        candidate = some_candidate(policy, seed)
        sample = returns(place, policy, candidate, 4000)
        seen.add(exact := value(candidate))
        assert abs(sample.mean() - exact) < 4.0 * sample.std(ddof=1) / np.sqrt(sample.size)
    assert len(seen) > 1  # not all of them behave alike


def test_chain_value_of_always_forward_is_170_7328():
    policy = build("linear", {}, Chain().space, False, seed=0)
    theta = np.concatenate([np.zeros(5), np.ones(5)])  # [P]
    value = known_value(Chain(), policy, 50, FOLDER)
    assert value(Candidate(theta, Scaler(np.zeros(5), np.ones(5)))) == pytest.approx(170.7328, rel=1e-12)
    assert value(Candidate(-theta, Scaler(np.zeros(5), np.ones(5)))) == pytest.approx(80.1472, rel=1e-12)


def test_lqr_value_of_a_linear_policy_is_that_of_its_gain_over_the_scaler():
    policy = build("linear", {}, Lqr().space, True, seed=0)
    theta, std = np.array([-0.5, -1.0, 0.3]), np.array([2.0, 0.5])  # the last is log std
    value = known_value(Lqr(), policy, 10, FOLDER)
    assert value(Candidate(theta, Scaler(np.zeros(2), std))) == Lqr().value(np.array([[-0.25, -2.0]]), 10)
    assert value(Candidate(theta, Scaler(np.ones(2), std))) is None  # affine


@pytest.mark.parametrize(("name", "settings"), [("linear", {"bias": True}), ("mlp", {"widths": (8,)})])
def test_lqr_value_of_what_is_not_linear_is_unknown_and_its_gradient_refused(name, settings):
    policy = build(name, settings, Lqr().space, False, seed=0)
    candidate = Candidate(np.zeros(policy.dim), Scaler(np.zeros(2), np.ones(2)))
    assert known_value(Lqr(), policy, 10, FOLDER)(candidate) is None
    with pytest.raises(ValueError, match="Lqr knows no exact gradient"):
        policy_gradient(Lqr(), policy, candidate, 10)


def test_value_of_a_problem_without_known_answers_is_unknown():
    place = replace(world("chain-5"), problem="cartpole", options={})
    problem = make_problem(place)
    policy = build("linear", {}, problem.space, False, seed=0)
    assert known_value(problem, policy, 500, FOLDER)(some_candidate(policy, 0)) is None


def test_gradient_through_the_scaler_is_the_finite_difference_of_the_value_to_1e_6():
    policy, problem = build("linear", {}, Lqr().space, True, seed=0), Lqr(last=10)
    scaler, theta, step = Scaler(np.zeros(2), np.array([2.0, 0.5])), np.array([-0.5, -0.3, 0.1]), 1e-5
    value = known_value(problem, policy, 10, FOLDER)
    differences = np.array(
        [
            (value(Candidate(theta + change, scaler)) - value(Candidate(theta - change, scaler))) / (2.0 * step)
            for change in step * np.eye(3)
        ]
    )
    found = policy_gradient(problem, policy, Candidate(theta, scaler), 10)
    np.testing.assert_allclose(found, differences, rtol=0.0, atol=1e-6 * np.abs(differences).max())
    assert found[2] == 0.0


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.problem in ("lqr", "chain")])
def test_scores_of_envs_yaml_have_12_digits_of_the_exact_values(name):
    problem, entry = make_problem(world(name)), ENTRIES[name]
    states, actions = problem.space.observations, problem.space.actions
    untrained = np.full((states, actions), 1.0 / actions) if problem.space.discrete else np.zeros((actions, states))
    assert entry.scores.random == pytest.approx(problem.value(untrained, entry.horizon), rel=1e-12)
    assert entry.scores.reference == pytest.approx(problem.optimal_value(entry.horizon), rel=1e-12)


def finished(name: str, algorithm: str, structure: str, budget: int) -> tuple[Assembly, Snapshot]:
    """A whole run of seed 0 with the defaults."""
    parts, evaluation = (Part(structure, structure, {}), Part(algorithm, algorithm, {})), Evaluation(budget // 20, 20)
    cell = Cell(world(name), *parts, budget, evaluation)
    assembly = assemble(cell, 0)
    end = run(
        assembly.algorithm,
        assembly.engine,
        0,
        Schedule(budget, evaluation.every, evaluation.episodes),
        exact_value=assembly.exact_value,
        start=begin(assembly.algorithm, 0),
        stopwatch=Stopwatch(),
        at_border=lambda snapshot: None,
    )
    return assembly, end


@pytest.mark.parametrize("name", ["lqr-double-integrator", "lqr-datacenter", "lqr-random-4x2", "lqr-random-20x5"])
def test_exact_gradient_closes_the_gap_to_riccati_below_1e_6_in_20000_steps(name):
    optimum = make_problem(world(name)).optimal_value(ENTRIES[name].horizon)
    _, end = finished(name, "exact_gradient", "linear", 20_000)
    first, last = end.evaluations[0], end.evaluations[-1]
    assert optimum - first["return_mean"] > 1.0
    assert -1e-10 < optimum - last["return_mean"] < 1e-6
    assert (last["exact"], end.evaluation_steps, end.status) == (1.0, 0, "finished")


def test_evaluations_on_the_chain_are_exact_and_cost_no_steps():
    assembly, end = finished("chain-5", "ars", "mlp", 20_000)
    optimum = make_problem(world("chain-5")).optimal_value(50)
    assert all(row["exact"] == 1.0 and row["return_mean"] <= optimum for row in end.evaluations)
    assert end.evaluation_steps == 0
    assert end.evaluations[-1]["return_mean"] == assembly.exact_value(assembly.algorithm.solution(end.state))
