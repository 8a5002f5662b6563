"""The words of a report: a title and sections, each a list of blocks that HTML and PDF render in their own way.

A report is plain data (`as_json`), computed once; neither renderer computes anything. All strings are text, never
markup: the HTML template escapes them, the Typst template reads them as data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Text:
    """A paragraph, or, if strong, the line above a list."""

    text: str
    strong: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Bullets:
    """A list; each item is a verdict ("", "undetermined" or who is ahead) and a sentence."""

    items: tuple[tuple[str, str], ...]
    kind: str = "bullets"


@dataclass(frozen=True)
class Formula:
    """A displayed formula of the templates, by name: "score", "iqm", "ert"."""

    name: str
    kind: str = "formula"


@dataclass(frozen=True)
class Picture:
    """A figure on disk, {stem}.svg and {stem}.pdf, with how to read it."""

    stem: str
    caption: str
    reading: str
    kind: str = "picture"


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    strong: bool = False
    verdict: str = ""  # a chip before the text
    link: str = ""  # where the text leads, relative to the report
    anchor: str = ""  # by which the cell is found


@dataclass(frozen=True)
class Table:
    """A table; `numeric[c]` aligns column c to the right."""

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: str = "table"


@dataclass(frozen=True)
class Reel:
    """Films of learned policies: (file stem, caption) of those drawn; a PDF shows the captions only."""

    films: tuple[tuple[str, str], ...]
    kind: str = "reel"


@dataclass(frozen=True)
class Code:
    """A command line."""

    text: str
    kind: str = "code"


@dataclass(frozen=True)
class Said:
    """A sentence of the answer and the tables that its numbers stand in, by file name without .csv."""

    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Point:
    """A paragraph of the answer: what stands in bold, and what follows."""

    lead: str
    said: tuple[Said, ...]


Block: TypeAlias = Text | Bullets | Formula | Picture | Table | Reel | Code


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """All that both renderers need."""

    title: str
    question: str
    answer: tuple[Point, ...]  # the first page
    sections: tuple[Section, ...]


def as_json(report: Report) -> str:
    """The report as canonical JSON."""
    return json.dumps(as_data(report), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain dictionaries, for a template, with the tables that the answer quotes."""
    return {**asdict(report), "sources": sources(report)}


def sources(report: Report) -> tuple[str, ...]:
    """The tables that the answer quotes, in the order of their first mention."""
    return tuple(dict.fromkeys(name for point in report.answer for said in point.said for name in said.sources))


def pictures(report: Report) -> tuple[str, ...]:
    """File stems of all figures, in order."""
    return drawn(report.sections)


def drawn(sections: Sequence[Section]) -> tuple[str, ...]:
    """File stems of the figures of sections, in order."""
    return tuple(block.stem for section in sections for block in section.blocks if isinstance(block, Picture))


def plain_table(caption: str, columns: tuple[str, ...], sides: str, rows: Sequence[Sequence[str]]) -> Table:
    """A table of plain text; `sides` says l or r for each column."""
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return Table(caption, columns, tuple(side == "r" for side in sides), cells)
