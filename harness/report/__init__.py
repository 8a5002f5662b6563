"""The report of a study: tables and figures in, one self-contained HTML file and one typeset PDF out."""

from __future__ import annotations

from pathlib import Path

from harness.figures.load import load
from harness.products import report_files, report_sums
from harness.report import content, html, pdf
from harness.report.content import Clip, Facts
from harness.vouched import SUMS, write_all

__all__ = ["Clip", "Facts", "build"]


def build(facts: Facts, tables: Path, figures: Path, reports: Path) -> tuple[Path, Path]:
    """Write {reports}/{study}.html, {reports}/{study}.pdf and what vouches for them, each aside and then renamed.

    Args:
        facts: what the tables do not know: title, question, environments, provenance, films, what MLflow lacks.
        tables: results/tables/{study}.
        figures: results/figures/{study}, as `harness.figures.draw_all` writes it.
        reports: where the two files go.

    Returns:
        The HTML and the PDF; equal input gives equal bytes.

    Raises:
        FileNotFoundError: a table or a figure is missing.
        Unwritable: the disk is full, or the folder cannot be written; what stands stays.
    """
    report = content.compose(facts, load(tables), content.digests_of(tables))
    films = {content.stem(clip): clip.film.data for clip in facts.clips if clip.film.data}
    page, paper = report_files(facts.study)
    contents = {page: html.render(report, tables, figures, films), paper: pdf.render(report, figures)}
    write_all(reports, contents, report_sums(facts.study), of=[tables / SUMS, figures / SUMS])
    return reports / page, reports / paper
