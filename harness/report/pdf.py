"""A report as a PDF, typeset by the Typst compiler that its Python wheel carries (no LaTeX, no system fonts).

The template reads the report as JSON: names are data to it, never markup, so nothing needs escaping.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import typst

from harness.report.blocks import Report, as_json, pictures

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


def render(report: Report, figures: Path) -> bytes:
    """The PDF.

    Args:
        report: what to say.
        figures: folder of {stem}.pdf.

    Returns:
        The file; equal for equal input: it carries no date.

    Raises:
        FileNotFoundError: a figure that the report names does not exist.
        typst.TypstError: the template is at fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        for stem in pictures(report):
            shutil.copyfile(figures / f"{stem}.pdf", desk / f"{stem}.pdf")
        (desk / "report.json").write_text(as_json(report), encoding="utf-8")
        shutil.copyfile(TEMPLATE, desk / "report.typ")
        return bytes(typst.compile(desk / "report.typ", root=desk, ignore_system_fonts=True, timestamp=0))
