"""A report as one HTML file that asks the network for nothing: style, figures and films are inside.

Jinja2 with autoescape; figures are embedded as images, so nothing in an SVG file can become part of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import jinja2

from harness.files import read_bytes
from harness.report.blocks import Report, as_data, pictures, sources

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report, tables: Path, figures: Path, films: Mapping[str, bytes]) -> bytes:
    """The page.

    Args:
        report: what to say.
        tables: folder of {name}.csv; those that the answer quotes are inside the page.
        figures: folder of {stem}.svg.
        films: WebP bytes by the file stem that the report's reels name.

    Returns:
        UTF-8; equal for equal input.

    Raises:
        FileNotFoundError: a figure that the report names does not exist.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    images = {stem: _embedded(read_bytes(figures / f"{stem}.svg"), "image/svg+xml") for stem in pictures(report)}
    moving = {stem: _embedded(data, "image/webp") for stem, data in films.items()}
    quoted = {name: _embedded(read_bytes(tables / f"{name}.csv"), "text/csv") for name in sources(report)}
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    page = environment.get_template("report.html").render(
        report=as_data(report), images=images, films=moving, quoted=quoted, style=style
    )
    return page.encode("utf-8")


def _embedded(data: bytes, kind: str) -> str:
    """A data URI."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
