"""The estimate of what jobs take, by hand, and the page that states it."""

from __future__ import annotations

import re

import pytest

from harness import cost
from harness.cell import Cell, Evaluation, Part, World
from harness.plugins import ROOT


def cell(name: str, algorithm: str = "ars", problem: str | None = None) -> Cell:
    world = World(name, "compiled" if problem else "gymnasium", problem, name, {}, 1000, True, False)
    return Cell(world, Part("linear", "linear", {}), Part(algorithm, algorithm, {}), 80_000, Evaluation(40_000, 20))


def test_a_run_of_80_000_steps_and_three_evaluations_of_20_000_takes_7_seconds_at_20_000_a_second() -> None:
    """An episode of full length takes ARS 20 µs more: 80 of them 1.6 ms."""
    found = cost.run_seconds(cell("Swimmer-v5"))
    assert found == pytest.approx(140_000 / 20_000 + 80 * 2e-5, rel=1e-12)


def test_compiled_physics_counts_by_its_own_rate_and_other_compiled_problems_by_3_million_a_second() -> None:
    found = cost.run_seconds(cell("LunarLander-v3", problem="lunar_lander"))
    assert found == pytest.approx(140_000 / 60_000 + 80 * 2e-5, rel=1e-12)
    found = cost.run_seconds(cell("CartPole-v1", problem="cartpole"))
    assert found == pytest.approx(140_000 / 3_000_000 + 80 * 2e-5, rel=1e-12)


def test_an_environment_that_was_not_measured_counts_6_000_steps_a_second() -> None:
    assert cost.run_seconds(cell("Reacher-v5")) == pytest.approx(140_000 / 6_000 + 80 * 2e-5, rel=1e-12)


def test_the_page_states_the_rates_of_the_estimate() -> None:
    model = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").split("## Cost model")[1]
    stated = {float(number) for number in re.findall(r"\d(?:\.\d)?e\d", model)}
    assert {*cost.PHYSICS_RATES.values(), *cost.ROLLOUT_RATES.values()} <= stated
    for number in (
        cost.START_SECONDS,
        cost.START_SECONDS + cost.TORCH_SECONDS,
        cost.COMPILE_SECONDS,
        cost.REPORT_SECONDS,
    ):
        assert f"{number:g} s" in model
