"""Figures: one file each, tables in, a Matplotlib figure out; `draw_all` writes them as SVG and PDF.

Every figure module has `draw(tables) -> Figure`, a `CAPTION`, and `READING`, the sentences that say how to read it;
`material(tables)` are the rows that it shows, and `EMPTY` says why there may be none.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from types import ModuleType

from harness.figures import (
    completeness,
    dimension,
    dispersion,
    exchange,
    frontier,
    headline,
    laboratory,
    laws,
    learning_curves,
    phase,
    profiles,
    scaling,
    scores,
    settings,
    sweeps,
    targets,
    tuning,
)
from harness.figures.load import load
from harness.figures.style import save, styled
from harness.workers import each

FIGURES: dict[str, ModuleType] = {
    "headline": headline,
    "frontier": frontier,
    "exchange": exchange,
    "learning_curves": learning_curves,
    "scores": scores,
    "targets": targets,
    "profiles": profiles,
    "dispersion": dispersion,
    "dimension": dimension,
    "scaling": scaling,
    "sweeps": sweeps,
    "phase": phase,
    "laboratory": laboratory,
    "laws": laws,
    "tuning": tuning,
    "settings": settings,
    "completeness": completeness,
}


def draw_all(tables_folder: Path, out_folder: Path, jobs: int = 1) -> tuple[Path, ...]:
    """Draw every figure of a study.

    Args:
        tables_folder: results/tables/{study}, the files of docs/tables.md.
        out_folder: where {name}.svg and {name}.pdf go, one pair for each name of FIGURES.
        jobs: workers at most, which change no byte.

    Returns:
        The files written: the same tables give the same bytes.

    Raises:
        FileNotFoundError: a table is missing.
    """
    tables = load(tables_folder)

    def draw(name: str) -> tuple[Path, Path]:
        with styled():
            return save(FIGURES[name].draw(tables), out_folder / name)

    largest_first = sorted(FIGURES, key=lambda name: -len(FIGURES[name].material(tables)))
    return tuple(chain.from_iterable(each(draw, largest_first, jobs)))
