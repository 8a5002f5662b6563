"""Tuning: fair by construction, chosen by a rule that was declared, used on fresh seeds."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import small_project

from harness.errors import InputError
from harness.grid import plan
from harness.node import Node
from harness.schema import read
from harness.search import draw_label, drawn_from, draws, search_space
from harness.settings import complete
from harness.spec import load_environments
from harness.statistics.tuning import best, best_everywhere, eligible, floored
from harness.strict_yaml import parse
from harness.study import load_study
from harness.tuned import TunedFile, load_draws, yaml_text

K = 5
TUNING = small_project.STUDY.replace("block: 2\n", f"block: 2\nfirst_seed: 500\ntuning: {{settings: {K}}}\n").replace(
    "step_size: 1, top: 4", "step_size: 1"
)
FAST = {"directions": 16, "top": 0, "episodes": 1, "step_size": 1.0, "noise": 0.1, "normalise": False, "shift": 0.0}
ARS = {**FAST, "step_size": 0.1}


@pytest.fixture(autouse=True)
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_project.add_program(tmp_path, monkeypatch)


def tuned_text(**changes: object) -> str:
    """A file of tuned settings for the small project, its labels `fast` and `ars` with a linear policy."""
    facts = {
        "study": "trial",
        "tried": K,
        "first_seed": 500,
        "seeds": 3,
        "score": "area",
        "draws": sha256(b"").hexdigest(),
        "provenance": [],
    }
    won = {"policy": "linear", "plugin": "ars", "score": 0.5, "steps": 10}

    def winner(names: list[str], label: str, settings: dict[str, object], draw: int) -> dict[str, object]:
        return {"environments": names, **won, "algorithm": label, "draw": draw, "settings": settings}

    each = [
        winner([name], label, {**settings, "noise": noise}, 1)
        for name, noise in (("Pole", 0.2), ("Swing", 0.4))
        for label, settings in (("fast", FAST), ("ars", ARS))
    ]
    one = [winner(["Pole", "Swing"], label, settings, 2) for label, settings in (("fast", FAST), ("ars", ARS))]
    return yaml_text({**facts, **changes}, {"each": each, "one": one})


def using(folder: Path, tuned: str, text: str | None = None, study: str = "") -> Path:
    """The small project, linear policies only, with tuned settings."""
    file = small_project.STUDY.replace("block: 2\n", f"block: 2\ntuned: {tuned}\n").replace(
        "[linear, wide]", "[linear]"
    )
    small_project.write(folder, (study or file).replace("step_size: 1, top: 4", "step_size: 1"))
    (folder / "tuned").mkdir(exist_ok=True)
    (folder / "tuned" / "trial.yaml").write_text(text or tuned_text(), encoding="utf-8")
    (folder / "tuned" / "trial.csv").touch()
    return folder


def test_draws_are_the_same_in_every_environment_and_with_every_policy(tmp_path: Path) -> None:
    found: dict[str, list[object]] = {}
    for planned in small_project.planned(small_project.write(tmp_path, TUNING)):
        found.setdefault(planned.cell.algorithm.label, []).append(dict(planned.cell.algorithm.settings))
    assert len(found) == 2 * K
    for settings in found.values():
        assert len(settings) == 4
        assert all(one == settings[0] for one in settings)


def test_every_algorithm_has_the_same_number_of_settings_seeds_and_steps(tmp_path: Path) -> None:
    cells = small_project.planned(small_project.write(tmp_path, TUNING))
    for environment, budget in (("Pole", 20000), ("Swing", 30000)):
        for policy in ("linear", "wide"):
            for algorithm in ("fast", "ars"):
                mine = [
                    one
                    for one in cells
                    if one.cell.labels[:2] == (environment, policy)
                    and drawn_from(one.cell.algorithm.label)[0] == algorithm
                ]
                assert len(mine) == K
                assert {one.cell.budget for one in mine} == {budget}
                assert {one.seeds for one in mine} == {range(500, 503)}


def test_draw_zero_is_the_default(tmp_path: Path) -> None:
    default = complete("algorithms", "ars", Node(None, ""))
    cells = small_project.planned(small_project.write(tmp_path, TUNING))
    firsts = {one.cell.algorithm.label: one.cell.algorithm.settings for one in cells}
    assert firsts["ars.draw-000"] == default
    assert firsts["fast.draw-000"] == {**default, "step_size": 1.0}


def test_what_a_label_gives_is_fixed_and_everything_else_is_drawn(tmp_path: Path) -> None:
    cells = small_project.planned(small_project.write(tmp_path, TUNING))
    fast = [one.cell.algorithm.settings for one in cells if one.cell.algorithm.label.startswith("fast")]
    assert {settings["step_size"] for settings in fast} == {1.0}
    assert len({settings["noise"] for settings in fast}) == K


def test_more_settings_begin_with_the_same_draws() -> None:
    assert draws("ars", "mine", (), 9)[:4] == draws("ars", "mine", (), 4)
    assert draws("ars", "mine", (), 4) != draws("ars", "other", (), 4)


def test_a_label_of_a_draw_reads_back() -> None:
    assert drawn_from(draw_label("ars-v1.x", 7)) == ("ars-v1.x", 7)
    assert draw_label("ars", 7) < draw_label("ars", 10) < draw_label("ars", 100)


def test_a_label_that_leaves_nothing_to_search_is_refused(tmp_path: Path) -> None:
    everything = ", ".join(f"{name}: 1" for name in search_space_of_ars())
    study = TUNING.replace("settings: {step_size: 1}", f"settings: {{{everything}}}")
    with pytest.raises(InputError, match="nothing of fast can be searched"):
        small_project.planned(small_project.write(tmp_path, study))


def search_space_of_ars() -> list[str]:
    from harness.plugins import load

    return list(search_space(load("algorithms", "ars")))


def test_a_draw_that_contradicts_what_the_label_gives_is_refused_before_anything_runs(tmp_path: Path) -> None:
    study = TUNING.replace("settings: {step_size: 1}", "settings: {step_size: 1, top: 8}")
    with pytest.raises(InputError, match="top must be at most"):
        small_project.planned(small_project.write(tmp_path, study.replace(f"settings: {K}", "settings: 30")))


def test_the_winner_is_the_highest_score_and_of_equal_ones_the_lowest_draw() -> None:
    assert best(np.array([0.1, 0.7, 0.3, 0.7])) == 1
    assert best(np.array([0.5, 0.5, 0.5])) == 0


def test_one_setting_for_all_has_the_highest_mean_and_need_not_win_anywhere() -> None:
    scores = np.array([[0.9, 0.6, 0.0], [0.0, 0.6, 0.9]])  # [E, K]
    assert [best(row) for row in scores] == [0, 2]
    assert best_everywhere(scores) == 1
    assert best_everywhere(np.array([[0.5, 0.25], [0.25, 0.5]])) == 0


def test_a_setting_that_never_comes_to_a_second_turn_is_chosen_only_where_none_does() -> None:
    scores, turns = np.array([0.2, 0.9, 0.5]), np.array([3.0, 1.0, 2.0])
    assert best(eligible(scores, turns)) == 2
    assert best(eligible(scores, np.ones(3))) == 1
    everywhere = np.stack([eligible(scores, turns), np.array([0.1, 0.9, 0.8])])
    assert best_everywhere(everywhere) == 2
    assert best_everywhere(np.stack([everywhere[0], eligible(scores, turns[[1, 0, 1]])])) == 0


def test_a_run_counts_no_worse_than_minus_one() -> None:
    np.testing.assert_array_equal(floored(np.array([-1e9, -1.0, -0.5, 2.0])), [-1.0, -1.0, -0.5, 2.0])


def test_each_label_runs_with_the_best_setting_of_its_environment(tmp_path: Path) -> None:
    cells = {one.cell.labels: one.cell for one in small_project.planned(using(tmp_path, "{study: trial}"))}
    assert set(cells) == {(name, "linear", label) for name in ("Pole", "Swing") for label in ("fast", "ars")}
    assert cells["Pole", "linear", "ars"].algorithm.settings["noise"] == 0.2
    assert cells["Swing", "linear", "ars"].algorithm.settings["noise"] == 0.4
    assert cells["Swing", "linear", "fast"].algorithm.settings["directions"] == 16


def test_one_setting_for_all_stands_beside_it_under_its_own_label(tmp_path: Path) -> None:
    planned = small_project.planned(using(tmp_path, "{study: trial, readings: [each, one]}"))
    cells = {one.cell.labels: one.cell for one in planned}
    assert len(cells) == 8
    noises = {cells[name, "linear", "ars.one"].algorithm.settings["noise"] for name in ("Pole", "Swing")}
    assert noises == {0.1}


def test_where_the_best_setting_is_the_one_for_all_it_runs_once(tmp_path: Path) -> None:
    text = tuned_text().replace('"noise": 0.2', '"noise": 0.1')  # in Pole
    cells = small_project.planned(using(tmp_path, "{study: trial, readings: [each, one]}", text))
    labels = [one.cell.labels for one in cells]
    assert [label for label in labels if label[2].endswith(".one")] == [
        ("Swing", "linear", "fast.one"),
        ("Swing", "linear", "ars.one"),
    ]
    assert len(labels) == 6


def test_tuning_seeds_never_meet_the_seeds_of_a_study_that_uses_them(tmp_path: Path) -> None:
    small_project.planned(using(tmp_path, "{study: trial}", tuned_text(first_seed=3)))  # 0, 1, 2 and 3, 4, 5
    for first in (0, 2):
        with pytest.raises(InputError, match="seed 2 was used for tuning" if first else "seed 0 was used for tuning"):
            small_project.planned(using(tmp_path, "{study: trial}", tuned_text(first_seed=first)))


def test_what_was_not_tuned_is_refused(tmp_path: Path) -> None:
    study = small_project.STUDY.replace("block: 2\n", "block: 2\ntuned: {study: trial}\n")
    with pytest.raises(InputError, match="fast with wide in Pole was not tuned"):
        small_project.planned(using(tmp_path, "", study=study))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("algorithm: openai_es, settings: {}", "that was ars"),
        ("algorithm: ars, settings: {step_size: 1, normalise: true}", "that differed in normalise"),
        ("algorithm: ars, settings: {step_size: 2}", "that differed in step_size"),
    ],
)
def test_a_label_that_was_something_else_is_refused(tmp_path: Path, settings: str, words: str) -> None:
    folder = using(tmp_path, "{study: trial}")
    path = folder / "studies" / "mine.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("algorithm: ars, settings: {step_size: 1}", settings), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        small_project.planned(folder)


def test_without_the_file_a_study_says_how_to_make_it(tmp_path: Path) -> None:
    folder = using(tmp_path, "{study: trial}")
    (folder / "tuned" / "trial.yaml").unlink()
    with pytest.raises(InputError, match=r"snakemake --cores 8 tune --config study=trial"):
        load_study(folder, "mine")


def test_a_study_cannot_tune_what_is_tuned(tmp_path: Path) -> None:
    study = TUNING.replace("block: 2\n", "block: 2\ntuned: {study: trial}\n")
    with pytest.raises(InputError, match="cannot use tuned settings itself"):
        plan(load_study(using(tmp_path, "", study=study), "mine"), load_environments(tmp_path))


def test_a_file_of_tuned_settings_reads_back_as_it_was_written() -> None:
    file = read(parse(tuned_text(), "tuned/trial.yaml"), TunedFile)
    assert [won.algorithm for won in file.each] == ["fast", "ars", "fast", "ars"]
    assert complete("algorithms", "ars", file.one[0].settings) == {
        **complete("algorithms", "ars", Node(None, "")),
        **FAST,
    }


def test_draws_that_are_not_those_of_the_file_are_refused(tmp_path: Path) -> None:
    file = read(parse(tuned_text(draws="0" * 64), "tuned/trial.yaml"), TunedFile)
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "trial.csv").write_text("environment\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"not what tuned/trial\.yaml was made from"):
        load_draws(tmp_path, file)


def test_a_study_whose_tuned_settings_have_lost_their_draws_is_refused_before_it_runs(tmp_path: Path) -> None:
    folder = using(tmp_path, "{study: trial}")
    for spoil in (lambda path: path.write_text("altered"), Path.unlink):
        spoil(folder / "tuned" / "trial.csv")
        with pytest.raises(InputError, match=r"^tuned/trial\.csv: is lost or not what"):
            load_study(folder, "mine")
