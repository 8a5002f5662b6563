"""The command `harness`, as a person types it: what it prints, its exit status, and what it does not import."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from project_copy import copy_project, replace, run

from harness import cli
from harness.cell import Cell, Evaluation, Part, World
from harness.cli import main
from harness.plugins import ROOT, names
from harness.workflow import open_study

COMMANDS = (
    *("list", "run", "watch", "new", "check", "sync", "mirror", "ui", "verify", "explain", "export"),
    *("publish", "rebuild", "compare", "job", "measure", "tables", "figures", "tune", "report"),
)
CELL = Cell(
    World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False),
    Part("linear", "linear", {"bias": False}),
    Part("random_search", "random_search", {"challengers": 4, "episodes": 1, "std": 1.0}),
    1000,
    Evaluation(500, 2),
)
GYM = """\
title: Films
question: Do the policies of both engines move?
seeds: 1
evaluation: {every: 200, episodes: 1}
budget: 200
grids:
  - environments: [CartPole-v1, LunarLanderContinuous-v3, LunarLander-wind, lqr-double-integrator]
    policies: [linear]
    algorithms: [random_search]
"""
WIND = """
LunarLander-wind:
  engine: gymnasium
  gymnasium: LunarLander-v3
  options: {enable_wind: true}
  horizon: 1000
  budget: 200000
  scores: {random: -180.0, reference: 240.0, source: "made up"}
  targets: [-150.0, -100.0, -50.0, 0.0, 50.0, 100.0, 150.0, 180.0, 200.0, 240.0]
  solved: 200.0
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with plug-ins that break laws, and LunarLander with wind by the engine *gymnasium*."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    with (folder / "envs.yaml").open("a", encoding="utf-8") as entries:
        entries.write(WIND)
    text = (folder / "algorithms/random_search.py").read_text(encoding="utf-8")
    (folder / "algorithms/mine.py").write_text(text.replace("class RandomSearch", "class Mine"), encoding="utf-8")
    for name, old, new in (
        ("lawless", 'turn.rng("challengers")', "np.random.default_rng()"),
        ("nameless", '    family: ClassVar[str] = "gradient-free"\n', ""),
        ("unreadable", "def ask(", "def ask(("),
    ):
        file = folder / f"algorithms/{name}.py"
        file.write_text(text.replace("class RandomSearch", f"class {name.title()}"), encoding="utf-8")
        replace(file, old, new)
    structure = (folder / "policies/linear.py").read_text(encoding="utf-8")
    (folder / "policies/bent.py").write_text(structure.replace("class Linear", "class Bent"), encoding="utf-8")
    replace(folder / "policies/bent.py", "W.T  # [N, K]\n        return y +", "W.T + 1e-9\n        return y +")
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and errors of a command in this process."""
    try:
        status = cli.main(words)
    except SystemExit as end:
        status = int(str(end.code))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = said(capsys, "--help")
    assert status == 0
    assert tuple(re.findall(r"^    (\w+)", text, re.MULTILINE)) == COMMANDS
    for command in COMMANDS:
        assert said(capsys, command, "--help")[0] == 0
    for command in ("sync", "ui"):
        assert "MLflow" in said(capsys, command, "--help")[1].split("positional arguments")[0]


@pytest.mark.parametrize("room", ["algorithms", "policies"])
def test_list_shows_every_plugin_with_its_settings(capsys: pytest.CaptureFixture[str], room: str) -> None:
    status, text, _ = said(capsys, "list", room)
    assert status == 0
    assert tuple(line.split()[0] for line in text.splitlines()[3:-1]) == names(room)


def test_list_shows_the_size_of_every_study(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = said(capsys, "list", "studies")
    (smoke,) = [line.split() for line in text.splitlines() if line.split()[:1] == ["smoke"]]
    assert smoke[1:3] == ["7", "21"]


def test_run_prints_a_learning_curve_that_ends_at_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("run", "CartPole-v1", "linear", "ars", "--budget", "2000", "--seed", "3", "--set")
    status, text, _ = said(capsys, *words, "step_size=1e-2", "normalise=true")
    assert status == 0
    lines = text.splitlines()
    assert lines[0] == "CartPole-v1 · linear · ars · seed 3 · 8 parameters"
    assert lines[-1].startswith("finished in ")
    assert int(lines[-2].split()[0].replace(",", "")) >= 2000
    assert said(capsys, *words, "step_size=1e-2", "normalise=true")[1].splitlines()[:-1] == lines[:-1]
    assert said(capsys, *words, "step_size=1.0", "normalise=true")[1].splitlines()[:-1] != lines[:-1]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("run CartPole linear ars", "unknown environment 'CartPole'"),
        ("run CartPole-v1 lin]ear ars", "did you mean 'linear'?"),
        ("run CartPole-v1 linear arss", "did you mean 'ars'?"),
        ("run Swimmer-v5 program ars", "the environment Swimmer-v5 has no program"),
        ("run CartPole-v1 linear ars --set step_size", "'step_size' is not KEY=VALUE"),
        ("run CartPole-v1 linear ars --set step_sise=1", "did you mean 'step_size'?"),
        ("run CartPole-v1 linear ars --set step_size=small", "expected a number, found 'small'"),
        ("run CartPole-v1 linear ars --set step_size=[1", "not YAML"),
        ("run CartPole-v1 linear ars --set top=9", "top"),
        ("run CartPole-v1 linear ars --set top=1 top=2", "--set top: stands twice, as 1 and as 2"),
        ("run CartPole-v1 linear ars --set top=1 --set noise=1 --set top=2", "--set top: stands twice, as 1 and as 2"),
        ("run CartPole-v1 linear ars --set top=9 --set noise=1", "top must be at most 8"),
        ("run CartPole-v1 linear ars --budget 0", "budget: expected an integer from 1"),
        ("run CartPole-v1 linear ars --seed -1", "'-1' is not a number from 0 on"),
        ("run CartPole-v1 linear exact_gradient", "gradient"),
        ("job --spec {} --first 0 --last 1", "--spec: not the JSON of a cell"),
        ("job --spec { --first 0 --last 1", "--spec: not the JSON of a cell"),
        ("job --spec {} --first 3 --last 1", "3-1 is no block of seeds"),
        ("tables smok", "did you mean 'smoke'?"),
        ("figures smok", "did you mean 'smoke'?"),
        ("report smok", "did you mean 'smoke'?"),
        ("watch smok CartPole-v1", "did you mean 'smoke'?"),
        ("watch smoke CartPole", "did you mean 'CartPole-v1'?"),
        ("sync smok", "did you mean 'smoke'?"),
        ("ui smok", "did you mean 'smoke'?"),
        ("ui smoke --port 0", "--port: 0 is not from 1 to 65535"),
        ("ui smoke --port 65536", "--port: 65536 is not from 1 to 65535"),
        ("ui smoke --port http", "invalid int value: 'http'"),
        ("check nothing", "is no plug-in, environment or study"),
        ("check algorithms/arss.py", "did you mean 'ars'?"),
        ("check policies/programs/nothing.py", "there is no 'programs.nothing' here"),
        ("check environments/nothing.py", "no entry of envs.yaml uses it yet"),
        ("lst", "invalid choice: 'lst'"),
    ],
)
def test_bad_input_is_exit_status_two_and_one_message(
    capsys: pytest.CaptureFixture[str], words: str, fault: str
) -> None:
    status, _, text = said(capsys, *words.split())
    assert status == 2
    assert fault in text
    assert len([line for line in text.splitlines() if "error: " in line]) == 1


@pytest.mark.parametrize("part", ["environment", "policy", "algorithm"])
def test_a_label_in_a_spec_cannot_leave_its_folder(capsys: pytest.CaptureFixture[str], part: str) -> None:
    name = "name" if part == "environment" else "label"
    spec = json.loads(open_study("smoke").jobs[0].cell.to_json())
    spec[part][name] = "../../../elsewhere"
    status, _, text = said(capsys, "job", "--spec", json.dumps(spec), "--first", "0", "--last", "0")
    assert (status, "error: --spec: the name '../../../elsewhere' is not safe" in text) == (2, True), text
    status, _, text = said(capsys, "job", "--spec", "[" * 100_000, "--first", "0", "--last", "0")
    assert (status, "not the JSON of a cell" in text) == (2, True), text


def test_an_onlooker_says_what_is_missing_before_it(project: Path) -> None:
    told = run(project, "harness", "watch", "smoke", "CartPole-v1")
    assert (told.returncode, "run `harness tables smoke`" in told.stdout) == (2, True)
    told = run(project, "harness", "ui")
    assert (told.returncode, "there is nothing to show yet" in told.stdout) == (2, True)


@pytest.mark.parametrize(
    ("subject", "status", "words"),
    [
        ("algorithms/mine.py", 0, ["algorithm mine, discrete actions", "all laws hold"]),
        ("algorithms/lawless.py", 1, ["BROKEN  ask and tell are pure", "laws are broken"]),
        ("algorithms/nameless.py", 2, ["error: algorithms/nameless.py: Nameless lacks"]),
        ("algorithms/unreadable.py", 2, ["error: algorithms/unreadable.py:", "raises SyntaxError"]),
        ("policies/bent.py", 1, ["BROKEN  acting and autograd forms agree", "they differ by"]),
        ("policies/mlp.py", 0, ["all laws hold"]),
        ("Pendulum-v1", 0, ["environment Pendulum-v1", "all laws hold"]),
        ("smoke", 0, ["study smoke", "all laws hold"]),
    ],
)
def test_check_judges_a_file_by_its_laws(project: Path, subject: str, status: int, words: list[str]) -> None:
    told = run(project, "harness", "check", subject)
    assert told.returncode == status, told.stdout
    assert all(word in told.stdout for word in words), told.stdout
    assert "Traceback" not in told.stdout


def test_a_file_that_cannot_be_a_module_is_refused_with_what_is_allowed(project: Path) -> None:
    (project / "algorithms/my algo.py").write_text("", encoding="utf-8")
    told = run(project, "harness", "check", "algorithms/my algo.py")
    (project / "algorithms/my algo.py").unlink()
    assert told.returncode == 2
    assert told.stdout == (
        "error: algorithms/my algo.py: 'my algo' cannot name a module: a small letter, then up to 62 small letters, "
        "digits and underscores, and no keyword of Python\n"
    )


@pytest.mark.parametrize(
    ("room", "name", "old", "new", "words"),
    [
        ("algorithms", "random_search", "(outcome,) = outcomes", "raise OSError(7)", "{line}: OSError: 7"),
        ("algorithms", "random_search", "self.episodes),)", "self.episodes), 3)", ": AlgorithmFault: turn 0: ask ret"),
        ("policies", "linear", "sizes[0], sizes[1]", "sizes[0], sizes[1].no", "{line}: TypingError: .*Unknown attrib"),
    ],
)
def test_a_run_whose_plugin_raises_is_one_message_that_names_its_line(
    project: Path, room: str, name: str, old: str, new: str, words: str
) -> None:
    file = project / room / "broken.py"
    text = (project / room / f"{name}.py").read_text(encoding="utf-8")
    file.write_text(re.sub(r"class \w+:", "class Broken:", text), encoding="utf-8")
    replace(file, old, new)
    (line,) = [n for n, one in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if new in one]
    typed = ("linear", "broken") if room == "algorithms" else ("broken", "ars")
    command = ("harness", "run", "CartPole-v1", *typed, "--budget", "500")
    told, whole = run(project, *command), run(project, *command, "--traceback")
    file.unlink()
    assert (told.returncode, whole.returncode) == (2, 1)
    message = [one for one in told.stdout.splitlines() if one.startswith("error: ")]
    assert len(message) == 1, told.stdout
    assert re.match(f"error: {room}/broken.py" + words.replace("{line}", f":{line}"), message[0]), told.stdout
    assert ("Traceback" in told.stdout, "Traceback" in whole.stdout) == (False, True)


@pytest.fixture
def exiting(project: Path) -> Iterator[Path]:
    """An algorithm that ends the program, successfully, in its first `tell`."""
    file = project / "algorithms/exiting.py"
    text = (project / "algorithms/random_search.py").read_text(encoding="utf-8")
    file.write_text(text.replace("class RandomSearch", "class Exiting"), encoding="utf-8")
    replace(file, "(outcome,) = outcomes", "raise SystemExit(0)")
    yield file
    file.unlink()


EXITS = {"raise SystemExit(0)": "0", "__import__('os')._exit(0)": "os._exit(0)"}


@pytest.mark.parametrize("statement", EXITS)
def test_a_plugin_that_exits_with_0_is_named_with_its_line_by_run_check_and_job(
    project: Path, exiting: Path, statement: str
) -> None:
    replace(exiting, "raise SystemExit(0)", statement)
    lines, word = exiting.read_text(encoding="utf-8").splitlines(), EXITS[statement]
    (line,) = [n for n, one in enumerate(lines, 1) if statement in one]
    told = run(project, "harness", "run", "CartPole-v1", "linear", "exiting", "--budget", "500")
    assert told.returncode == 2
    assert told.stdout.splitlines()[-1] == f"error: algorithms/exiting.py:{line}: SystemExit: {word}"
    told = run(project, "harness", "check", "algorithms/exiting.py")
    assert told.returncode == 1
    assert f"BROKEN  ask and tell are pure: SystemExit: {word} (algorithms/exiting.py:{line})" in told.stdout
    spec = dataclasses.replace(CELL, algorithm=dataclasses.replace(CELL.algorithm, file="exiting")).to_json()
    told = run(project, "harness", "job", "--spec", spec, "--first", "0", "--last", "0")
    assert told.returncode == 1
    assert f'algorithms/exiting.py", line {line}, in tell' in told.stdout
    assert told.stdout.splitlines()[-1] == "in the run CartPole-v1 · linear · random_search · seed 0"


@pytest.mark.parametrize("statement", EXITS)
def test_a_plugin_that_exits_when_it_is_imported_is_status_2_and_not_0(
    project: Path, exiting: Path, statement: str
) -> None:
    exiting.write_text(f"{statement}\n", encoding="utf-8")
    told = run(project, "harness", "run", "CartPole-v1", "linear", "exiting")
    assert (told.returncode, told.stdout) == (
        2,
        f"error: algorithms/exiting.py:1: raises SystemExit when it is imported: {EXITS[statement]}\n",
    )


def test_a_value_error_that_names_no_setting_names_the_line_of_its_plugin(project: Path, exiting: Path) -> None:
    replace(exiting, 'at_least(self, 0, "std")', 'raise ValueError("bad")')
    told = run(project, "harness", "run", "CartPole-v1", "linear", "exiting")
    assert told.returncode == 2
    assert re.fullmatch(r"error: the command line: .*: bad \(algorithms/exiting\.py:[0-9]+\)\n", told.stdout), (
        told.stdout
    )


def test_the_line_of_a_job_has_the_score_of_the_tables_at_or_before_a_budget_of_1000(project: Path) -> None:
    told = run(project, "harness", "job", "--spec", CELL.to_json(), "--first", "0", "--last", "2")
    assert told.returncode == 0, told.stdout
    table = pq.read_table(project / CELL.folder / "seeds-0000-0002/evaluations.parquet").to_pylist()
    assert max(row["steps"] for row in table) > 1000
    scores = [[row["return_mean"] for row in table if row["seed"] == s and row["steps"] <= 1000][-1] for s in range(3)]
    assert f"median score {np.median(scores):.4g} in " in told.stdout


def test_list_shows_all_else_where_one_study_one_pipe_and_one_plugin_cannot_be_used(project: Path) -> None:
    (project / "studies/spoiled.yaml").write_text("title: [", encoding="utf-8")
    os.mkfifo(project / "studies/pipe.yaml")
    told = run(project, "harness", "list")
    (project / "studies/spoiled.yaml").unlink()
    (project / "studies/pipe.yaml").unlink()
    assert told.returncode == 1
    lines = [line.strip() for line in told.stdout.splitlines()]
    assert (
        next(line for line in lines if line.startswith("spoiled "))
        .split(maxsplit=1)[1]
        .startswith("studies/spoiled.yaml:1: this is not YAML")
    )
    assert "studies/pipe.yaml: cannot be read: it is no file but a folder, a pipe or a device" in told.stdout
    assert next(line for line in lines if line.startswith("unreadable ")).count("raises SyntaxError") == 1
    for name in ("smoke", "CartPole-v1", "ars", "linear", "pendulum_swing_up"):
        assert [line for line in lines if line.split()[:1] == [name]], name
    assert run(project, "harness", "list", "environments").returncode == 0


def test_an_entry_of_a_study_that_no_grid_names_is_a_broken_law(project: Path) -> None:
    loose = GYM.replace("grids:", "algorithms:\n  forgotten: {algorithm: ars}\ngrids:")
    loose = loose.replace("LunarLanderContinuous-v3, LunarLander-wind, ", "")
    (project / "studies/loose.yaml").write_text(loose, encoding="utf-8")
    told = run(project, "harness", "check", "loose")
    (project / "studies/loose.yaml").unlink()
    assert told.returncode == 1
    assert "BROKEN  every entry of algorithms and policies stands in a grid: forgotten\n" in told.stdout


def test_a_film_of_either_engine_is_written_and_moves(project: Path) -> None:
    from PIL import Image

    (project / "studies/films.yaml").write_text(GYM, encoding="utf-8")
    listing = "from harness.workflow import open_study; [print(job.cell.to_json()) for job in open_study('films').jobs]"
    specs = subprocess.run([sys.executable, "-c", listing], cwd=project, capture_output=True, text=True, check=True)
    for spec in specs.stdout.splitlines():
        told = run(project, "harness", "job", "--spec", spec, "--first", "0", "--last", "0")
        assert told.returncode == 0, told.stdout
        assert told.stdout.startswith(json.loads(spec)["environment"]["name"])  # no count outside of the workflow
    assert run(project, "harness", "tables", "films").returncode == 0
    moving = ("CartPole-v1", "LunarLanderContinuous-v3", "LunarLander-wind")
    for name, least in (*((name, 2) for name in moving), ("lqr-double-integrator", 1)):
        told = run(project, "harness", "watch", "films", name, "--out", f"{name}.webp")
        assert told.returncode == 0, told.stdout
        assert told.stdout.startswith(f"{name} · linear · random_search · seed 0, score ")
        with Image.open(project / f"{name}.webp") as film:
            assert getattr(film, "n_frames", 1) >= least
    told = run(project, "harness", "watch", "films", "CartPole-v1", "--out", "nowhere/film.webp")
    assert (told.returncode, told.stdout) == (2, "error: --out nowhere/film.webp: there is no such folder\n")


def test_a_gradient_free_job_imports_nothing_heavy(project: Path) -> None:
    words = ["job", "--spec", CELL.to_json(), "--first", "5", "--last", "5"]
    program = (
        "import json, sys; from harness.cli import main; status = main(json.loads(sys.argv[1])); "
        "print(json.dumps([status, sorted(name for name in sys.modules if '.' not in name)]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, json.dumps(words)], cwd=project, capture_output=True, text=True, check=True
    )
    status, modules = json.loads(told.stdout.splitlines()[-1])
    assert status == 0
    assert "numba" in modules
    heavy = {"torch", "mlflow", "pandas", "matplotlib", "seaborn", "gymnasium", "snakemake", "PIL"}
    assert heavy.intersection(modules) == set()


def test_the_commands_of_this_file_left_nothing_in_the_project() -> None:
    assert not list(ROOT.glob("*.webp"))
    assert not (ROOT / "algorithms/lawless.py").exists()


LONG = {"name": ["verify", "x" * 300], "path": ["compare", "smoke", "--against", "x/" * 3000]}


@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
def test_a_name_longer_than_a_file_may_have_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_full_disk_is_one_line_and_an_unforeseen_fault_stays_a_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(number: int) -> Callable[[argparse.Namespace], int]:
        def act(options: argparse.Namespace) -> int:
            raise OSError(number, os.strerror(number), "results/x")

        return act

    monkeypatch.setattr("harness.cli.stages.make_figures", fails(errno.ENOSPC))
    assert main(["figures", "smoke"]) == 1
    assert capsys.readouterr().err == "error: results/x: No space left on device\n"
    monkeypatch.setattr("harness.cli.stages.make_figures", fails(errno.EIO))
    with pytest.raises(OSError, match="results/x"):
        main(["figures", "smoke"])
