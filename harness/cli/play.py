"""`harness run` and `harness watch`: one run here and now, and a learned policy moving."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.cell import Cell
    from harness.run import Snapshot


def add_commands(commands: Any) -> None:
    """Add the commands."""
    run = commands.add_parser("run", help="one run, here and now", description="One run, with its learning curve.")
    run.add_argument("environment", help="an entry of envs.yaml")
    run.add_argument("policy", help="a file of policies/, or `program`")
    run.add_argument("algorithm", help="a file of algorithms/")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--budget", type=int, help="environment steps of training (default: the environment's)")
    run.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings of the algorithm")
    run.set_defaults(act=run_once)
    watch = commands.add_parser("watch", help="a learned policy, moving")
    watch.add_argument("study")
    watch.add_argument("environment")
    watch.add_argument("policy", nargs="?", help="default: that of the best run")
    watch.add_argument("algorithm", nargs="?", help="default: that of the best run")
    watch.add_argument("--seed", type=int, help="default: the best")
    watch.add_argument("--out", type=Path, help="file to write (default: ENVIRONMENT.webp)")
    watch.set_defaults(act=show_policy)


def run_once(options: argparse.Namespace) -> int:
    """Run one seed with a progress line, print its learning curve."""
    import numpy as np

    from harness.assembly import assemble
    from harness.run import Protocol, Stopwatch, begin, run

    cell = cell_of(options)
    assembly = assemble(cell, options.seed)
    stopwatch = Stopwatch()
    print(f"{' · '.join(cell.labels)} · seed {options.seed} · {assembly.policy.dim} parameters")
    print(f"{'steps':>12} {'episodes':>9} {'return':>10}")

    def line(now: Snapshot) -> None:
        row = now.evaluations[-1]
        print(f"{row['steps']:>12,} {row['episodes']:>9,} {row['return_mean']:>10.4g}", flush=True)

    with np.errstate(all="ignore"):
        end = stopwatch.time(
            "total",
            lambda: run(
                assembly.algorithm,
                assembly.engine,
                options.seed,
                Protocol(cell.budget, cell.evaluation.every, cell.evaluation.episodes),
                exact_value=assembly.exact_value,
                start=begin(assembly.algorithm, options.seed),
                stopwatch=stopwatch,
                at_border=line,
            ),
        )
    phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in stopwatch.seconds.items())
    print(f"{end.status}{': ' if end.reason else ''}{end.reason} in {end.steps:,} steps; seconds: {phases}")
    return 0


def cell_of(options: argparse.Namespace) -> Cell:
    """The cell that a command line describes, validated as a study would be."""
    from harness.fit import check_fits
    from harness.grid import plan
    from harness.node import Node
    from harness.plugins import ROOT
    from harness.schema import read
    from harness.spec import load_environments
    from harness.strict_yaml import parse
    from harness.study import StudyFile, resolved

    environments = load_environments(ROOT)
    entry = environments.get(options.environment)
    budget = options.budget if options.budget is not None else (entry.budget if entry else 1)
    settings = dict(_setting(word) for word in options.set)
    lines = "".join(f"      {key}: {value}\n" for key, value in settings.items())
    text = (
        f"title: run\nquestion: run\nseeds: 1\nevaluation:\n  every: {max(1, budget // 20)}\n  episodes: 20\n"
        f"budget: {budget // 20 * 20 if budget >= 20 else budget}\n"
        f"algorithms:\n  {options.algorithm}:\n    algorithm: {options.algorithm}\n"
        + (f"    settings:\n{lines}" if settings else "")
        + f"grids:\n  - environments: [{options.environment}]\n    policies: [{options.policy}]\n"
        f"    algorithms: [{options.algorithm}]\n"
    )
    node: Node = parse(text, "the command line")
    planned = plan(resolved("run", read(node, StudyFile)), environments)
    check_fits(planned)
    return planned[0].cell


def _setting(word: str) -> tuple[str, str]:
    """`step_size=0.1` as a pair.

    Raises:
        InputError: without an equals sign.
    """
    key, equals, value = word.partition("=")
    if not equals:
        raise InputError("--set", f"'{word}' is not KEY=VALUE")
    return key, value


def show_policy(options: argparse.Namespace) -> int:
    """Film the learned policy of a study."""
    from harness.films import film_of
    from harness.results import best_runs
    from harness.workflow import open_study

    workflow = open_study(options.study)
    wanted = (options.policy, options.algorithm, options.seed)
    found = best_runs(workflow, options.environment, *wanted)
    if not found:
        raise InputError(f"studies/{options.study}.yaml", f"no finished run in {options.environment} fits {wanted}")
    cell, seed, score = found[0]
    film = film_of(cell, seed)
    out = options.out or Path(f"{options.environment}.webp")
    out.write_bytes(film.data)
    print(f"{' · '.join(cell.labels)} · seed {seed}, score {score:.4g}: {out}")
    return 0
