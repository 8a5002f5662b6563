"""Whatever is typed: every command does something, or is refused with a reason and status 2; a refusal changes nothing.

Command lines are words that mean something in any order, hostile names, and noise: 25 of each command by default, 200
with `slow_fault`. Commands and their options are asked of the parser, so that none is forgotten.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults.documents import ENVIRONMENTS, GRID, HEAD, HOSTILE, SEEDS, SURVEY
from faults.places import move
from harness.cell import Cell, Evaluation, Part, World
from harness.cli import main, make_parser
from harness.laboratory.bench import Bench, Route
from harness.plugins import ROOT


def commands_of_the_parser() -> dict[str, list[str]]:
    """Every command with its options, as the parser knows them."""
    (group,) = (action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return {
        name: [word for action in parser._actions for word in action.option_strings]
        for name, parser in group.choices.items()
    }


QUICK = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(deadline=None, suppress_health_check=list(HealthCheck))
WORLD = World("Double", "compiled", "lqr", None, {"system": "double_integrator"}, 20, True, False)
LINEAR, ARS = Part("linear", "linear", {"bias": False}), Part("ars", "ars", {"directions": 1})
STUDY = HEAD + SEEDS + GRID + SURVEY
TRIAL = HEAD + SEEDS + "tuning: {settings: 2}\n" + GRID
COMMANDS = commands_of_the_parser()
MEANINGFUL = [
    "mine",
    "trial",
    "Pole",
    "Double",
    "linear",
    "mlp",
    "ars",
    "reinforce",
    "algorithm",
    "policy",
    "own",
    "runs",
]
MEANINGFUL += ["algorithms/ars.py", "policies/linear.py", "environments/cartpole.py", "published", "step_size=0.1"]
OTHERS = ["0", "1", "-1", "1e9", "nan", "9" * 20, "step_size=", "=", "{}", '{"environment": 1}', "[]", "null"]
NOISE = st.text(st.characters(exclude_characters="\0/"), max_size=6)  # a bare / is the whole disk


def lines(command: str) -> st.SearchStrategy[list[str]]:
    """A command with up to six words, most of them its own options or words that mean something."""
    known = [*COMMANDS.get(command, ["--help"]), *MEANINGFUL, *MEANINGFUL, *OTHERS, *HOSTILE, *specs()]
    return st.lists(st.sampled_from(known) | NOISE, max_size=6).map(lambda words: [command, *words])


def specs() -> list[str]:
    """What Snakemake gives a job and a measurement."""
    bench = Bench(WORLD, LINEAR, ARS, Route(None, 0, 0, (0.5,)), 2, 1, 0.3, 0.0)
    return [Cell(WORLD, LINEAR, ARS, 2000, Evaluation(1000, 2)).to_json(), bench.to_json()]


class Reached(Exception):
    """A command line was good and its work began."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small project as the only one there is; no work of more than a moment is done in it."""
    around = tmp_path_factory.mktemp("around") / "two" / "folders"  # `..` is none of another test
    (around / "project").mkdir(parents=True)
    folder = small_project.write(around / "project", STUDY, ENVIRONMENTS)
    (folder / "studies" / "trial.yaml").write_text(TRIAL)
    shutil.copytree(ROOT / "harness" / "starters", folder / "harness" / "starters")
    (folder / "results").mkdir()
    (folder / "results" / "mlflow.db").touch()

    def reached(*_: Any, **__: Any) -> Any:
        raise Reached

    with pytest.MonkeyPatch.context() as patch:
        move(patch, folder)
        for place in (
            "harness.assembly.assemble",
            "harness.job.run_block",
            "harness.laboratory.job.measure_block",
            "harness.cost.core_seconds",
            "subprocess.run",
            "harness.tracking.mirror.sync",
            "harness.tracking.mirror.settle",
            "harness.tracking.mirror.follow",
            "harness.tracking.ui.addresses",
            "harness.tracking.ui.serve",
            "harness.contract.algorithms.check",
            "harness.contract.policies.check",
            "harness.contract.environments.check",
            "harness.tables.write_tables",
        ):
            patch.setattr(place, reached)
        patch.setattr("harness.tracking.ui.require_mlflow", lambda: None)  # it imports MLflow, which runs git
        yield folder


def check_command(project: Path, words: list[str]) -> None:
    """It is refused with a reason and status 2, or does something; a refusal leaves everything as it was."""
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(words)
    except SystemExit as end:
        status = end.code
    except Reached:
        return
    assert status in (0, 2), words
    if status == 2:
        _, error, reason = err.getvalue().rpartition("error: ")
        assert error, words
        assert reason.endswith("\n"), words
        assert len(reason) > 5, words
        assert reason.count("\n") <= 1 + "".join(words).count("\n"), words
        assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before, words


def test_the_parser_tells_all_20_commands() -> None:
    words = "list run watch new check sync mirror ui verify explain export publish rebuild compare job measure tables"
    assert COMMANDS.keys() == {*words.split(), "figures", "tune", "report"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "terms",
    [settings(QUICK, max_examples=25), pytest.param(settings(LONG, max_examples=200), marks=pytest.mark.slow_fault)],
    ids=lambda terms: str(terms.max_examples),
)
def test_so_many_lines_of_each_command_work_or_are_refused_with_a_reason(
    project: Path, command: str, terms: settings
) -> None:
    @terms
    @given(lines(command))
    def check(words: list[str]) -> None:
        check_command(project, words)

    check()


@QUICK
@given(NOISE.flatmap(lines))
def test_100_lines_of_no_command_are_refused_with_a_reason(project: Path, words: list[str]) -> None:
    check_command(project, words)
