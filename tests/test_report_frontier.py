"""Sentences on the frontier, the exchange rate and what would change the conclusion: each word follows the tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import synthetic_tables as synthetic

from harness.figures.exchange import best_of
from harness.figures.load import load
from harness.report import frontier
from harness.report.structures import decided

RATE = {
    **{"environment": "pole", "family": "gradient-free", "algorithm": "", "policy": "linear", "parameters": 4.0},
    **{"generic": "wide", "generic_parameters": 64.0, "target": 80.0, "solved": True, "bound": ""},
    **{"policy_steps": 250.0, "generic_steps": 750.0, "rate": 3.0, "rate_low": 2.0, "rate_high": 4.0},
    **{"n": 10.0, "generic_n": 10.0},
}
TESTS = pd.DataFrame(
    {"environment": "pole", "family": "gradient-free", "structure_policy": ["linear", "open"]}
    | {"faster": ["structure", "undetermined"]}
)


def test_a_rate_is_decided_by_the_test_of_the_steps_whatever_its_interval():
    rates = pd.DataFrame([RATE, {**RATE, "policy": "open"}, {**RATE, "policy": "untested"}, {**RATE, "solved": False}])
    lower = ""  # a rate until another target has no verdict
    assert list(decided(rates, TESTS)["faster"]) == ["structure", "undetermined", "undetermined", lower]
    assert list(decided(rates, TESTS.assign(faster="generic"))["faster"][:2]) == ["generic"] * 2


def test_a_censored_rate_is_called_at_least():
    row = {**RATE, "generic_steps": np.inf, "rate_high": np.inf, "bound": "≥"}
    assert frontier.rate_text(row) == "at least 3 [2, ∞] times"
    texts = [cell.text for cell in frontier.exchange_row({**row, "faster": "structure"})]
    assert texts == [
        *("pole", "gradient-free", "linear (4)", "wide (64)", "solved", "250", "never", "≥\u00a03 [2, ∞]", "")
    ]


def test_every_rate_stands_in_the_table_decided_or_not():
    rates = pd.DataFrame([RATE, {**RATE, "policy": "open"}, {**RATE, "target": 50.0, "solved": False}])
    (table,) = frontier.exchange_blocks(rates, TESTS)
    assert [(row[2].text, row[-1].verdict) for row in table.rows] == [
        ("linear (4)", "structure"),
        ("open (4)", "undetermined"),
    ]


def test_only_decided_rates_at_the_threshold_reach_the_first_page():
    rates = pd.DataFrame([RATE, {**RATE, "policy": "open"}, {**RATE, "target": 50.0, "solved": False}])
    (point,) = frontier.exchange_answer(rates, TESTS)
    assert point.lead.startswith("What structure is worth in data")
    assert point.said[0].text == "pole, gradient-free: wide needs 3 [2, 4] times the steps of linear."
    assert point.said[0].sources == ("exchange", "structures")
    assert frontier.exchange_answer(rates[1:], TESTS) == []


def test_the_row_of_the_family_stands_before_those_of_its_methods():
    rates = pd.DataFrame(
        [{**RATE, "algorithm": "ars"}, RATE, {**RATE, "family": "policy-gradient", "algorithm": "ppo"}]
    )
    assert list(best_of(rates)["algorithm"]) == ["", "ppo"]


def test_a_rate_of_four_runs_has_no_interval_and_no_verdict():
    rates = pd.DataFrame([RATE, {**RATE, "policy": "thin", "generic_n": 4.0}, {**RATE, "policy": "five", "n": 5.0}])
    tests = pd.DataFrame({"environment": "pole", "family": "gradient-free", "faster": "structure"}, index=range(3))
    tests["structure_policy"] = ["linear", "thin", "five"]
    (table,) = frontier.exchange_blocks(rates, tests)
    assert [(row[2].text, row[-2].text, row[-1].verdict) for row in table.rows] == [
        ("five (4)", "3 [2, 4]", "structure"),
        ("linear (4)", "3 [2, 4]", "structure"),
        ("thin (4)", "3", "too few seeds"),
    ]
    assert frontier.exchange_answer(rates[1:2], tests) == []


def test_rates_that_no_axis_can_show_are_left_out():
    rates = pd.DataFrame([{**RATE, "rate": value} for value in (0.0, np.inf, np.nan)])
    assert best_of(rates).empty


def test_the_share_of_the_frontier_that_each_family_holds(tmp_path: Path):
    places = load(synthetic.write(tmp_path, synthetic.study(seeds=4))).frontier
    places.loc[places.index[:7], "free_cells"] += 1
    (point,) = frontier.frontier_answer(places)
    environments = places["environment"].nunique()
    count = len(places) // 4  # programs are held by one family, networks by the other, the two between by none
    assert point.said[0].text == (
        f"Of {len(places)} places on the maps of {environments} environments, a policy and an amount of data each, "
        f"gradient-free search is ahead at {count} (25\u00a0%) and policy gradients at {count} (25\u00a0%); "
        f"{2 * count} (50\u00a0%) are undetermined. Verdicts are not corrected for the number of places; gradient-free "
        "search has more methods at 7 of them, fewer at none."
    )


def test_the_table_of_the_frontier_counts_each_map_and_names_who_is_ahead_at_the_end(tmp_path: Path):
    places = load(synthetic.write(tmp_path, synthetic.study(seeds=4, environments=("CartPole-v1",)))).frontier
    _, table, _ = frontier.frontier_blocks(places)
    ((name, *counts, end),) = ([cell.text for cell in row] for row in table.rows)
    assert (name, counts) == ("CartPole-v1", ["48", "12", "12", "24"])
    assert end == "gradient-free: program; policy-gradient: mlp-64-64; undetermined: linear and fourier-64"


def test_readings_that_change_the_verdict_are_counted_and_set_in_bold(tmp_path: Path):
    readings = load(synthetic.write(tmp_path, synthetic.study(seeds=4, environments=("LQR",)))).sensitivity
    text = frontier.changes(readings)
    assert "Of 6 changed readings the verdict stays in 0, a decided one opens in 2, an open one is decided in 2" in text
    assert "it turns in 2: LQR (half of the budget) and all (half of the budget)" in text
    table = frontier.sensitivity_blocks(readings)[-1]
    assert [cell.strong for cell in table.rows[0][1:]] == [False, True, True, False, True]


def test_without_data_there_are_no_blocks_but_what_would_change_the_conclusion(tmp_path: Path):
    tables = load(synthetic.write(tmp_path, {}))
    assert frontier.frontier_answer(tables.frontier) == []
    assert frontier.exchange_answer(tables.exchange, tables.structures) == []
    assert frontier.exchange_blocks(tables.exchange, tables.structures) == ()
    assert frontier.frontier_blocks(tables.frontier) == ()
    assert frontier.scaling_blocks(tables.scaling, tables.crossover) == ()
    assert frontier.sensitivity_blocks(tables.sensitivity)[0].text
