"""`harness mirror`, `sync` and `ui`: the MLflow view of the files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from harness.cli.tell import tell


def add_commands(commands: Any) -> None:
    """Add the commands."""
    sync = commands.add_parser(
        "sync",
        help="make MLflow show what the files hold; rebuilds a lost or broken store",
        description="Make the MLflow store show exactly what the files of a study hold. The files are the truth: a "
        "store that was lost, broken or moved is made again from them, and no run is shown twice.",
    )
    sync.add_argument("study", help="a file of studies/")
    sync.add_argument("--settle", action="store_true", help="first let a running mirror finish its work")
    sync.add_argument("--check", action="store_true", help="compare every value shown with the files, too")
    sync.set_defaults(act=make_equal)
    mirror = commands.add_parser("mirror", help="(stage) follow a running study and show it in MLflow")
    mirror.add_argument("study")
    mirror.add_argument("--parent", type=int, required=True, help="follow as long as this process lives")
    mirror.set_defaults(act=follow_study)
    ui = commands.add_parser(
        "ui",
        help="browse all runs in MLflow's own interface, on this machine only or on the server that is named",
        description="Serve MLflow over the runs of all studies, seen from this machine only, and print the addresses "
        "of the views worth opening first: mean curves of each algorithm, and the table of runs. Where "
        "MLFLOW_TRACKING_URI names a server, it has them, and only the addresses are printed.",
    )
    ui.add_argument("study", nargs="?", default="quickstart", help="whose views to list (default: quickstart)")
    ui.add_argument("--port", type=int, default=5000, help="from 1 to 65535 (default: 5000)")
    ui.set_defaults(act=open_ui)


def make_equal(options: argparse.Namespace) -> int:
    """One pass; says what could not be shown, which harms nothing."""
    from harness.plugins import ROOT
    from harness.tracking import ledger, mirror
    from harness.workflow import open_study

    manifests = [ROOT / path for path in open_study(options.study).manifests]
    results, study = ROOT / "results", options.study
    if not options.settle:
        troubles = mirror.sync(results, study, manifests, options.check).unmirrored
        missing = ledger.unmirrored(results, study, manifests)
    else:
        troubles, missing = {}, mirror.settle(results, study, manifests)
    lines = [f"{len(ledger.read(results, study).mirrored)} runs of {study} are in MLflow"]
    if missing:
        lines.append(f"{len(missing)} are not: {missing[0].reason}")
    if odd := [reason for run, reason in troubles.items() if run not in {one.run for one in missing}]:
        lines.append(f"{len(odd)} of them could not be compared with their files: {odd[0]}")
    if others := [name for name in ledger.emptied(results) if name != study]:
        lines.append(f"the store was made anew and lacks {', '.join(others)}: sync shows each again")
    seen_to = options.settle or ledger.passed(results, study).exists()  # else no report has said anything yet
    if seen_to and ledger.tell_report(results, study, missing) and not options.settle:
        lines.append(f"the report says otherwise: `snakemake --cores 2 --config study={study}` makes it again")
    tell(*lines, errors=True)
    return 0


def follow_study(options: argparse.Namespace) -> int:
    """Follow until the parent is gone."""
    from harness.plugins import ROOT
    from harness.tracking import mirror
    from harness.workflow import open_study

    manifests = [ROOT / path for path in open_study(options.study).manifests]
    mirror.follow(ROOT / "results", options.study, manifests, options.parent)
    return 0


def open_ui(options: argparse.Namespace) -> int:
    """Serve until interrupted or terminated."""
    from harness.errors import InputError
    from harness.files import is_there, require_regular
    from harness.names import find
    from harness.node import Node
    from harness.plugins import ROOT
    from harness.study import studies
    from harness.tracking import store, ui

    find(Node(None, "studies/"), options.study, studies(ROOT), "study")
    if not 1 <= options.port <= 65535:
        raise InputError("--port", f"{options.port} is not from 1 to 65535")
    results = ROOT / "results"
    if server := store.shown(store.named_server().rstrip("/")):
        print(f"The runs are on the server that {store.NAMED} names; open one of these.\n")
        _list(ui.addresses(server, results, options.study))
        return 0
    if not is_there(results / store.STORE):
        raise InputError("results/mlflow.db", "there is nothing to show yet: run `snakemake --cores 2` first")
    require_regular(results / store.STORE)
    ui.require_mlflow()
    words, environment = ui.command(options.port, results)
    print("MLflow starts (some 15 s), then open one of these; Ctrl-C ends it.\n")
    _list(ui.addresses(f"http://{ui.HOST}:{options.port}", results, options.study))
    return ui.serve(words, environment)


def _list(addresses: Mapping[str, str]) -> None:
    for name, address in addresses.items():
        print(f"  {name:40s} {address}", flush=True)
