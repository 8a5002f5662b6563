"""`harness publish`, `rebuild`, `compare`: keep a study in the repository, make it again, hold own runs against it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.tell import tell


def add_commands(commands: Any) -> None:
    """Add the commands."""
    publish = commands.add_parser("publish", help="keep a study in the repository: records, tables, figures, report")
    publish.add_argument("study")
    publish.set_defaults(act=publish_study)
    rebuild = commands.add_parser(
        "rebuild",
        help="tables, figures and report of a published study, from what is published alone",
        description="Nothing is run. Exit status: 0 if every table is byte-equal to the published one and "
        "the published report is whole.",
    )
    rebuild.add_argument("study")
    rebuild.add_argument("--into", type=Path, metavar="FOLDER", help="default: results/rebuilt")
    rebuild.set_defaults(act=rebuild_study)
    compare = commands.add_parser(
        "compare",
        help="own runs against published ones, without rerunning those",
        description="Which is better on the same environments and policies, by how much, and is it more than luck?",
    )
    compare.add_argument("name", help="a study, or an algorithm of one, that was run here")
    compare.add_argument(
        "--against", default="published", metavar="WHAT", help="published (default), a published study, or a folder"
    )
    compare.set_defaults(act=compare_runs)


def publish_study(options: argparse.Namespace) -> int:
    """Publish and say what and how much."""
    from harness.plugins import ROOT, shown
    from harness.published.read import broken
    from harness.published.write import publish, size_of
    from harness.workflow import open_study

    workflow = open_study(options.study)
    place = publish(workflow)
    jobs = (*workflow.manifests, *workflow.measurements)
    there = sum((ROOT / path).exists() for path in jobs)
    tell(f"{shown(place)}: {there} of {len(jobs)} jobs, {size_of(place) / 1e6:.1f} MB")
    for other in broken(options.study):
        tell(f"{other} rests on runs that are no longer published so: harness publish {other}")
    tell(f"make it again: harness rebuild {options.study}; check runs too: harness verify {shown(place)}")
    return 0


def rebuild_study(options: argparse.Namespace) -> int:
    """Make all of it again and say what is byte-equal."""
    from harness.files import alone_in
    from harness.plugins import shown
    from harness.published.read import hold_report
    from harness.published.rebuild import folder_for, rebuild_report, rebuild_tables, records_of
    from harness.workflow import open_study

    folder = folder_for(options.into)
    workflow, manifests = open_study(options.study), records_of(options.study)
    published = hold_report(options.study)
    with alone_in(folder / "tables"):
        tables = rebuild_tables(workflow, manifests, folder)
        tell(tables.line)
        figures, report = rebuild_report(workflow, manifests, folder)
    tell(figures.line, report.line)
    if not published.holds:
        tell(*published.lines)
    tell(f"{shown(folder)}/reports/{options.study}.html and .pdf")
    return 0 if published.holds and not tables.others else 1


def compare_runs(options: argparse.Namespace) -> int:
    """Print the comparison and keep it as table and picture."""
    from harness.files import write_bytes
    from harness.plugins import ROOT, shown
    from harness.published.compare import COLUMNS, comparison
    from harness.published.lines import lines
    from harness.published.picture import draw
    from harness.tables.write import csv_bytes

    rows = comparison(options.name, options.against)
    tell(*lines(rows))
    stem = ROOT / "results" / "compare" / options.name
    write_bytes(stem.with_name(f"{stem.name}.csv"), csv_bytes(COLUMNS, rows))
    picture, _ = draw(rows, stem)
    tell("", f"{shown(stem.parent / f'{stem.name}.csv')}, {shown(picture)}")
    return 0
