"""One look for every figure: sizes, colours, markers, and a way to save that gives the same bytes every time.

Colours: gradient-free methods are orange, policy gradients blue, probes grey: colour-blind readers can tell them apart.
Figures are as wide as the text of a page, so that letters keep their size, and most lay out their panels in inches by
hand, which is faster than a solver. Names come from YAML files: mathematics in text is switched off, so that `$`, `_`
and `<` are only characters.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from harness.figures.cuts import keywords
from harness.files import write_together

Colour: TypeAlias = tuple[float, float, float]

FAMILIES = ("gradient-free", "policy-gradient", "probe")
FAMILY_COLOURS: dict[str, Colour] = {
    "gradient-free": (0.80, 0.33, 0.05),
    "policy-gradient": (0.10, 0.38, 0.66),
    "probe": (0.42, 0.42, 0.42),
}
WIDTH = 6.6  # inches: the text width of the page
LEGEND = 0.42  # inches kept free below the panels
MARKERS = ("o", "s", "^", "D", "v", "h", "P", "X", "<", ">", "p", "*")
PATH_DATA = re.compile(rb' d="[^"]*"')
DECIMALS = re.compile(rb"(\.\d\d)\d+")
INK = "0.25"
QUIET = "0.45"
FAINT = "0.65"
FAINT_COLOUR: Colour = (0.65, 0.65, 0.65)

STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "structure-versus-data",
    "pdf.fonttype": 42,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.edgecolor": "0.6",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.92",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def styled() -> Iterator[None]:
    """The look of the house while drawing and saving; figures left open by the body are the caller's to save."""
    with plt.rc_context({**sns.axes_style("ticks"), **STYLE}):
        yield


def sorted_families(families: pd.Series) -> list[str]:
    """The families present, in the order of the house, unknown ones last."""
    present = {str(family) for family in families.dropna()}
    return [name for name in FAMILIES if name in present] + sorted(present - set(FAMILIES))


def family_colour(family: str) -> Colour:
    """The one colour of a family."""
    return FAMILY_COLOURS.get(family, FAMILY_COLOURS["probe"])


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the upper left corner of the figure."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, 1.0 - (top + height) / high, width / wide, height / high))


def handle(colour: Colour, marker: str, *, joined: bool = True) -> Line2D:
    """A legend entry."""
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        linestyle="-" if joined else "",
        markersize=4.5,
        markeredgecolor="white",
        markeredgewidth=0.4,
        linewidth=1.4,
    )


def legend_below(figure: Figure, handles: Sequence[Artist], names: Sequence[str], columns: int = 5) -> None:
    """A legend under the panels. Names are set afterwards: Matplotlib drops labels that begin with an underscore."""
    if not handles:
        return
    legend = figure.legend(
        list(handles),
        ["."] * len(handles),
        loc="outside lower center" if figure.get_layout_engine() else "lower center",
        ncols=min(columns, len(handles)),
        handletextpad=0.5,
        columnspacing=1.4,
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)


def short(number: float, _position: int | None = None) -> str:
    """A number for an axis: 1500 -> 1.5k, 2000000 -> 2M, nothing where there is no number."""
    if not math.isfinite(number):
        return ""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= limit:
            return f"{number / limit:.4g}{letter}"
    return f"{number:.4g}"


def short_axis(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Short numbers and no minor ticks on the axes named: mathematics is switched off."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_major_formatter(FuncFormatter(short))
            axis.set_minor_locator(NullLocator())


def log_axis(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Short numbers on logarithmic axes whose limits are set, with as many ticks as their length allows."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            low, high = sorted(axis.get_view_interval())
            decades = math.log10(high / low)
            subs = (1.0, 2.0, 5.0) if decades < 1.2 else (1.0, 3.0) if decades < 2.2 else (1.0,)
            axis.set_major_locator(LogLocator(subs=subs, numticks=12 if decades < 2.2 else 6))
    short_axis(axes, x=x, y=y)


def shortened(name: str, letters: int) -> str:
    """A name of at most so many letters, cut in the middle."""
    if len(name) <= letters:
        return name
    half = (letters - 1) // 2
    return f"{name[: letters - 1 - half]}…{name[len(name) - half :]}"


def note(axes: Axes, text: str) -> None:
    """A quiet sentence in the middle of a panel that has nothing to show."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=8)


def nothing(text: str) -> Figure:
    """The figure that says why there is no figure."""
    figure, axes = plt.subplots(figsize=(7.0, 1.2), layout="constrained")
    axes.set_axis_off()
    note(axes, text)
    return figure


def _rounded(path_data: re.Match[bytes]) -> bytes:
    """Path coordinates to a hundredth of a point: half the bytes, the same picture."""
    return DECIMALS.sub(rb"\1", path_data.group())


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write {stem}.svg and {stem}.pdf.

    Raises:
        Unwritable: the disk is full, or the folder cannot be written; what stands stays.
    """
    contents = {f"{stem.name}{suffix}": content for suffix, content in rendered(figure).items()}
    write_together(stem.parent, contents)
    pdf, svg = (stem.parent / name for name in contents)
    return svg, pdf


def rendered(figure: Figure) -> dict[str, bytes]:
    """A figure as .pdf and .svg; same figure, same bytes. The figure is closed."""
    with plt.rc_context(STYLE):
        if figure.get_layout_engine():
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # laid out once, saved twice
        where = keywords(figure)
        dateless: dict[str, dict[str, str | None]] = {
            ".svg": {"Date": None, "Creator": None},
            ".pdf": {"CreationDate": None, "Creator": None, "Producer": None} | ({"Keywords": where} if where else {}),
        }
        drawn = {suffix: io.BytesIO() for suffix in dateless}
        for suffix, buffer in drawn.items():
            figure.savefig(buffer, format=suffix[1:], metadata=dateless[suffix])
    plt.close(figure)
    return {".pdf": drawn[".pdf"].getvalue(), ".svg": PATH_DATA.sub(_rounded, drawn[".svg"].getvalue())}
