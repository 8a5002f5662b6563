"""`harness list`: what there is to choose from."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from harness.errors import InputError

Commands = Any  # argparse has no public name for it
Row = Sequence[str | InputError]  # of what cannot be used: its name and the fault
KINDS = ("studies", "environments", "algorithms", "policies", "programs")


def add_commands(commands: Commands) -> None:
    """Add `list`."""
    parser = commands.add_parser("list", help="studies, environments, algorithms, policies", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    parser.set_defaults(act=show)


def show(options: argparse.Namespace) -> int:
    """Print tables of what is on disk; 1 if something there cannot be used, which is said in its row."""
    faults = 0
    tables: dict[str, Callable[[], Iterable[Row]]] = {
        "studies": studies,
        "environments": environments,
        "algorithms": lambda: plugins_of("algorithms"),
        "policies": lambda: plugins_of("policies"),
        "programs": lambda: plugins_of("policies.programs"),
    }
    for kind in [options.kind] if options.kind else KINDS:
        print(f"{kind}\n")
        faults += print_table(tables[kind]())
        print()
    return 1 if faults else 0


def studies() -> Iterable[Row]:
    """Name, size and title of every study."""
    from harness import cost
    from harness.plugins import ROOT
    from harness.progress import in_words
    from harness.study import studies
    from harness.workflow import open_study

    yield "study", "cells", "runs", "about, on 2 cores", "title"
    for name in studies(ROOT):
        try:
            workflow = open_study(name)
        except InputError as fault:
            yield name, fault
            continue
        runs = sum(len(planned.seeds) for planned in workflow.planned)
        duration = in_words(cost.seconds(workflow.jobs, 2) + cost.REPORT_SECONDS)
        yield name, str(len(workflow.planned)), str(runs), duration, workflow.study.title


def environments() -> Iterable[Row]:
    """Every entry of envs.yaml."""
    from harness.plugins import ROOT
    from harness.spec import FILE, load_environments

    yield "environment", "engine", "horizon", "budget", "random", "reference", "solved", "program"
    try:
        entries = load_environments(ROOT)
    except InputError as fault:
        yield FILE, fault
        return
    for name, entry in entries.items():
        scores = (f"{value:g}" for value in (entry.scores.random, entry.scores.reference, entry.solved))
        yield name, entry.engine, str(entry.horizon), str(entry.budget), *scores, entry.program or ""


def plugins_of(room: str) -> Iterable[Row]:
    """Name, settings and first sentence of every plug-in of a room."""
    from harness import plugins
    from harness.settings import defaults

    yield "name", "settings", "what it is"
    for name in plugins.names(room):
        try:
            kind = plugins.load(room, name)
        except InputError as fault:
            yield name, fault
            continue
        settings = ", ".join(f"{key}={value}" for key, value in defaults(kind).items())
        sentence = (plugins.load_module(room, name).__doc__ or "").strip().split("\n")[0]
        yield name, settings, sentence


def print_table(rows: Iterable[Row]) -> int:
    """Print rows in aligned columns, the first as a head; the last column runs free.

    Returns:
        How many rows hold a fault, which stands beside the name.
    """
    table = list(rows)
    whole = [row for row in table if not isinstance(row[1], InputError)]
    widths = [max(len(str(row[i])) for row in whole) for i in range(len(whole[0]))]
    widths[0] = max(len(str(row[0])) for row in table)
    for row in table:
        print("  " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())
    return len(table) - len(whole)
