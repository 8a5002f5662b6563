"""Figures: one file each, tables in, a Matplotlib figure out; `draw_all` writes them as SVG and PDF.

Every figure module has `draw(tables) -> Figure`, a `CAPTION`, and `READING`, the sentences that say how to read it;
`material(tables)` are the rows that it shows, and `EMPTY` says why there may be none.
"""

from __future__ import annotations

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
from harness.figures.style import rendered, styled
from harness.vouched import SUMS, write_all
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
        out_folder: where {name}.svg and {name}.pdf go, one pair for each name of FIGURES, and what vouches for them.
        jobs: workers at most, which change no byte.

    Returns:
        The figures: the same tables give the same bytes.

    Raises:
        FileNotFoundError: a table is missing.
        Unwritable: the disk is full, or the folder cannot be written; what stands stays.
    """
    tables = load(tables_folder)

    def draw(name: str) -> dict[str, bytes]:
        with styled():
            return {f"{name}{suffix}": content for suffix, content in rendered(FIGURES[name].draw(tables)).items()}

    largest_first = sorted(FIGURES, key=lambda name: -len(FIGURES[name].material(tables)))
    drawn = dict(zip(largest_first, each(draw, largest_first, jobs), strict=True))
    contents: dict[str, bytes] = {}
    for name in reversed(FIGURES):  # the headline last: where it is, the others are
        contents |= drawn[name]
    write_all(out_folder, contents, of=[tables_folder / SUMS])
    return tuple(out_folder / name for name in contents)
