"""Where a tall figure may be cut, so that a page shows a part of it in full width and not all of it in small print.

A PDF figure carries its cuts as keywords: fractions of its height from the top, each in a gap that no axes, label,
title or legend crosses. A title of the figure belongs to what is below it, a legend to what is above; where the legend
begins that stands below everything is said too, so that every part can have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from matplotlib.figure import Figure

TALL = 1.24  # height over width of what fills a page of the report
SMALLEST = 0.04  # inches: a narrower gap is none
KEYWORDS = re.compile(rb"/Keywords \(cut at((?: 0\.\d{4})+) legend from ([01]\.\d{4})\)")


class Cuts(NamedTuple):
    """Fractions of the height of a figure, from the top."""

    cuts: list[float]
    legend: float  # where it begins; 1 if there is none below everything


def keywords(figure: Figure) -> str | None:
    """What a PDF says of the cuts of a figure that is laid out; None for one that fits a page or cannot be cut."""
    width, height = figure.get_size_inches()
    found = list(cuts(figure)) if height > TALL * width else []
    at = " ".join(f"{1.0 - place / height:.4f}" for place in found)
    return f"cut at {at} legend from {1.0 - legend(figure) / height:.4f}" if found else None


def stated(pdf: bytes) -> Cuts:
    """The cuts that a PDF states; none if it says nothing."""
    found = KEYWORDS.search(pdf)
    return Cuts([float(word) for word in found[1].split()], float(found[2])) if found else Cuts([], 1.0)


def legend(figure: Figure) -> float:
    """Inches above the bottom of the middle of the gap over the legend that is below all else; 0 if there is none."""
    top = max((_extent(figure, one)[1] for one in figure.legends), default=0.0)
    lowest = min((_extent(figure, one)[0] for one in (*figure.axes, *figure.texts)), default=0.0)
    return (top + lowest) / 2.0 if 0.0 < top <= lowest else 0.0


def cuts(figure: Figure) -> Iterator[float]:
    """Inches above the bottom of the middle of each gap, from the top of the figure downwards."""
    spans = sorted(_spans(figure), key=lambda span: -span[1])
    lowest = spans[0][0] if spans else 0.0
    for bottom, top in spans[1:]:
        if top < lowest - SMALLEST:
            yield (top + lowest) / 2.0
        lowest = min(lowest, bottom)


def _spans(figure: Figure) -> Iterable[tuple[float, float]]:
    """From where to where everything in the figure reaches, in inches above the bottom."""
    panels = [_extent(figure, axes) for axes in figure.axes]
    titles = [_extent(figure, text) for text in figure.texts]
    legends = [_extent(figure, legend) for legend in figure.legends]
    yield from panels
    for bottom, top in titles:
        yield max([high for _, high in panels if high <= bottom], default=bottom), top
    for bottom, top in legends:
        yield bottom, min([low for low, _ in panels if low >= top], default=top)


def _extent(figure: Figure, artist: object) -> tuple[float, float]:
    """Bottom and top of one thing with all that hangs on it."""
    box = artist.get_tightbbox(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return box.y0 / figure.dpi, box.y1 / figure.dpi
