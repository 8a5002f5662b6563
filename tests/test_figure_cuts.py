"""Tall figures are cut in gaps, between what belongs together, and the report shows each slice in full width."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from harness import figures
from harness.figures import cuts, style
from harness.figures.load import Tables, load
from tests import synthetic_tables as synthetic

TALL = ("frontier", "headline", "learning_curves", "scores", "targets", "dispersion")


@pytest.fixture
def two() -> Iterator[Figure]:
    """Two panels of 3 inches in 10, the lower under a title, over a legend."""
    figure = plt.figure(figsize=(4.0, 10.0))
    for top in (1.0, 5.0):
        axes = style.axes_at(figure, 1.0, top, 2.0, 3.0)
        axes.set_axis_off()
    figure.text(0.5, 0.53, "lower", va="bottom")
    yield figure
    plt.close(figure)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return load(synthetic.write(tmp_path_factory.mktemp("full"), synthetic.study(seeds=3)))


def test_a_cut_lies_between_a_panel_and_the_title_of_the_next(two: Figure) -> None:
    """The upper panel ends 6 inches above the bottom, the title between 5.3 and 5.5."""
    (place,) = cuts.cuts(two)
    (title,) = (text.get_window_extent() for text in two.texts)
    assert place == pytest.approx((6.0 + title.y1 / two.dpi) / 2.0, abs=1e-6)


def test_what_a_pdf_states_is_a_fraction_from_the_top(two: Figure) -> None:
    (place,) = cuts.cuts(two)
    assert cuts.stated(style.rendered(two)[".pdf"]) == ([pytest.approx(1.0 - place / 10.0, abs=1e-4)], 1.0)


def test_a_legend_below_everything_begins_half_way_to_the_lowest_panel(two: Figure) -> None:
    """The lower panel ends 2 inches above the bottom."""
    style.legend_below(two, [style.handle((0.0, 0.0, 0.0), "o")], ["one"])
    (legend,) = two.legends
    top = legend.get_tightbbox(two.canvas.get_renderer()).y1 / two.dpi  # type: ignore[attr-defined]
    _, begins = cuts.stated(style.rendered(two)[".pdf"])
    assert begins == pytest.approx(1.0 - (top + 2.0) / 20.0, abs=1e-4)


def test_a_figure_that_fits_a_page_states_no_cut() -> None:
    figure = plt.figure(figsize=(4.0, 4.9))
    for top in (0.5, 2.5):
        style.axes_at(figure, 1.0, top, 2.0, 1.0)
    assert len(list(cuts.cuts(figure))) == 1
    assert cuts.stated(style.rendered(figure)[".pdf"]) == ([], 1.0)


@pytest.mark.parametrize("name", TALL)
def test_no_cut_of_a_full_study_crosses_anything(name: str, full: Tables) -> None:
    with style.styled():
        figure = figures.FIGURES[name].draw(full)
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        boxes = [artist.get_tightbbox(renderer) for artist in (*figure.axes, *figure.texts, *figure.legends)]
    found = [place * figure.dpi for place in (*cuts.cuts(figure), cuts.legend(figure))]
    assert found
    assert not any(box.y0 < place < box.y1 for place in found for box in boxes)
    plt.close(figure)
