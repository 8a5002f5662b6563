"""`harness publish` and `compare`: keep a study in the repository, and hold own runs against what was kept."""

from __future__ import annotations

import argparse
from typing import Any


def add_commands(commands: Any) -> None:
    """Add the commands."""
    publish = commands.add_parser("publish", help="keep a study in the repository: records, tables, figures, report")
    publish.add_argument("study")
    publish.set_defaults(act=publish_study)
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
    from harness.plugins import shown
    from harness.published.write import publish, size_of
    from harness.workflow import open_study

    workflow = open_study(options.study)
    place = publish(workflow)
    jobs = len(list((place / "runs").rglob("manifest.json")))
    print(f"{shown(place)}: {jobs} of {len(workflow.jobs)} jobs, {size_of(place) / 1e6:.1f} MB")
    print(f"check it: harness verify {shown(place)}")
    return 0


def compare_runs(options: argparse.Namespace) -> int:
    """Print the comparison and keep it as table and picture."""
    from harness.files import write_bytes
    from harness.plugins import ROOT, shown
    from harness.published.compare import COLUMNS, comparison
    from harness.published.lines import lines
    from harness.published.picture import draw
    from harness.tables.write import csv_bytes

    rows = comparison(options.name, options.against)
    for line in lines(rows):
        print(line)
    stem = ROOT / "results" / "compare" / options.name
    write_bytes(stem.with_name(f"{stem.name}.csv"), csv_bytes(COLUMNS, rows))
    picture, _ = draw(rows, stem)
    print(f"\n{shown(stem.parent / f'{stem.name}.csv')}, {shown(picture)}")
    return 0
