"""Tables, figures and report of tuning, from made-up draws and runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic

from harness.figures import settings as settings_figure
from harness.figures import tuning as tuning_figure
from harness.figures.load import Tables, load
from harness.figures.style import styled
from harness.node import Node
from harness.report.blocks import Table, Text
from harness.report.tuning import charged, ties
from harness.report.tuning import tuning as section
from harness.schema import read
from harness.statistics.tuning import best, best_everywhere
from harness.streams import address
from harness.strict_yaml import parse
from harness.tables.cells import CellRecord, RunRecord, assemble
from harness.tables.estimates import estimate_cell
from harness.tables.tuning import READINGS, TUNING, Tried, reading_rows, tuning_rows
from harness.tables.write import csv_bytes
from harness.tuned import Draw, Tuned, TunedFile, tuned_twice, yaml_text

# of draws 0 to 3
SCORES = {"CartPole-v1": (0.2, 0.4, 0.8, 0.0), "LQR": (0.5, 0.6, 0.1, 0.3), "Swing": (0.0, 0.3, 0.0, 0.4)}
SPENT = 4 * 2 * 1000
EVERYWHERE = best_everywhere(np.array(list(SCORES.values())))


def draws() -> list[Draw]:
    return [
        Draw(
            place,
            "linear",
            "ars",
            "gradient-free",
            number,
            {"noise": 0.1 * 2**number},
            1000,
            2,
            0,
            5,
            score,
            0.1,
            2000,
            "",
        )
        for place, scores in SCORES.items()
        for number, score in enumerate(scores)
    ]


def tried() -> Tried:
    facts = {"study": "t", "tried": 4, "first_seed": 9, "seeds": 2, "score": "area", "draws": "", "provenance": []}
    won = {"policy": "linear", "algorithm": "ars", "plugin": "ars", "settings": {}}
    each = [
        {"environments": [place], **won, "draw": best(np.array(scores)), "score": max(scores), "steps": SPENT}
        for place, scores in SCORES.items()
    ]
    one = [{"environments": list(SCORES), **won, "draw": EVERYWHERE, "score": 0.5, "steps": 3 * SPENT}]
    file = read(parse(yaml_text(facts, {"each": each, "one": one}), "tuned/t.yaml"), TunedFile)
    return Tried(Tuned(Node(None, ""), file, ("each", "one")), draws())


def cell(place: str, label: str, areas: tuple[float, ...]) -> object:
    """Runs that stand at an area from the first step on; solved at half of the reference or better."""
    record = CellRecord(
        environment=place,
        policy="linear",
        algorithm=label,
        family="gradient-free",
        parameters=4,
        digest="d",
        seeds=tuple(range(len(areas))),
        budget=1000,
        manifests=(),
        random=0.0,
        reference=1.0,
        optimum=None,
        solved=0.5,
        targets=(0.5,),
        structure="linear",
        problem="lqr",
        horizon=10,
        actions=1,
    )
    runs = tuple(
        RunRecord(
            seed=seed,
            status="finished",
            reason="",
            turns=1,
            steps=1000,
            episodes=1,
            digest="",
            evaluated=np.array([0, 500, 1000]),
            returns=np.full(3, area),
            played=np.arange(3),
            exact=np.zeros(3, bool),
            seconds=np.zeros(5),
        )
        for seed, area in enumerate(areas)
    )
    return assemble(record, runs)


@pytest.fixture(scope="module")
def readings() -> dict[tuple[str, str], dict[str, object]]:
    """Rows by environment and reading; in CartPole both ran on fresh seeds, in LQR they are the same setting."""
    cells = [
        cell("CartPole-v1", "ars", (0.7, 0.9)),
        cell("CartPole-v1", "ars.one", (0.1, 0.3)),
        cell("LQR", "ars", (-5.0, 1.0)),
        cell("Swing", "ars", (0.2, 0.4)),
    ]
    rng = address(1)
    known = {one.record.key: estimate_cell(one, rng, 50) for one in cells}  # type: ignore[attr-defined]
    rows = list(reading_rows(cells, known, [tried()], rng, 50))  # type: ignore[arg-type]
    assert csv_bytes(READINGS, rows)
    return {(str(row["environment"]), str(row["reading"])): dict(row) for row in rows}


def test_a_random_setting_is_the_mean_over_all_draws_but_the_default(readings) -> None:  # type: ignore[no-untyped-def]
    row = readings["CartPole-v1", "random"]
    assert row["score"] == pytest.approx(0.4)
    assert (row["n"], row["seeds"], row["draw"]) == (3, "tuning", None)
    assert row["low"] < row["score"] < row["high"]
    assert readings["CartPole-v1", "default"]["score"] == 0.2


def test_the_best_is_judged_on_fresh_seeds_and_keeps_its_score_of_tuning(readings) -> None:  # type: ignore[no-untyped-def]
    row = readings["CartPole-v1", "each"]
    assert (row["draw"], row["tuning_score"], row["seeds"], row["n"]) == (2, 0.8, "fresh", 2)
    assert row["score"] == pytest.approx(0.8)
    assert readings["CartPole-v1", "one"]["draw"] == EVERYWHERE == 1
    assert readings["CartPole-v1", "one"]["score"] == pytest.approx(0.2)


def test_one_setting_for_all_that_is_the_best_here_has_the_same_runs(readings) -> None:  # type: ignore[no-untyped-def]
    each, one = readings["LQR", "each"], readings["LQR", "one"]
    assert (each["draw"], one["draw"]) == (1, 1)
    assert (one["seeds"], one["score"], one["tuning_steps"]) == ("fresh", each["score"], 3 * SPENT)


def test_a_reading_without_fresh_runs_stands_on_tuning_seeds_and_says_so(readings) -> None:  # type: ignore[no-untyped-def]
    row = readings["Swing", "one"]
    assert (row["seeds"], row["score"], row["low"]) == ("tuning", 0.3, None)


def test_a_fresh_run_counts_no_worse_than_minus_one(readings) -> None:  # type: ignore[no-untyped-def]
    assert readings["LQR", "each"]["score"] == pytest.approx(0.0)  # of -1 and 1


def test_the_cost_of_tuning_is_added_to_the_steps_until_solved(readings) -> None:  # type: ignore[no-untyped-def]
    each, one = readings["CartPole-v1", "each"], readings["CartPole-v1", "one"]
    assert each["tuning_steps"] == SPENT and one["tuning_steps"] == 3 * SPENT
    assert each["ert"] == 0.0 and each["ert_with_tuning"] == SPENT
    assert readings["LQR", "each"]["ert_with_tuning"] == 1000 + SPENT  # one of two runs is at 0.5 at once


def test_every_draw_is_a_row_and_the_best_are_marked() -> None:
    cells = [cell("CartPole-v1", "ars.one", (0.5,)), cell("LQR", "ars", (0.5,)), cell("LQR", "other", (0.5,))]
    rows = list(tuning_rows(cells, [tried()]))  # type: ignore[arg-type]
    assert csv_bytes(TUNING, rows)
    assert len(rows) == 8
    assert [row["draw"] for row in rows if row["best_here"]] == [2, 1]
    assert {row["draw"] for row in rows if row["best_everywhere"]} == {1}


def test_a_union_reads_each_label_where_it_was_tuned() -> None:
    first, second = tried(), tried()
    parts = [
        Tried(one.tuned, [draw._replace(score=level) for draw in one.draws if draw.environment == place])
        for one, place, level in ((first, "CartPole-v1", 0.1), (second, "LQR", 0.2))
    ]
    cells = [cell("LQR", "ars", (0.5,)), cell("CartPole-v1", "ars", (0.5,))]
    rows = list(tuning_rows(cells, parts))  # type: ignore[arg-type]
    assert [(row["environment"], row["score"]) for row in rows] == [("CartPole-v1", 0.1)] * 4 + [("LQR", 0.2)] * 4


def test_a_label_that_two_studies_tuned_is_named() -> None:
    one, same = tried().tuned, tried().tuned
    other = replace(one, file=replace(one.file, study="u"))
    assert tuned_twice([one, same]) is None  # the same file
    assert tuned_twice([one, other]) == "CartPole-v1 · linear · ars is tuned by two studies, t and u"


def test_a_study_without_tuned_settings_has_empty_tables() -> None:
    cells = [cell("LQR", "ars", (0.5,))]
    assert list(tuning_rows(cells, ())) == list(reading_rows(cells, {}, (), address(1), 10)) == []  # type: ignore[arg-type]


@pytest.fixture
def tables(tmp_path: Path, readings) -> Tables:  # type: ignore[no-untyped-def]
    folder = synthetic.write(tmp_path, {})
    cells = [cell("CartPole-v1", "ars", (0.7, 0.9)), cell("LQR", "ars", (0.0, 1.0)), cell("Swing", "ars", (0.2,))]
    (folder / "tuning.csv").write_bytes(csv_bytes(TUNING, tuning_rows(cells, [tried()])))  # type: ignore[arg-type]
    (folder / "readings.csv").write_bytes(csv_bytes(READINGS, readings.values()))
    return load(folder)


def test_the_figure_has_a_dot_for_each_draw_and_a_mark_for_each_reading(tables: Tables) -> None:
    with styled():
        figure = tuning_figure.draw(tables)
    assert len(figure.axes) == 3
    for axes in figure.axes:
        assert sorted(len(line.get_xdata()) for line in axes.lines if line.get_linestyle() == "None") == [1, 1, 1, 1, 4]


def test_sensitivity_has_a_panel_for_each_searched_setting(tables: Tables) -> None:
    with styled():
        figure = settings_figure.draw(tables)
    (axes,) = figure.axes
    assert axes.get_xscale() == "log" or axes.get_xlim()[0] >= 0.0
    assert len(axes.collections[0].get_offsets()) == 12


def test_neighbours_are_the_values_themselves_or_groups_of_equal_size() -> None:
    values, means = settings_figure.neighbours(np.array([2.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(values, [1.0, 2.0])
    np.testing.assert_array_equal(means, [1.0, 0.5])
    values, means = settings_figure.neighbours(np.arange(10.0), np.arange(10.0))
    np.testing.assert_array_equal(values, [0.5, 2.5, 4.5, 6.5, 8.5])
    np.testing.assert_array_equal(values, means)


def test_the_section_is_there_only_if_something_was_tuned(tables: Tables, tmp_path: Path) -> None:
    pictures = (Text("one"), Text("two"))
    assert section(load(synthetic.write(tmp_path / "empty", {})), pictures) == ()
    blocks = section(tables, pictures)
    cartpole, _, swing = [block for block in blocks if isinstance(block, Table)]
    assert [cell.text for cell in cartpole.rows[0]][:2] == ["ars", "linear"]
    assert cartpole.rows[0][3].text == "0.20°"
    assert swing.rows[0][4].text == "0.30°"
    assert isinstance(blocks[1], Text) and blocks[1].text.startswith("4 settings of each algorithm, 2 seeds each, 24k")
    assert blocks[1].text.endswith("in budgets, lowest to highest over all cells: ars 1.00 to 1.00.")
    assert isinstance(blocks[2], Text) and blocks[2].text.startswith("In none of 3 cells")


def scored(environment: str, *scores: float) -> pd.DataFrame:
    return pd.DataFrame({"environment": environment, "policy": "linear", "algorithm": "ars", "score": scores})


def test_cells_whose_settings_all_score_the_same_are_named_and_near_ones_counted() -> None:
    tried = [scored("A", 0.5, 0.5, 0.5), scored("B", 0.5, 0.5, 0.1), scored("C", 0.1, 0.5, 0.4995), scored("D", 0, 1)]
    assert ties(pd.concat(tried)) == (
        "In 1 of 4 cells (environment · structure · algorithm) all settings have the same score, so that tuning could "
        "not tell them apart and the first, the default, counts as best: A · linear · ars. In 3, these included, "
        "another setting lies within 0.001 of the best."
    )


def test_settings_0_002_apart_and_a_lone_setting_are_no_ties() -> None:
    assert ties(pd.concat([scored("A", 0.5, 0.498), scored("B", 0.5)])) == (
        "In none of 2 cells (environment · structure · algorithm) all settings have the same score. In none, another "
        "setting lies within 0.001 of the best."
    )


def test_the_charge_of_a_run_is_steps_over_seeds_and_budget_lowest_and_highest() -> None:
    rows = [("ars", "gradient-free", 3300, 3, 1000), ("ars", "gradient-free", 4500, 3, 500)]
    rows += [("ppo", "policy-gradient", 2000, 2, 1000)]
    tried = pd.DataFrame(rows, columns=["algorithm", "family", "steps", "n", "budget"])
    assert charged(tried).endswith("lowest to highest over all cells: ars 1.10 to 3.00, ppo 1.00 to 1.00.")


def test_tables_read_back_with_their_types(tables: Tables) -> None:
    assert tables.tuning["best_here"].dtype == bool
    assert pd.api.types.is_string_dtype(tables.tuning["settings"])
    assert set(tables.readings["seeds"]) == {"tuning", "fresh"}
