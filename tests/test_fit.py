"""What does not fit, or would not fit into memory, is refused before anything runs, at the setting that asks for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_project as project

from harness.errors import InputError
from harness.fit import check_fits
from policies.linear import Linear

STUDY = """\
title: Absurd
question: Is it refused?
seeds: 1
evaluation: {every: 1000, episodes: 1}
algorithms:
  mine: {algorithm: ALGORITHM}
policies:
  own: {structure: POLICY}
grids:
  - environments: [ENVIRONMENT]
    policies: [own]
    algorithms: [mine]
"""
SMALL = "linear"
LARGE = "mlp, settings: {widths: [1000, 1000]}"  # about a million parameters


def refusal(folder: Path, policy: str = SMALL, algorithm: str = "ars", environment: str = "Pole") -> str:
    """What is said of a study with one cell; P of CartPole's (4, 2) or Pendulum's (3, 1)."""
    words = STUDY.replace("ALGORITHM", algorithm).replace("POLICY", policy).replace("ENVIRONMENT", environment)
    with pytest.raises(InputError) as told:
        check_fits(project.planned(project.write(folder, words, project.ENVIRONMENTS.replace("  program: push\n", ""))))
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("low_rank, settings: {rank: 3}", "rank must be from 1 to 2, the smaller of 4 inputs and 2 outputs, not 3"),
        ("subspace, settings: {of: linear, dimension: 9}", "dimension must be from 1 to 8, the parameters of linear"),
        ("subspace, settings: {of: mlp, widths: [1000, 1000], dimension: 100}", "dimension must be at most 99 of 100"),
        ("subspace, settings: {of: low_rank, rank: 3}", "rank must be from 1 to 2"),
        ("tree, settings: {depth: 17}", "depth must be from 0 to 16, not 17: the tree has 2^depth leaves"),
        ("tree, settings: {depth: 1000000000}", "depth of tree must be at most 1000000, not 1000000000"),
        ("mlp, settings: {widths: [1000001]}", "widths of mlp must be at most 1000000, not (1000001,)"),
        (f"mlp, settings: {{widths: {[2] * 17}}}", "widths must be at most 16 positive numbers"),
        ("fourier, settings: {features: 100001}", "features must be from 1 to 100000, not 100001"),
        ("fourier, settings: {bandwidth: 1e-300}", "bandwidth must be from 1e-06 to 1000000.0, not 1e-300"),
    ],
)
def test_a_structure_that_does_not_fit_is_refused_at_line_8_where_its_setting_stands(
    tmp_path: Path, policy: str, words: str
) -> None:
    told = refusal(tmp_path, policy)
    assert told.startswith("studies/mine.yaml:8: policies.own.settings."), told
    assert words in told


@pytest.mark.parametrize(
    ("algorithm", "setting"),
    [
        ("ars, settings: {directions: 60}", "directions"),
        ("cma_es, settings: {population: 120}", "population"),
        ("cross_entropy, settings: {population: 120}", "population"),
        ("evolution_strategy, settings: {children: 120}", "children"),
        ("exact, settings: {directions: 60}", "directions"),
        ("finite_differences, settings: {coordinates: 60}", "coordinates"),
        ("hill_climbing, settings: {challengers: 120}", "challengers"),
        ("off_policy, settings: {capacity: 120}", "capacity"),
        ("openai_es, settings: {directions: 60}", "directions"),
        ("random_search, settings: {challengers: 120}", "challengers"),
    ],
)
def test_a_population_of_more_than_100_million_numbers_is_refused_at_line_6_and_a_small_policy_is_not(
    tmp_path: Path, algorithm: str, setting: str
) -> None:
    told = refusal(tmp_path, LARGE, algorithm)
    assert told.startswith(f"studies/mine.yaml:6: algorithms.mine.settings.{setting}: {setting} must be smaller: "), (
        told
    )
    assert told.endswith("numbers at a time (grids[0]: Pole × own × mine)"), told
    words = STUDY.replace("ALGORITHM", algorithm).replace("POLICY", SMALL).replace("ENVIRONMENT", "Pole")
    check_fits(project.planned(project.write(tmp_path, words, project.ENVIRONMENTS.replace("  program: push\n", ""))))


def test_a_covariance_of_more_than_100_million_numbers_is_refused(tmp_path: Path) -> None:
    policy = "mlp, settings: {widths: [100, 100]}"  # P = 10 802
    told = refusal(tmp_path, policy, "cma_es, settings: {diagonal_above: 1000000}")
    assert "diagonal_above must be smaller: 10802 times 10802 parameters are more than 100000000" in told


def test_finite_differences_of_every_coordinate_of_a_million_are_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, LARGE, "finite_differences")
    assert "studies/mine.yaml:10: grids[0]: Pole × own × mine: coordinates must be smaller" in told


def test_a_critic_of_more_than_100_million_numbers_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, SMALL, "ppo, settings: {hidden: [10000, 10000]}")
    assert "algorithms.mine.settings.hidden: hidden must be smaller: the weights of the critic are more than 1" in told


def test_a_policy_of_more_than_10_million_parameters_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, "mlp, settings: {widths: [3200, 3200]}")
    assert told == (
        "studies/mine.yaml:10: grids[0]: Pole × own × mine: mlp has 10265602 parameters here, more than 10000000"
    )


@pytest.mark.parametrize("algorithm", ["reinforce", "natural_gradient", "off_policy"])
def test_100_000_recorded_episodes_of_500_steps_are_more_than_memory_holds(tmp_path: Path, algorithm: str) -> None:
    more = ", capacity: 100000" if algorithm == "off_policy" else ""
    told = refusal(tmp_path, SMALL, f"{algorithm}, settings: {{episodes: 100000{more}}}")
    assert told.endswith("a turn records 50000000 steps of 8 numbers, more than 100000000 numbers at a time"), told


@pytest.mark.parametrize(
    ("problem", "options", "words"),
    [
        ("lqr", "  options: {system: random, states: 1001, actions: 1}\n", "states, actions: at most 1000 each"),
        ("chain", "  options: {states: 1001}\n", "states must be from 1 to 1000, not 1001"),
    ],
)
def test_a_problem_of_more_than_1000_states_is_refused(tmp_path: Path, problem: str, options: str, words: str) -> None:
    world = project.ENVIRONMENTS.replace("  program: push\n", "").replace("problem: cartpole", f"problem: {problem}")
    world = world.replace("  gymnasium: CartPole-v1\n", options, 1)
    study = STUDY.replace("ALGORITHM", "ars").replace("POLICY", SMALL).replace("ENVIRONMENT", "Pole")
    with pytest.raises(InputError, match=words):
        check_fits(project.planned(project.write(tmp_path, study, world)))


def test_a_policy_that_begins_with_7_numbers_for_8_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "init", lambda self, rng: np.zeros(7))
    assert refusal(tmp_path) == "policies/linear.py: init gives float64 (7,), not float64 (8,), which is dim"


def test_an_algorithm_that_raises_in_its_first_turn_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("algorithms.reinforce.sampled", lambda *words, **terms: 1 / 0)
    told = refusal(tmp_path, SMALL, "reinforce")
    assert told.startswith("algorithms/reinforce.py:")
    assert told.endswith("raises ZeroDivisionError in its first turn: division by zero")
