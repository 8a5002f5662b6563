"""Tables behind the answer: survival, profiles, scaling, exchange rate, frontier, sensitivity; numbers by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from recorded_jobs import BUDGET, record, write_job

from harness.statistics.survival import open_end
from harness.tables import COLUMNS, write_tables
from harness.tables.comparisons import MARGIN
from harness.tables.exchange import borders
from harness.tables.read import read_cell
from harness.tables.scaling import groups
from harness.tables.sensitivity import READINGS, change

EVALUATED = 6  # of a job: at 0, 250, 500, 750, 1000 and 1100 steps


def flat(height):
    return [height] * EVALUATED


def climbs(start, height=100):
    """A run that is at 0 up to its evaluation number `start`, and from then on at `height`."""
    return [0] * start + [height] * (EVALUATED - start)


def tables(records, folder, resamples=200):
    write_tables(records, folder, seed=1, resamples=resamples)
    return {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}


def cell(root, curves, algorithm="ars", policy="linear", family="gradient-free", parameters=5, **changes):
    """A cell with one run per curve."""
    made = record(root / "runs", range(len(curves)), algorithm, policy, changes.pop("environment", "pole"), family)
    kind = {"wide": "mlp"}.get(policy, made.structure)
    made = replace(made, parameters=parameters, structure=kind, **changes)
    write_job(made.manifests[0], dict(enumerate(curves)))
    return made


@pytest.fixture
def both(tmp_path):
    """Two policies and two families on one environment; small policies learn at once, the gradient later, wide late."""
    return [
        cell(tmp_path, [climbs(1 + late, 90 + seed) for seed in range(8)], name, policy, family, parameters)
        for name, family, slow in (("ars", "gradient-free", 0), ("ppo", "policy-gradient", 1))
        for policy, parameters, wide in (("linear", 4, 0), ("wide", 64, 2))
        for late in (slow + wide,)
    ]


def test_survival_and_restricted_mean_by_hand(tmp_path):
    # Crossings at 250 and 500, two runs not within 1000 steps.
    made = cell(tmp_path, [climbs(1), climbs(2), flat(0), flat(0)])
    out = tables([made], tmp_path / "out")
    curve = out["survival"]
    assert list(curve["steps"]) == [0, 250, 500, 1000]
    assert list(curve["share"]) == [0, 0.25, 0.5, 0.5]
    row = out["restricted"].iloc[0]
    assert (row["mean"], row["median"]) == ((250 + 500 + 1000 + 1000) / 4, 500)
    assert (row["horizon"], row["crossed"], row["n"]) == (1000, 2, 4)
    assert (row["episode_horizon"], row["actions"]) == (made.horizon, made.actions)


def test_restricted_mean_of_runs_that_never_cross_is_the_horizon_with_an_open_end(tmp_path):
    row = tables([cell(tmp_path, [flat(0)] * 4)], tmp_path / "out")["restricted"].iloc[0]
    assert (row["mean"], row["mean_high"], row["median"]) == (1000, 1000, np.inf)
    assert row["mean_low"] == pytest.approx(1000 * (1 - open_end(4)))


def test_the_horizon_is_the_smallest_budget_of_the_environment(tmp_path):
    cells = [cell(tmp_path, [climbs(4)], "long"), cell(tmp_path, [climbs(1)], "short", budget=500)]
    out = tables(cells, tmp_path / "out")["restricted"].set_index("algorithm")
    assert list(out["horizon"]) == [500, 500]
    assert out.loc["long", "mean"] == 500  # it crossed at 1000, which nobody watched in the other


def test_ratios_hold_each_pair_that_differs_in_one_thing(both, tmp_path):
    ratios = tables(both, tmp_path / "out")["ratios"]
    assert list(ratios["contrast"]) == ["family", "family", "structure", "structure"]
    family = ratios.query("contrast == 'family' and first_policy == 'linear'").iloc[0]
    assert (family["ratio"], family["first_algorithm"], family["faster"]) == (250 / 500, "ars", "first")
    structure = ratios.query("contrast == 'structure' and first_algorithm == 'ars'").iloc[0]
    assert (structure["first_policy"], structure["second_policy"], structure["ratio"]) == ("linear", "wide", 250 / 750)


def test_performance_profile_by_hand(tmp_path):
    out = tables([cell(tmp_path, [flat(10), flat(60), flat(90), flat(100)])], tmp_path / "out")["profiles"]
    shares = out.query("profile == 'performance' and level == 'family'").set_index("x")["share"]
    assert [shares[0.0], shares[0.5], shares[0.75], shares[1.0]] == [1.0, 0.75, 0.5, 0.0]  # above, not at


def test_data_profile_counts_episodes_in_units_of_parameters_plus_one(tmp_path):
    # The job's k-th evaluation came after k episodes: targets 20, 60, 80 at 1 and 4 episodes, P = 0.
    out = tables([cell(tmp_path, [climbs(1), climbs(4)], parameters=0)], tmp_path / "out")["profiles"]
    shares = out.query("profile == 'data' and level == 'family'").set_index("x")["share"]
    assert shares[shares.index < 3.9].unique().tolist() == [0.5]
    assert shares[shares.index > 4].unique().tolist() == [0.5]  # 80 at 1000 steps is the last one: not confirmed


def test_band_of_a_curve_is_wider_than_its_pointwise_interval(tmp_path):
    rng = np.random.default_rng(0)
    curves = tables([cell(tmp_path, [rng.normal(50, 5, 6) for _ in range(8)])], tmp_path / "out")["curves"]
    curves = curves[curves["steps"] >= 250]
    assert ((curves["band_high"] - curves["band_low"]) > (curves["high"] - curves["low"])).all()


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (lambda seed: 90 + seed + 0.01 * seed**2, "equal"),
        (lambda seed: 10 + seed, "ars"),
        (lambda seed: 130 * (seed % 2), "undetermined"),
    ],
)
def test_verdict_of_a_pair_is_equal_ahead_or_undetermined(tmp_path, second, verdict):
    cells = [
        cell(tmp_path, [flat(90 + seed) for seed in range(8)]),
        cell(tmp_path, [flat(second(seed)) for seed in range(8)], "other"),
    ]
    row = tables(cells, tmp_path / "out")["comparisons"].iloc[0]
    assert row["verdict"] == verdict
    assert (verdict == "equal") == (row["difference_low"] > -MARGIN and row["difference_high"] < MARGIN)


def test_a_proven_difference_within_the_margin_is_called_equal(tmp_path):
    cells = [cell(tmp_path, [flat(90 + seed) for seed in range(8)], name) for name in ("a", "b")]
    cells[1] = cell(tmp_path, [flat(91 + seed + 0.01 * seed) for seed in range(8)], "c")
    row = tables(cells, tmp_path / "out")["comparisons"].iloc[0]
    assert row["p_holm"] < 0.05
    assert row["verdict"] == "equal"


def test_exponent_of_times_that_double_with_each_quadrupling_is_a_half(tmp_path):
    # Crossings at 250 and 500 (P = 4), and at 500 and 1000 of a longer job would be 1/2 each; here by pairs of runs.
    cells = [
        cell(tmp_path, [climbs(1), climbs(1), climbs(2), climbs(2)], policy="subspace-4", parameters=4),
        cell(tmp_path, [climbs(2), climbs(2), climbs(4), climbs(4)], policy="subspace-16", parameters=16, budget=1100),
    ]
    row = tables(cells, tmp_path / "out")["scaling"].query("algorithm == 'ars'").iloc[0]
    assert (row["environment"], row["policy_kind"], row["regressor"]) == ("pole", "subspace", "parameters")
    assert row["exponent"] == pytest.approx(0.5)
    assert (row["n"], row["crossed"], row["lowest"], row["highest"]) == (8, 8, 4, 16)


def test_lines_that_the_crossings_do_not_determine_are_empty(tmp_path):
    cells = [cell(tmp_path, [flat(0)] * 4, policy=f"subspace-{size}", parameters=size) for size in (4, 16)]
    row = tables(cells, tmp_path / "out")["scaling"].iloc[0]
    assert row[["exponent", "exponent_low", "exponent_high"]].isna().all()


def test_lines_cross_where_both_families_need_as_many_steps(tmp_path):
    # One needs 250 and 750, the other the reverse: they meet at the geometric middle of 4 and 64, which is 16.
    cells = [
        cell(tmp_path, [climbs(first)] * 4 + [climbs(2)] * 2, name, policy, family, parameters)
        for name, family, starts in (("ars", "gradient-free", (1, 3)), ("ppo", "policy-gradient", (3, 1)))
        for policy, parameters, first in (("linear", 4, starts[0]), ("wide", 64, starts[1]))
    ]
    out = tables(cells, tmp_path / "out")["crossover"].query("policy_kind.isna()").set_index("first")
    assert list(out.index) == ["gradient-free", "ars"]
    assert out.loc["ars", "crossover"] == pytest.approx(16, rel=1e-3)
    assert (out.loc["ars", "faster_lowest"], out.loc["ars", "faster_highest"]) == ("ars", "ppo")


def test_horizon_is_a_regressor_where_environments_of_one_problem_differ_in_it(tmp_path):
    cells = [
        cell(tmp_path, [climbs(1)] * 2, environment=f"lqr-{horizon}", policy=policy, parameters=size, horizon=horizon)
        for horizon in (10, 40)
        for policy, size in (("linear", 4), ("wide", 64))
    ]
    found = {(group.environment, group.kind): group.regressors for group in groups([read_cell(one) for one in cells])}
    assert found["lqr-10 lqr-40", ""] == ("parameters", "horizon")
    assert found["lqr-10 lqr-40", "mlp"] == ("horizon",)
    assert found["lqr-10", ""] == ("parameters",)


def test_parameters_are_a_regressor_where_the_size_of_an_environment_moves_them_but_not_where_a_head_does(tmp_path):
    cells = [
        cell(tmp_path, [climbs(1)] * 2, name, "linear", family, size + head, environment=f"lqr-{size}", horizon=size)
        for size in (4, 16)
        for name, family, head in (("ars", "gradient-free", 0), ("ppo", "policy-gradient", 2))
    ]
    (whole,) = [group for group in groups([read_cell(one) for one in cells])]
    assert (whole.environment, whole.regressors) == ("lqr-16 lqr-4", ("parameters", "horizon"))
    assert not list(groups([read_cell(one) for one in cells if one.environment == "lqr-4"]))


def test_exchange_rate_by_hand_with_its_bound(both, tmp_path):
    rates = tables(both, tmp_path / "out")["exchange"]
    row = rates.query("algorithm == 'ars' and solved").iloc[0]
    assert (row["policy"], row["generic"], row["policy_steps"], row["generic_steps"]) == ("linear", "wide", 250, 750)
    assert (row["rate"], row["rate_low"], row["rate_high"]) == (3, 3, 3)
    never = cell(tmp_path / "never", [flat(0)] * 6, policy="wide", parameters=64)
    row = tables([both[0], never], tmp_path / "other")["exchange"].query("solved").iloc[0]
    assert (row["rate"], row["bound"], row["rate_high"]) == (BUDGET / 250, "≥", np.inf)


def test_exchange_rate_of_a_family_is_that_of_its_fastest_methods(both, tmp_path):
    slow = [
        cell(tmp_path, [climbs(2)] * 6, "slow", "linear", parameters=4),
        cell(tmp_path, [climbs(2)] * 6, "slow", "wide", parameters=64),
    ]
    rates = tables([*both, *slow], tmp_path / "out")["exchange"].query("family == 'gradient-free' and solved")
    row = rates[rates["algorithm"].isna()].iloc[0]
    assert (row["policy_steps"], row["generic_steps"], row["rate"]) == (250, 500, 2)


def test_steps_of_the_exchange_rate_are_rounded_up_by_five_percent_at_most(tmp_path):
    known = read_cell(cell(tmp_path, [flat(1)]))
    steps = np.arange(100, 1001)
    run = known.runs[0]._replace(evaluated=steps, returns=np.ones(len(steps)))
    grid = borders(known._replace(runs=(run,)))
    up = grid[np.searchsorted(grid, steps)]
    assert (up >= steps).all()
    assert (up / steps).max() <= 1.05
    assert len(grid) < 50


def test_frontier_has_twelve_amounts_of_data_and_names_who_is_ahead(both, tmp_path):
    frontier = tables(both, tmp_path / "out")["frontier"]
    assert list(frontier.groupby("policy").size()) == [12, 12]
    linear = frontier.query("policy == 'linear'")
    assert (linear["steps"].min(), linear["steps"].max()) == (250, 1000)
    early, late = linear.iloc[0], linear.iloc[-1]
    assert (early["free_algorithm"], early["gradient_algorithm"]) == ("ars", "ppo")
    assert (early["probability"], early["ahead"], early["gradient_score"]) == (1.0, "gradient-free", 0.0)
    assert (late["probability"], late["ahead"], late["difference"]) == (0.5, "undetermined", 0.0)


def test_a_policy_that_one_family_has_is_no_part_of_the_frontier(both, tmp_path):
    frontier = tables([both[0], both[3]], tmp_path / "out")["frontier"]
    assert frontier.empty
    assert list(frontier.columns) == list(COLUMNS["frontier"])


def test_half_of_the_budget_turns_what_is_equal_at_all_of_it(both, tmp_path):
    rows = tables(both, tmp_path / "out")["sensitivity"].query("question == 'family'").set_index(["measure", "reading"])
    assert len(rows) == len(READINGS)
    assert rows.loc[("score", "declared"), "ahead"] == "undetermined"
    quarter = rows.loc[("score", "a quarter of the budget")]
    assert (quarter["ahead"], quarter["change"]) == ("gradient-free", "decides")
    steps = rows.loc[("steps", "declared")]
    assert (steps["difference"], steps["ahead"]) == (pytest.approx(0.25), "gradient-free")
    assert rows.loc[("steps", "target at 50 % of solved"), "change"] == "same"


def test_structure_against_the_generic_policy_is_asked_of_each_family(both, tmp_path):
    rows = tables(both, tmp_path / "out")["sensitivity"].query("measure == 'steps' and reading == 'declared'")
    rows = rows.set_index("question")
    assert list(rows.index) == ["family", "structure, gradient-free", "structure, policy-gradient"]
    assert list(rows["ahead"].iloc[1:]) == ["structure", "structure"]


def test_readings_over_all_environments_are_the_mean_and_raw_scores_have_none(both, tmp_path):
    other = [
        cell(tmp_path / "car", [climbs(2, 90 + seed) for seed in range(6)], name, family=family, environment="car")
        for name, family in (("ars", "gradient-free"), ("ppo", "policy-gradient"))
    ]
    rows = tables([*both, *other], tmp_path / "out")["sensitivity"].query("question == 'family'")
    steps = rows.query("measure == 'steps' and reading == 'declared'").set_index("environment")["difference"]
    assert steps["all"] == pytest.approx((steps["pole"] + steps["car"]) / 2)
    assert rows.query("environment == 'all' and reading == 'median of raw scores'")["difference"].isna().all()


def several(root, environments, seeds, levels):
    """Two methods of either family on two policies of some environments; `levels` gives the runs of a cell."""
    return [
        cell(root, [climbs(*one) for one in levels(family, seeds)], name, policy, family, size, environment=environment)
        for environment in environments
        for family, names in (("gradient-free", ("ars", "cem")), ("policy-gradient", ("npg", "ppo")))
        for name in names
        for policy, size in (("linear", 4), ("wide", 64))
    ]


def test_declared_readings_have_the_numbers_and_verdicts_of_the_findings(tmp_path):
    rng = np.random.default_rng(3)

    def levels(family, seeds):
        lead = 2 if family == "gradient-free" else 0
        return [(int(rng.integers(1, 4 - lead // 2)), 85 + lead + rng.normal(0, 1)) for _ in range(seeds)]

    out = tables(several(tmp_path, ("acrobot", "car", "pole"), 12, levels), tmp_path / "out", resamples=100)
    rows = out["sensitivity"].query("question == 'family' and environment != 'all'")
    findings = out["findings"].set_index("environment")
    scores, steps = (
        rows.query("measure == @measure and reading == 'declared'").set_index("environment")
        for measure in ("score", "steps")
    )
    for one, prefix, verdict in ((scores, "", "ahead"), (steps, "steps_", "faster")):
        assert list(one["ahead"]) == list(findings[verdict])
        for name in ("probability", "p", "p_holm"):
            assert list(one[name]) == list(findings[f"{prefix}{name}"])
    assert set(scores["ahead"]) == {"gradient-free"}
    assert list(scores["difference"]) == pytest.approx(list(findings["difference"]), abs=1e-12)
    assert list(steps["difference"] * BUDGET) == pytest.approx(list(findings["saved"]), abs=1e-9)


@pytest.mark.parametrize(("count", "ahead"), [(3, "gradient-free"), (4, "undetermined")])
def test_eight_seeds_decide_three_environments_under_a_reading_and_not_four(tmp_path, count, ahead):
    def levels(family, seeds):
        return [(1, (90 if family == "gradient-free" else 30) + seed) for seed in range(seeds)]

    cells = several(tmp_path, [f"e{place}" for place in range(count)], 8, levels)
    rows = tables(cells, tmp_path / "out", resamples=50)["sensitivity"].query("question == 'family'")
    each = rows[rows["environment"] != "all"]
    assert set(each["p"]) == {2**-6}  # eight pairs that agree, doubled for the choice
    assert set(each["p_holm"]) == {count * 2**-6}
    assert set(each["ahead"]) == {ahead}
    together = rows.query("environment == 'all' and reading != 'median of raw scores'")
    assert set(together["ahead"]) == {"gradient-free"}  # one question, by its interval
    assert together["p"].isna().all()


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [("a", "a", "same"), ("a", "undetermined", "opens"), ("undetermined", "a", "decides"), ("a", "b", "turns")],
)
def test_words_of_change(before, after, word):
    assert change(before, after) == word


def test_without_runs_every_table_has_its_header(tmp_path):
    made = record(tmp_path / "runs", range(3))
    out = tables([made], tmp_path / "out")
    for name in ("survival", "ratios", "profiles", "scaling", "crossover", "exchange", "frontier", "sensitivity"):
        assert out[name].empty
        assert list(out[name].columns) == list(COLUMNS[name])


def test_other_environments_leave_the_rows_of_the_answer_as_they_were(both, tmp_path):
    other = cell(tmp_path / "car", [climbs(2)] * 6, environment="car")
    for name, cells in (("small", both), ("large", [*both, other])):
        write_tables(cells, tmp_path / name, seed=1, resamples=100)
    for name in ("survival", "restricted", "ratios", "scaling", "crossover", "exchange", "frontier", "sensitivity"):
        small, large = ((tmp_path / size / f"{name}.csv").read_text().splitlines() for size in ("small", "large"))
        assert set(small) <= set(large), name
