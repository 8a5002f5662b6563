"""`harness run` and `harness watch`: one run here and now, and a learned policy moving."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.names import find
from harness.node import Node
from harness.schema import mapping
from harness.strict_yaml import parse

if TYPE_CHECKING:
    from harness.cell import Cell
    from harness.run import Snapshot


def add_commands(commands: Any) -> None:
    """Add the commands."""
    run = commands.add_parser("run", help="one run, here and now", description="One run, with its learning curve.")
    run.add_argument("environment", help="an entry of envs.yaml")
    run.add_argument("policy", help="a file of policies/, or `program`")
    run.add_argument("algorithm", help="a file of algorithms/")
    run.add_argument("--seed", type=natural, default=0)
    run.add_argument("--budget", type=int, help="environment steps of training (default: the environment's)")
    run.add_argument(
        "--set", nargs="*", action="extend", default=[], metavar="KEY=VALUE", help="settings of the algorithm"
    )
    run.add_argument("--traceback", action="store_true", help="show how Python came to a fault of a plug-in")
    run.set_defaults(act=run_once)
    watch = commands.add_parser("watch", help="a learned policy, moving")
    watch.add_argument("study")
    watch.add_argument("environment")
    watch.add_argument("policy", nargs="?", help="default: that of the best run")
    watch.add_argument("algorithm", nargs="?", help="default: that of the best run")
    watch.add_argument("--seed", type=natural, help="default: the best")
    watch.add_argument("--out", type=Path, help="file to write (default: ENVIRONMENT.webp)")
    watch.set_defaults(act=show_policy)


def run_once(options: argparse.Namespace) -> int:
    """Run one seed, with its learning curve.

    Raises:
        InputError: for bad input, and naming the line where a plug-in raised.
    """
    from harness import plugins
    from harness.guard import AlgorithmFault
    from harness.rollouts.engine import EnvironmentFault

    cell = cell_of(options)
    try:
        with plugins.contained():
            run_cell(cell, options.seed)
    except Exception as fault:
        broken: dict[type[Exception], str] = {
            AlgorithmFault: f"algorithms/{cell.algorithm.file}.py",
            EnvironmentFault: "envs.yaml",
        }
        told = plugins.blamed(fault, broken.get(type(fault), ""))
        if options.traceback or told is None:  # None: nobody's fault but the harness's own
            raise
        raise told from fault
    return 0


def run_cell(cell: Cell, seed: int) -> None:
    """Run one seed with a progress line, print its learning curve."""
    import numpy as np

    from harness.assembly import assemble
    from harness.run import Schedule, Stopwatch, begin, run

    assembly = assemble(cell, seed)
    stopwatch = Stopwatch()
    print(f"{' · '.join(cell.labels)} · seed {seed} · {assembly.policy.dim} parameters")
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
                seed,
                Schedule(cell.budget, cell.evaluation.every, cell.evaluation.episodes),
                exact_value=assembly.exact_value,
                start=begin(assembly.algorithm, seed),
                stopwatch=stopwatch,
                at_border=line,
            ),
        )
    phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in stopwatch.seconds.items())
    print(f"{end.status}{': ' if end.reason else ''}{end.reason} in {end.steps:,} steps; seconds: {phases}")


def cell_of(options: argparse.Namespace) -> Cell:
    """The cell that a command line describes, validated as a study would be."""
    from harness.fit import check_fits
    from harness.grid import plan
    from harness.plugins import ROOT
    from harness.schema import read
    from harness.spec import load_environments
    from harness.study import resolved
    from harness.study_file import StudyFile

    environments = load_environments(ROOT)
    entry = environments.get(options.environment)
    budget = options.budget if options.budget is not None else (entry.budget if entry else 1)
    file = {
        "title": "run",
        "question": "run",
        "seeds": 1,
        "budget": budget // 20 * 20 if budget >= 20 else budget,
        "evaluation": {"every": max(1, budget // 20), "episodes": 20},
        "algorithms": {
            options.algorithm: {
                "algorithm": options.algorithm,
                "settings": _settings(options.set),
            }
        },
        "grids": [
            {
                "environments": [options.environment],
                "policies": [options.policy],
                "algorithms": [options.algorithm],
            }
        ],
    }
    planned = plan(resolved("run", read(Node.of(file, "the command line"), StudyFile)), environments)
    check_fits(planned)
    return planned[0].cell


def _settings(words: list[str]) -> dict[str, Any]:
    """What `--set` gives, each key once."""
    found: dict[str, Any] = {}
    for key, value in map(_setting, words):
        if key in found:
            raise InputError(f"--set {key}", f"stands twice, as {found[key]} and as {value}")
        found[key] = value
    return found


def _setting(word: str) -> tuple[str, Any]:
    """`step_size=0.1` as a pair.

    Raises:
        InputError: without an equals sign, or if what follows is not YAML.
    """
    key, equals, value = word.partition("=")
    if not equals:
        raise InputError("--set", f"'{word}' is not KEY=VALUE")
    return key, mapping(parse(f"value: {value}", f"--set {key}"))["value"].plain()


def natural(text: str) -> int:
    """A seed."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 on")
    return int(text)


def show_policy(options: argparse.Namespace) -> int:
    """Film the learned policy of a study."""
    from harness.films import film_of
    from harness.results import best_runs, candidate, finished_runs, recorded
    from harness.workflow import open_study, tables_folder

    workflow = open_study(options.study)
    _check_axes(options, [planned.cell.labels for planned in workflow.planned])
    tables = tables_folder(workflow.study.name)
    finished = finished_runs(workflow, tables)
    found = best_runs(workflow, finished, options.environment, options.policy, options.algorithm, options.seed)
    if not found:
        raise InputError(f"studies/{options.study}.yaml", "no finished run fits that")
    cell, seed, score = found[0]
    out = options.out or Path(f"{options.environment}.webp")
    if not out.parent.is_dir():
        raise InputError(f"--out {out}", "there is no such folder")
    solution = candidate(recorded(cell), seed)
    if solution is None:
        raise InputError(cell.folder.as_posix(), f"there is no finished run of seed {seed}")
    out.write_bytes(film_of(cell, seed, solution).data)
    print(f"{' · '.join(cell.labels)} · seed {seed}, score {score:.4g}: {out}")
    return 0


def _check_axes(options: argparse.Namespace, labels: list[tuple[str, str, str]]) -> None:
    """Raise InputError unless the study has such an environment, policy and algorithm."""
    for axis, kind in enumerate(("environment", "policy", "algorithm")):
        word = getattr(options, kind)
        if word is not None:
            allowed = dict.fromkeys(label[axis] for label in labels)
            find(Node(None, f"studies/{options.study}.yaml"), word, allowed, kind)
