"""A report as a PDF, typeset by the Typst compiler that its Python wheel carries (no LaTeX, no system fonts).

The template reads the report as JSON: names are data to it, never markup, so nothing needs escaping.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import typst

from harness.figures.cuts import stated
from harness.files import named
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
        Unwritable: there is no room for what the compiler reads.
        typst.TypstError: the template is at fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        pdfs = {f"{stem}.pdf": (figures / f"{stem}.pdf").read_bytes() for stem in pictures(report)}
        cuts = json.dumps({name: stated(pdf)._asdict() for name, pdf in pdfs.items()})
        words = {
            "report.json": as_json(report).encode(),
            "cuts.json": cuts.encode(),
            "report.typ": TEMPLATE.read_bytes(),
        }
        with named(desk):
            for name, content in (pdfs | words).items():
                (desk / name).write_bytes(content)
        return bytes(typst.compile(desk / "report.typ", root=desk, ignore_system_fonts=True, timestamp=0))
