"""Tables from recorded jobs: every number by hand, damaged jobs refused, the same bytes for the same runs."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recorded_jobs import GRID, digest_of, record, write_job

from harness.errors import InputError
from harness.files import json_bytes
from harness.seal import sealed
from harness.tables import COLUMNS, write_tables
from harness.tables.read import read_cell


def tables(records, folder, resamples=200):
    write_tables(records, folder, seed=1, resamples=resamples)
    return {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def flat(height):
    """A run that is at `height` from its first evaluation on."""
    return [height] * len(GRID)


@pytest.fixture
def study(tmp_path):
    """Two environments, two families, five seeds in two jobs; ars beats reinforce by far on pole."""
    rng, records = np.random.default_rng(0), []
    for environment in ("pole", "car"):
        for algorithm, family, level in (("ars", "gradient-free", 90), ("reinforce", "policy-gradient", 30)):
            cell = record(tmp_path / "runs", range(6), algorithm, environment=environment, family=family, jobs=2)
            for manifest, seeds in zip(cell.manifests, (range(3), range(3, 6)), strict=True):
                write_job(manifest, {seed: level + rng.uniform(-5, 5, 6).cumsum() for seed in seeds})
            records.append(cell)
    return records


def test_runs_table_by_hand(tmp_path):
    cell = record(tmp_path / "runs", [3, 4])
    write_job(cell.manifests[0], {4: [0, 90, 40, 80, 85, 999], 3: [10, 20, 30, 40, 50, 60]})
    runs = tables([cell], tmp_path / "out")["runs"].set_index("seed")
    assert list(runs.index) == [3, 4]
    assert list(runs["score"]) == [50, 85]  # 60 and 999 came after the budget
    assert list(runs["normalised"]) == [0.5, 0.85]
    assert list(runs["area"]) == [pytest.approx(0.25), pytest.approx((0 + 90 + 40 + 80) / 400)]
    assert np.isnan(runs.loc[3, "steps_to_solved"])
    assert runs.loc[4, "steps_to_solved"] == 750  # 90 at 250 was not confirmed
    assert list(runs["digest"]) == [digest_of(3), digest_of(4)]


def test_diverged_run_falls_to_the_random_score_and_keeps_what_it_had_crossed(tmp_path):
    cell = record(tmp_path / "runs", [0, 1])
    write_job(cell.manifests[0], {0: [0, 90, 95], 1: [-30, -20]}, diverged={0: 750, 1: 300})
    out = tables([cell], tmp_path / "out", resamples=5)
    runs = out["runs"].set_index("seed")
    assert list(runs["status"]) == ["diverged"] * 2
    assert list(runs["score"]) == [0.0, -20.0]  # the floor is the random score, or the last one where that is lower
    assert runs.loc[0, "area"] == pytest.approx((0 + 90 + 95 + 0) / 400)
    assert runs.loc[0, "steps_to_solved"] == 250
    solved = out["targets"].query("solved").iloc[0]
    assert (solved["successes"], solved["n"], solved["ert"]) == (1, 2, 250 + 1000)  # charged the whole budget
    assert out["scores"].loc[0, "diverged"] == 2
    curve = out["curves"].set_index("steps")["iqm"]
    assert (curve[500], curve[740], curve[750]) == ((95 - 20) / 2, (95 - 20) / 2, -10.0)


def test_evaluation_that_is_not_finite_counts_as_random(tmp_path):
    cell = record(tmp_path / "runs", [0])
    write_job(cell.manifests[0], {0: [50, 50, 50, 50, -np.inf]})
    assert tables([cell], tmp_path / "out")["runs"].loc[0, "score"] == 0.0


def test_missing_runs_are_rows_and_enter_no_statistic(tmp_path):
    cell = record(tmp_path / "runs", range(4), jobs=2)
    write_job(cell.manifests[1], {2: flat(40), 3: flat(60)})
    out = tables([cell], tmp_path / "out")
    assert list(out["runs"]["status"]) == ["missing", "missing", "finished", "finished"]
    assert out["runs"]["score"].isna().sum() == 2
    scores = out["scores"].iloc[0]
    assert tuple(scores[["n", "finished", "diverged", "missing"]]) == (2, 2, 0, 2)
    assert (scores["mean"], scores["std"], scores["minimum"], scores["cvar"]) == (50, pytest.approx(200**0.5), 40, 40)


def test_evaluation_beyond_the_budget_confirms_nothing(tmp_path):
    cell = record(tmp_path / "runs", [0])
    write_job(cell.manifests[0], {0: [0, 0, 0, 0, 90, 95]})
    assert tables([cell], tmp_path / "out")["runs"]["steps_to_solved"].isna().all()


def test_runs_stand_in_the_order_of_their_seeds(tmp_path):
    cell = record(tmp_path / "runs", (64, 9, 1))
    write_job(cell.manifests[0], {seed: flat(seed) for seed in cell.seeds})
    assert [run.seed for run in read_cell(cell).runs] == [1, 9, 64]


def test_runs_that_were_not_asked_for_are_left_out(tmp_path):
    cell = replace(record(tmp_path / "runs", range(4)), seeds=(1,))
    write_job(cell.manifests[0], {seed: flat(seed) for seed in range(4)})
    assert list(tables([cell], tmp_path / "out")["runs"]["seed"]) == [1]


def test_optimality_gap_is_optimum_minus_exact_and_infinite_for_a_diverged_run(tmp_path):
    cell = record(tmp_path / "runs", range(3))
    gaps = ["gap_median", "gap_maximum", "gap_normalised"]
    write_job(cell.manifests[0], {0: flat(119), 1: flat(114), 2: [50, 60]}, exact={0, 1, 2}, diverged={2: 900})
    assert tuple(tables([cell], tmp_path / "out")["scores"].loc[0, gaps]) == (6.0, np.inf, 0.05)
    unknown = replace(cell, optimum=None)
    assert tables([unknown], tmp_path / "out")["scores"].loc[0, gaps].isna().all()


def test_sampled_returns_give_no_optimality_gap(tmp_path):
    cell = record(tmp_path / "runs", range(3))
    write_job(cell.manifests[0], {seed: flat(119) for seed in range(3)})
    out = tables([cell], tmp_path / "out")
    assert out["scores"]["gap_median"].isna().all()
    assert out["runs"]["exact"].isna().all()


def test_targets_hold_the_ladder_with_solved_once(tmp_path):
    cell = record(tmp_path / "runs", range(4))
    curves = {0: [0, 25, 25, 90, 90], 1: [0, 0, 70, 70, 90], 2: flat(10), 3: [0, 90, 90, 90, 90]}
    write_job(cell.manifests[0], curves)
    targets = tables([cell], tmp_path / "out")["targets"]
    assert list(targets["target"]) == [20, 60, 80]
    assert list(targets["solved"]) == [False, False, True]
    assert list(targets["successes"]) == [3, 3, 2]
    assert list(targets["ert"]) == [(250 + 500 + 250 + 1000) / 3, (750 + 500 + 250 + 1000) / 3, (750 + 250 + 2000) / 2]


def test_run_lengths_end_at_the_budget_with_a_mark(tmp_path):
    cell = record(tmp_path / "runs", range(2))
    write_job(cell.manifests[0], {0: [0, 90, 90, 90, 90], 1: flat(0)})
    lengths = tables([cell], tmp_path / "out")["runlengths"]
    assert list(lengths["steps"]) == [0, 250, 1000]
    assert list(lengths["share"]) == [0, 0.5, 0.5]
    assert list(lengths["censored"]) == [False, False, True]


def test_curves_share_a_grid_and_end_at_the_budget_of_their_cell(tmp_path):
    long = record(tmp_path / "runs", [0, 1], "long")
    short = replace(record(tmp_path / "runs", [0, 1], "short"), budget=505)
    for cell in (long, short):
        write_job(cell.manifests[0], {0: [0, 10, 20, 30, 40], 1: [0, 30, 40, 50, 60]})
    curves = tables([short, long], tmp_path / "out")["curves"].set_index(["algorithm", "steps"])["iqm"]
    assert list(curves["long"].index) == list(range(0, 1001, 10))
    assert list(curves["short"].index) == [*range(0, 501, 10), 505]
    assert (curves["long", 240], curves["long", 250], curves["long", 1000]) == (0, 20, 50)


def test_one_seed_has_estimates_without_intervals(tmp_path):
    cell = record(tmp_path / "runs", [0])
    write_job(cell.manifests[0], {0: flat(90)})
    out = tables([cell], tmp_path / "out")
    scores = out["scores"].iloc[0]
    assert scores["iqm"] == 90
    assert scores[["iqm_low", "iqm_high", "normalised_low", "area_high", "std"]].isna().all()
    assert tuple(out["dimension"].loc[0, ["success_low", "success_high"]]) == (pytest.approx(0.025), 1.0)


def test_empty_study_has_every_table_with_its_header(tmp_path):
    out = tables([], tmp_path / "out")
    assert {name: tuple(table.columns) for name, table in out.items()} == COLUMNS
    assert all(table.empty for table in out.values())


def test_study_without_any_job_lists_what_is_missing(tmp_path):
    out = tables([record(tmp_path / "runs", range(3), name) for name in ("a", "b")], tmp_path / "out")
    assert list(out["runs"]["status"]) == ["missing"] * 6
    assert list(out["scores"]["n"]) == [0, 0]
    assert out["comparisons"].loc[0, ["probability", "p", "p_holm"]].isna().all()
    assert out["findings"].loc[0, "ahead"] == "undetermined"
    assert out["curves"].empty


def test_study_in_which_everything_diverged_has_all_its_rows(tmp_path):
    cell = record(tmp_path / "runs", range(3))
    write_job(cell.manifests[0], {s: [] for s in range(3)}, diverged=dict.fromkeys(range(3), 0))
    out = tables([cell], tmp_path / "out")
    assert list(out["runs"]["score"]) == [0.0] * 3
    assert out["dimension"].loc[0, "ert"] == np.inf
    assert out["summary"].loc[0, "normalised_iqm"] == 0.0


def test_comparison_by_hand_paired_and_unpaired(tmp_path):
    first, second, third = (record(tmp_path / "runs", range(3), name) for name in "abc")
    write_job(first.manifests[0], {0: flat(30), 1: flat(50), 2: flat(70)})
    write_job(second.manifests[0], {0: flat(20), 1: flat(50), 2: flat(60)})
    write_job(third.manifests[0], {0: flat(80), 1: flat(90)})
    out = tables([third, second, first], tmp_path / "out")["comparisons"]
    assert list(zip(out["first"], out["second"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert list(out["paired"]) == [True, False, False]
    assert list(out["probability"]) == [pytest.approx(5.5 / 9), 0, 0]
    # a - b in pooled mid-ranks: 1, 0, 1; of the 8 exchanges half are as far from the middle.
    assert list(out["p"]) == [pytest.approx(0.5), pytest.approx(0.2), pytest.approx(0.2)]
    assert list(out["p_holm"]) == [pytest.approx(0.6)] * 3


def test_holm_adjusts_within_an_environment_and_a_policy(study, tmp_path):
    comparisons = tables(study, tmp_path / "out")["comparisons"]
    assert list(comparisons["p_holm"]) == list(comparisons["p"])  # one pair in each of two environments
    assert list(comparisons["p"]) == [2.0**-5] * 2


def test_summary_names_its_environments_and_marks_those_that_are_not_everywhere(study, tmp_path):
    extra = record(tmp_path / "runs", range(2), "exact_gradient", environment="car", family="probe")
    write_job(extra.manifests[0], {0: flat(100), 1: flat(100)})
    summary = tables([*study, extra], tmp_path / "out")["summary"]
    rows = summary.query("level == 'algorithm'").set_index("algorithm")
    assert rows.loc["ars", "environments"] == "car pole"
    assert rows.loc["exact_gradient", "environments"] == "car"
    assert dict(rows["everywhere"]) == {"ars": True, "reinforce": True, "exact_gradient": False}
    assert list(summary.query("level == 'family'")["family"]) == ["gradient-free", "policy-gradient", "probe"]


def test_summary_is_the_iqm_over_all_runs_of_all_environments(study, tmp_path):
    out = tables(study, tmp_path / "out")
    scores = np.sort(out["runs"].query("algorithm == 'ars'")["normalised"])
    row = out["summary"].query("level == 'algorithm' and algorithm == 'ars'").iloc[0]
    assert row["normalised_iqm"] == pytest.approx(scores[3:9].mean(), abs=1e-12)
    assert row["normalised_low"] < row["normalised_iqm"] < row["normalised_high"]


def eight_seeds(folder, environment, *levels, start=0):
    """A gradient-free and a policy-gradient cell of eight seeds, each at a level of its own from an evaluation on."""
    families = ("gradient-free", "policy-gradient")
    for name, family, level in zip(("ars", "reinforce"), families, levels, strict=True):
        cell = record(folder, range(8), name, environment=environment, family=family)
        write_job(cell.manifests[0], {seed: [0] * start + flat(level + seed)[start:] for seed in range(8)})
        yield cell


def test_findings_say_who_is_ahead_and_who_is_faster(tmp_path):
    # Each contest is one exact test of eight pairs that all say the same, 2 · 2^-8; two environments double it.
    cells = [*eight_seeds(tmp_path / "runs", "car", 90, 30), *eight_seeds(tmp_path / "runs", "pole", 20, 85)]
    findings = tables(cells, tmp_path / "out")["findings"]
    assert list(findings["environment"]) == ["car", "pole"]
    assert list(findings["free_algorithm"]) == ["ars"] * 2
    assert list(findings["gradient_algorithm"]) == ["reinforce"] * 2
    assert list(findings["probability"]) == list(findings["steps_probability"]) == [1.0, 0.0]
    assert list(findings["p"]) == list(findings["steps_p"]) == [2.0**-7] * 2
    assert list(findings["p_holm"]) == list(findings["steps_p_holm"]) == [2.0**-6] * 2
    assert list(findings["ahead"]) == list(findings["faster"]) == ["gradient-free", "policy-gradient"]
    assert list(findings["difference"]) == pytest.approx([0.6, -0.65], abs=1e-12)
    assert list(findings["horizon"]) == [1000, 1000]


def test_steps_saved_by_hand_and_open_where_no_run_crosses(tmp_path):
    # All of ars cross 80 at the first evaluation, 250; none of reinforce within 1000. That none of eight crosses leaves
    # a share of 1 - 0.025^(1/8) possible (Clopper and Pearson), and so much less than 1000 steps.
    cells = list(eight_seeds(tmp_path / "runs", "car", 90, 30, start=1))
    row = tables(cells, tmp_path / "out")["findings"].iloc[0]
    assert (row["free_steps"], row["gradient_steps"], row["saved"], row["saved_high"]) == (250, 1000, 750, 750)
    assert row["saved_low"] == pytest.approx(750 - 1000 * (1 - 0.025 ** (1 / 8)), abs=1e-9)


def test_eight_seeds_do_not_decide_one_of_seven_environments(tmp_path):
    # 2^-7 is below 0.05 alone, and after Holm for one of seven questions it is not: 7 · 2^-7 = 0.055.
    cells = [cell for name in "abcdefg" for cell in eight_seeds(tmp_path / "runs", name, 90, 30)]
    findings = tables(cells, tmp_path / "out")["findings"]
    assert set(findings["p_holm"]) == {7 * 2.0**-7}
    assert set(findings["ahead"]) == set(findings["faster"]) == {"undetermined"}


def test_findings_do_not_judge_by_three_seeds(tmp_path):
    cells = [record(tmp_path / "runs", range(3), *rest) for rest in (("a",), ("b", "mlp", "pole", "policy-gradient"))]
    write_job(cells[0].manifests[0], {seed: flat(99 + seed) for seed in range(3)})
    write_job(cells[1].manifests[0], {seed: [0, 0, 0, 90, 90, 90] for seed in range(3)})
    row = tables(cells, tmp_path / "out")["findings"].iloc[0]
    assert np.isnan(row[["p", "steps_p", "difference_low", "saved_low"]].astype(float)).all()
    assert (row["ahead"], row["faster"]) == ("undetermined", "undetermined")


def test_of_cells_with_equal_scores_the_faster_one_is_best(tmp_path):
    cells = [record(tmp_path / "runs", range(2), name) for name in ("a_late", "b_early")]
    write_job(cells[0].manifests[0], {s: [0, 0, 0, 100, 100] for s in range(2)})
    write_job(cells[1].manifests[0], {s: [0, 100, 100, 100, 100] for s in range(2)})
    assert tables(cells, tmp_path / "out")["findings"].loc[0, "free_algorithm"] == "b_early"


def test_bytes_do_not_depend_on_the_order_of_cells_seeds_or_jobs(study, tmp_path):
    write_tables(study, tmp_path / "first", seed=1, resamples=100)
    shuffle = random.Random(3).sample
    mixed = [
        replace(cell, seeds=tuple(shuffle(cell.seeds, 6)), manifests=tuple(shuffle(cell.manifests, 2)))
        for cell in shuffle(study, len(study))
    ]
    write_tables(mixed, tmp_path / "second", seed=1, resamples=100)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_bytes_do_not_depend_on_the_number_of_workers(study, tmp_path):
    for jobs in (1, 2, 5):
        write_tables(study, tmp_path / str(jobs), seed=1, resamples=100, jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "5")


def test_a_damaged_job_is_told_in_its_own_words_by_several_workers_too(study, tmp_path):
    study[0].manifests[0].with_name("timing.parquet").write_bytes(b"cut short")
    with pytest.raises(InputError, match=r"timing\.parquet: is damaged"):
        write_tables(study, tmp_path / "out", seed=1, resamples=100, jobs=2)
    assert not (tmp_path / "out").exists()


def test_another_table_seed_changes_intervals_only(study, tmp_path):
    for seed in (1, 2):
        write_tables(study, tmp_path / str(seed), seed=seed, resamples=100)
    first, second = (pd.read_csv(tmp_path / str(seed) / "scores.csv") for seed in (1, 2))
    changed = {name for name in first if not first[name].equals(second[name])}
    assert changed
    assert all(name.endswith(("_low", "_high")) for name in changed)


@pytest.mark.parametrize("name", COLUMNS)
def test_no_column_of_a_table_stands_twice(name):
    assert len(set(COLUMNS[name])) == len(COLUMNS[name])


def test_more_cells_leave_the_rows_of_the_others_as_they_were(study, tmp_path):
    write_tables(study[:2], tmp_path / "small", seed=1, resamples=100)
    write_tables(study, tmp_path / "large", seed=1, resamples=100)
    for name in ("runs", "curves", "scores", "targets", "comparisons", "dimension"):
        small, large = ((tmp_path / size / f"{name}.csv").read_text().splitlines() for size in ("small", "large"))
        assert set(small) <= set(large), name
    small, large = (
        pd.read_csv(tmp_path / size / "findings.csv").query("environment == 'pole'") for size in ("small", "large")
    )
    adjusted = ["p_holm", "steps_p_holm", "ahead", "faster"]  # for the number of environments
    assert small.drop(columns=adjusted).to_dict("records") == large.drop(columns=adjusted).to_dict("records")


def test_only_the_timing_table_knows_the_clock(tmp_path):
    for place, clock in (("slow", 8.0), ("fast", 1.0)):
        cell = record(tmp_path / place, range(3))
        write_job(cell.manifests[0], {seed: flat(seed) for seed in range(3)}, clock=clock)
        write_tables([cell], tmp_path / "out" / place, seed=1, resamples=50)
    slow, fast = (contents(tmp_path / "out" / place) for place in ("slow", "fast"))
    assert {name for name in slow if slow[name] != fast[name]} == {"timing.csv"}
    timing = pd.read_csv(tmp_path / "out" / "fast" / "timing.csv").iloc[0]
    assert (timing["seconds_ask"], timing["seconds_total"], timing["steps_per_second"]) == (1, 5, 1100 / 5)


def test_floats_read_back_to_the_same_double(tmp_path):
    cell = record(tmp_path / "runs", [0])
    write_job(cell.manifests[0], {0: flat(1 / 3)})
    write_tables([cell], tmp_path / "out", seed=1, resamples=10)
    assert f",{1 / 3!r}," in (tmp_path / "out" / "runs.csv").read_text()


def damage_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["evaluations.parquet", "timing.parquet"])
@pytest.mark.parametrize(
    "damage",
    [damage_bit, lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink],
    ids=["bit", "cut", "lost"],
)
def test_damaged_job_is_refused_by_name_and_nothing_is_written(study, tmp_path, name, damage):
    file = study[1].manifests[1].parent / name
    damage(file)
    with pytest.raises(InputError, match=str(file)):
        write_tables(study, tmp_path / "out", seed=1, resamples=10)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", '{"schema": 1, "ru', "[]", '{"schema": 2}', '{"schema": 1, "files": {}}'])
def test_damaged_manifest_is_refused_by_name(study, tmp_path, content):
    study[0].manifests[0].write_text(content)
    with pytest.raises(InputError, match=str(study[0].manifests[0])):
        write_tables(study, tmp_path / "out", seed=1, resamples=10)


def test_one_seed_with_two_different_results_is_refused(tmp_path):
    cell = record(tmp_path / "runs", range(2), jobs=2)
    for number, manifest in enumerate(cell.manifests):
        write_job(manifest, {0: flat(number)})
        content = json.loads(manifest.read_text())
        del content["seal"]
        content["runs"][0]["digest"] = digest_of(f"other-{number}")
        manifest.write_bytes(json_bytes(sealed(content)))
    with pytest.raises(InputError, match="seed 0 differs"):
        write_tables([cell], tmp_path / "out", seed=1, resamples=10)


def test_every_column_is_explained():
    text = (Path(__file__).parent.parent / "docs" / "tables.md").read_text()
    sections = {section.split(".csv", 1)[0]: section for section in text.split("\n## ")[1:]}
    identity = {"environment", "policy", "algorithm", "family", "parameters"}
    assert sections.keys() == COLUMNS.keys()
    for table, columns in COLUMNS.items():
        explained = set(re.findall(r"\w+", sections[table])) | identity
        names = {name.replace("gradient_", "free_") for name in columns}  # findings explain one side for both
        assert names <= explained, names - explained
