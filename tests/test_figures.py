"""Figures: bytes, names and bad data. All tables here are synthetic."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic

from harness import figures
from harness.figures import learning_curves, order, panels, phase, problems, rows, scaling, style
from harness.figures.load import Tables, anchors, load, read

SMALL = {
    "algorithms": {"ars": "gradient-free", "ppo": "policy-gradient", "exact": "probe"},
    "environments": ("CartPole-v1", "LQR"),
    "policies": ("linear", "mlp-64-64"),
    "seeds": 4,
}
TINY = {**SMALL, "environments": ("LQR",)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("tables"), synthetic.study(**TINY))


def drawn(name: str, tables: Tables, folder: Path) -> bytes:
    with style.styled():
        svg, pdf = style.save(figures.FIGURES[name].draw(tables), folder / name)
    assert pdf.read_bytes().startswith(b"%PDF")
    return svg.read_bytes()


def test_same_tables_give_the_same_bytes_without_dates_whatever_the_workers(small: Path, tmp_path: Path) -> None:
    first, second = figures.draw_all(small, tmp_path / "a"), figures.draw_all(small, tmp_path / "b", jobs=2)
    expected = sorted(f"{name}.{kind}" for name in figures.FIGURES for kind in ("svg", "pdf"))
    assert sorted(path.name for path in first) == expected
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted([*expected, "checksums.json"])
    for one, other in zip(first, second, strict=True):
        data = one.read_bytes()
        assert data == other.read_bytes(), one.name
        assert b"CreationDate" not in data and b"<dc:date>" not in data


@pytest.mark.parametrize("name", figures.FIGURES)
def test_empty_tables_give_a_sentence_instead_of_a_figure(name: str, tmp_path: Path) -> None:
    with style.styled():
        figure = figures.FIGURES[name].draw(load(synthetic.write(tmp_path, {})))
    (axes,) = figure.axes
    assert len(axes.texts) == 1 and not axes.axison
    plt.close(figure)


def test_lines_that_the_runs_leave_open_are_not_drawn() -> None:
    ends = [(0.5, 0.4, 0.6), (-0.01, -np.inf, np.inf), (0.5, np.nan, np.nan), (np.nan, np.nan, np.nan)]
    table = pd.DataFrame(ends, columns=["exponent", "exponent_low", "exponent_high"])
    assert list(scaling.determined(table).index) == [0]


def test_marks_of_a_kind_whose_policies_have_labels_are_those_of_its_sizes() -> None:
    group = {"environment": ["E"], "policy_kind": ["mlp"], "algorithm": ["ars"], "lowest": [226.0], "highest": [4610.0]}
    cells = {"environment": "E", "algorithm": "ars", "family": "probe", "policy": ["linear", "network", "deep"]}
    cells |= {"parameters": [8.0, 226.0, 4610.0], "mean": 10.0, "crossed": 1.0, "n": 1.0}
    figure, axes = plt.subplots()
    scaling._marks(axes, pd.DataFrame(cells), pd.DataFrame(group))
    assert [line.get_xdata()[0] for line in axes.lines] == [226.0, 4610.0]
    plt.close(figure)


def test_cells_of_a_sweep_differ_in_one_thing_alone() -> None:
    places = [(16, 5, 2), (16, 10, 2), (16, 20, 2), (4, 20, 2), (32, 20, 2), (16, 20, 1), (16, 40, 4)]
    cells = pd.DataFrame(places, columns=list(problems.MOVING))
    assert sorted(problems.alone(cells, "episode_horizon")["episode_horizon"]) == [5, 10, 20]
    assert sorted(problems.alone(cells, "parameters")["parameters"]) == [4, 16, 32]
    assert sorted(problems.alone(cells, "actions")["actions"]) == [1, 2]
    assert problems.alone(cells.iloc[:1], "actions").empty


def test_times_fewer_steps_are_a_bound_where_the_other_family_did_not_get_there() -> None:
    assert phase._times({"free_steps": 2000.0, "gradient_steps": 500.0, "horizon": 1e5}) == "4×"
    assert phase._times({"free_steps": 1e5, "gradient_steps": 500.0, "horizon": 1e5}) == ">200×"
    assert phase._times({"free_steps": float("nan"), "gradient_steps": 500.0, "horizon": 1e5}) == "–"


@pytest.mark.parametrize("mean", [0.0, float("nan")], ids=["solved at the start", "no steps"])
@pytest.mark.parametrize("name", ["sweeps", "phase", "scaling"])
def test_steps_that_a_logarithm_cannot_show_are_said(name: str, mean: float, tmp_path: Path) -> None:
    tables = synthetic.study(**TINY)
    tables["restricted"][["mean", "mean_low", "mean_high"]] = mean
    drawn(name, load(synthetic.write(tmp_path, tables)), tmp_path)


def test_no_reading_depends_on_the_lightness_of_the_page() -> None:
    """A dark page turns the lightness of a figure round."""
    for name, figure in figures.FIGURES.items():
        assert not re.search(r"\b(dark|light|pale|deep|black|white)", figure.READING.lower()), name


@pytest.mark.parametrize("name", figures.FIGURES)
@pytest.mark.parametrize("case", ["one seed", "nobody learns", "all missing", "all nan", "one cell", "astronomical"])
def test_bad_data_are_drawn(case: str, name: str, tmp_path: Path) -> None:
    with style.styled():
        figure = figures.FIGURES[name].draw(load(synthetic.write(tmp_path, bad(case))))
        figure.draw_without_rendering()
    plt.close(figure)


def bad(case: str) -> dict[str, pd.DataFrame]:
    if case == "one seed":
        return synthetic.study(**{**TINY, "seeds": 1})
    if case == "nobody learns":  # every ERT is infinite
        return synthetic.study(**TINY, skill=0.0)
    if case == "one cell":
        return synthetic.study(2, {"ars": "gradient-free"}, ("LQR",), ("linear",))
    tables = synthetic.study(**TINY)
    if case == "all missing":
        tables["runs"]["status"] = "missing"
        return {"runs": tables["runs"]}
    for table in tables.values():
        words = ("iqm", "low", "high", "score", "normalised", "ert", "share", "area")
        columns = [
            name for name in table.columns if any(word in name for word in words) and name != "normalised_target"
        ]
        numeric = table[columns].select_dtypes("number").columns
        table[numeric] = np.nan if case == "all nan" else table[numeric] * -1e12
    return tables


HOSTILE = ("$x_{$", "<script>alert(1)</script>", "_hidden", "a^b\\frac&", "=HYPERLINK(1)")


@pytest.mark.parametrize("name", figures.FIGURES)
def test_hostile_names_are_inert(name: str, tmp_path: Path) -> None:
    tables = synthetic.study(**TINY)
    renamed = dict(zip(["ars", "ppo", "exact", "LQR", "linear"], HOSTILE, strict=True))
    frames = {key: frame.replace(renamed) for key, frame in tables.items()}
    svg = drawn(name, load(synthetic.write(tmp_path, frames)), tmp_path)
    assert b"<script" not in svg and b"<text" not in svg


def test_panel_names_the_best_method_of_each_family_even_with_an_underscore_first(tmp_path: Path) -> None:
    tables = {key: frame.replace({"ars": "_ars"}) for key, frame in synthetic.study(**SMALL).items()}
    with style.styled():
        figure = learning_curves.draw(load(synthetic.write(tmp_path, tables)))
    assert len(figure.axes) == 4
    for axes in figure.axes:
        assert {"_ars", "ppo"} <= {text.get_text() for text in axes.texts}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "best gradient-free (named)",
        "other gradient-free",
        "best policy-gradient (named)",
        "other policy-gradient",
        "probe",
        "reference",
        "random",
    ]
    plt.close(figure)


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("algorithm,iqm,ert,solved\nnan,1.5,inf,True\n1e3,,2,False\n")
    table = read(tmp_path / "t.csv")
    assert table["algorithm"].tolist() == ["nan", "1e3"]
    assert table["ert"].tolist() == [np.inf, 2.0] and np.isnan(table["iqm"][1])
    assert table["solved"].tolist() == [True, False]


def test_anchors_are_read_off_the_ladder_by_hand() -> None:
    ladder = pd.DataFrame(
        {
            "environment": "e",
            "target": [-80.0, -50.0, -20.0],
            "normalised_target": [0.2, 0.5, 0.8],
            "solved": [False, False, True],
        }
    )
    assert anchors(ladder)["e"] == pytest.approx((-100.0, 0.0, -20.0))


def test_only_the_gradient_free_family_is_warm() -> None:
    colours = {family: style.family_colour(family) for family in style.FAMILIES}
    assert len(set(colours.values())) == 3
    assert [family for family, (red, _, blue) in colours.items() if red > blue + 0.2] == ["gradient-free"]


def test_structures_of_a_study_differ_in_colour_and_marker() -> None:
    look = rows.policy_looks(pd.DataFrame({"policy": list("abcdef"), "parameters": 1.0}))
    assert len({colour for colour, _ in look.values()}) == len({marker for _, marker in look.values()}) == 6


def test_panels_fill_strips_as_wide_as_the_environment_with_the_most_structures() -> None:
    counts = {"A": 3, "B": 5, "C": 1, "D": 3}
    cells = pd.DataFrame(
        [{"environment": e, "policy": f"p{i}", "parameters": i} for e, number in counts.items() for i in range(number)]
    )
    strips = [[(environment, len(policies)) for environment, policies in strip] for strip in panels.packed(cells)]
    assert strips == [[("B", 5)], [("A", 3), ("C", 1)], [("D", 3)]]


def test_the_structures_of_an_environment_go_on_in_the_next_strip_with_room() -> None:
    """Eight go on below, beside those of an environment that fits there; the other's last two find no room before."""
    counts = {"A": 8, "B": 8, "C": 4, "D": 2}
    cells = pd.DataFrame(
        [{"environment": e, "policy": f"p{i}", "parameters": i} for e, number in counts.items() for i in range(number)]
    )
    strips = [[(environment, len(policies)) for environment, policies in strip] for strip in panels.packed(cells)]
    assert strips == [[("A", 6)], [("A", 2), ("C", 4)], [("B", 6)], [("B", 2), ("D", 2)]]


def test_structures_of_a_row_lie_around_its_middle() -> None:
    cells = pd.DataFrame(
        {
            "environment": "e",
            "policy": ["program", "linear", "network", "linear"],
            "parameters": 2.0,
            "algorithm": ["ars", "ars", "ars", "ppo"],
            "family": ["gradient-free"] * 3 + ["policy-gradient"],
        }
    )
    with style.styled():
        figure, (panel,) = rows.by_algorithm(cells)
    ticks = dict(
        zip((label.get_text() for label in panel.axes.get_yticklabels()), panel.axes.get_yticks(), strict=True)
    )
    assert ticks["ars"] == pytest.approx(panel.place["ars", "linear"]) and ticks["ppo"] == panel.place["ppo", "linear"]
    assert panel.place["ars", "network"] - ticks["ars"] == pytest.approx(rows.PITCH)
    assert panel.place["ars", "program"] - ticks["ars"] == pytest.approx(-rows.PITCH)
    plt.close(figure)


@pytest.mark.parametrize(("number", "text"), [(1500.0, "1.5k"), (2e6, "2M"), (0.0, "0"), (-1e3, "-1k"), (np.inf, "")])
def test_short_numbers_by_hand(number: float, text: str) -> None:
    assert style.short(number) == text


def test_curve_keeps_only_its_corners() -> None:
    rows = pd.DataFrame({"steps": [0.0, 1.0, 2.0, 3.0, 4.0], "iqm": [0.0, 0.0, 5.0, 5.0, 5.0]})
    rows[["low", "high", "band_low", "band_high"]] = np.nan
    assert learning_curves._corners(rows)["steps"].tolist() == [0.0, 2.0, 4.0]


def test_headline_takes_the_higher_score_then_the_lower_ert() -> None:
    cells = pd.DataFrame(
        {
            "environment": "e",
            "policy": "p",
            "family": "gradient-free",
            "algorithm": ["a", "b", "c"],
            "parameters": 4.0,
            "normalised_iqm": [0.9, 0.9, 0.8],
            "ert": [np.inf, 700.0, 10.0],
        }
    )
    assert order.best_cells(cells, order.BY_SCORE)["algorithm"].tolist() == ["b"]
    assert order.best_cells(cells, order.BY_STEPS)["algorithm"].tolist() == ["c"]


def test_policies_stand_from_much_structure_to_none_and_unknown_ones_by_their_parameters() -> None:
    sizes = {"network": 226.0, "subspace-8": 8.0, "x": 7.0, "linear": 3.0, "subspace-2": 2.0, "a": 9.0, "program": 5.0}
    cells = pd.DataFrame({"policy": list(sizes), "parameters": list(sizes.values())})
    assert order.policy_order(cells) == ["program", "linear", "subspace-2", "subspace-8", "network", "x", "a"]


def test_labels_of_the_full_study_do_not_overlap(tmp_path: Path) -> None:
    tables = load(synthetic.write(tmp_path, synthetic.study(seeds=3)))
    with style.styled():
        figure = figures.FIGURES["scores"].draw(tables)
        figure.draw_without_rendering()
    labels = [label.get_window_extent() for axes in figure.axes for label in axes.get_yticklabels()]
    titles = [axes._left_title.get_window_extent() for axes in figure.axes]
    for boxes in (labels, titles):
        assert len(boxes) > 1
        assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    plt.close(figure)


@pytest.mark.parametrize("name", ["learning_curves", "targets"])
def test_words_over_panels_of_the_full_study_do_not_overlap_nor_leave_the_figure(name: str, tmp_path: Path) -> None:
    tables = load(synthetic.write(tmp_path, synthetic.study(seeds=3)))
    with style.styled():
        figure = figures.FIGURES[name].draw(tables)
        figure.draw_without_rendering()
    words = [text.get_window_extent() for axes in figure.axes for text in axes.texts if text.get_text()]
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        words += [label.get_window_extent() for place, label in ticks if low <= place <= high]
    assert not any(one.overlaps(other) for i, one in enumerate(words) for other in words[:i])
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in words)
    plt.close(figure)


def test_svg_coordinates_have_at_most_two_decimals(small: Path, tmp_path: Path) -> None:
    svg = drawn("headline", load(small), tmp_path)
    assert not re.search(rb' d="[^"]*\.\d{3}', svg)
