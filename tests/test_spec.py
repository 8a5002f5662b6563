"""Laws of validation: a fault in a user's file is one InputError that names file, line, key and nearest word."""

import os
import sys
from dataclasses import dataclass, field
from importlib import invalidate_caches
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import small_project as project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import algorithms
from harness import grid, names, plugins, schema, strict_yaml
from harness.errors import InputError
from harness.fit import check_fits
from harness.node import Node
from harness.settings import complete, make
from harness.spec import load_environments
from harness.study import load_study, resolved
from harness.study_file import StudyFile


@pytest.fixture(autouse=True)
def _program(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    project.add_program(folder, monkeypatch)


def refusal(action, *arguments):
    with pytest.raises(InputError) as caught:
        action(*arguments)
    return str(caught.value)


# Environments


def test_an_environment_holds_what_is_written_and_the_defaults(tmp_path):
    pole = load_environments(project.write(tmp_path))["Pole"]
    assert (pole.engine, pole.problem, pole.horizon, pole.budget, pole.solved) == (
        "compiled", "cartpole", 500, 20000, 90.0,
    )  # fmt: skip
    assert pole.targets == (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
    assert (pole.scores.random, pole.scores.reference) == (9.0, 500.0)
    assert (pole.options, pole.clip, pole.fresh, pole.program) == ({}, True, False, "push")


ENVIRONMENT_FAULTS = {
    "unknown key": ("horizon: 500", "horizn: 500", "envs.yaml:5: Pole.horizn: unknown key", "did you mean 'horizon'"),
    "missing key": ("  solved: 90\n", "", "envs.yaml:1: Pole: missing: solved", ""),
    "word for a number": ("budget: 20000", "budget: many", "envs.yaml:6: Pole.budget: expected an integer", "'many'"),
    "float for an integer": ("budget: 20000", "budget: 2e4", "envs.yaml:6: Pole.budget", "(write 20000)"),
    "out of range": ("horizon: 500", "horizon: 0", "envs.yaml:5: Pole.horizon", "from 1 to 1000000"),
    "bool for an integer": ("horizon: 500", "horizon: true", "envs.yaml:5: Pole.horizon", "an integer"),
    "unknown engine": ("engine: compiled", "engine: compild", "envs.yaml:2: Pole.engine", "did you mean 'compiled'"),
    "unknown problem": ("cartpole", "cartpol", "envs.yaml:3: Pole.problem", "did you mean 'cartpole'"),
    "unknown program": ("push", "pusch", "envs.yaml:10: Pole.program", "did you mean 'push'"),
    "nine targets": (", 100]", "]", "envs.yaml:8: Pole.targets: has 9 numbers, and needs at least 10", ""),
    "equal targets": ("90, 100", "90, 90", "envs.yaml:8: Pole.targets", "number 9 is 90.0, number 10 is 90.0"),
    "solved is no target": ("solved: 90", "solved: 95", "envs.yaml:1: Pole", "solved, 95.0, is none of the targets"),
    "word in a list": ("90, 100", "90, x", "envs.yaml:8: Pole.targets[9]", "expected a number"),
    "no scale": ("reference: 500", "reference: 9", "envs.yaml:7: Pole.scores", "better than the random"),
    "compiled without problem": ("  problem: cartpole\n", "", "envs.yaml:1: Pole", "needs `problem`"),
    "gymnasium without id": ("engine: compiled\n  problem: pendulum", "engine: gymnasium", "envs.yaml:11: Swing", "id"),
    "unsafe name": ("Pole:", "../Pole:", "envs.yaml:1: ", "not safe"),
    "names equal up to case": ("Swing:", "pole:", "envs.yaml:11: pole", "Pole and pole differ only"),
    "id that imports": ("CartPole-v1", "mine:Pole-v1", "envs.yaml:4: Pole.gymnasium", "mine:Pole-v1 names a module"),
    "YAML's no": ("  horizon: 500", "  clip: no\n  horizon: 500", "envs.yaml:5: Pole.clip", "true or false"),
    "mapping for a list": ("targets: [10", "targets: {a: 1}\n  x: [10", "envs.yaml:9: Pole.x", "unknown key"),
}


@pytest.mark.parametrize("name", ENVIRONMENT_FAULTS)
def test_a_faulty_environment_is_refused_with_file_line_and_key(tmp_path, name):
    old, new, place, reason = ENVIRONMENT_FAULTS[name]
    assert project.ENVIRONMENTS.count(old) >= 1
    project.write(tmp_path, environments=project.ENVIRONMENTS.replace(old, new, 1))
    message = refusal(load_environments, tmp_path)
    assert message.startswith(place) and reason in message, message


# Studies

FAST, WIDE = ":7: algorithms.fast", ":9: policies.wide"
STUDY_FAULTS = {
    "unknown key": ("seeds: 3", "sedes: 3", "studies/mine.yaml:3: sedes: unknown key", "did you mean 'seeds'"),
    "missing key": ("question: Which?\n", "", "studies/mine.yaml:1: missing: question", ""),
    "no seeds": ("seeds: 3", "seeds: 0", "studies/mine.yaml:3: seeds", "from 1 to 10000"),
    "too many seeds": ("seeds: 3", "seeds: 10001", "studies/mine.yaml:3: seeds", "from 1 to 10000"),
    "unknown algorithm file": ("algorithm: ars", "algorithm: asr", f"{FAST}.algorithm", "did you mean 'ars'"),
    "unknown structure": ("structure: mlp", "structure: mpl", f"{WIDE}.structure", "did you mean 'mlp'"),
    "unknown setting": ("step_size: 1", "stepsize: 1", f"{FAST}.settings.stepsize", "did you mean 'step_size'"),
    "required field as setting": ("step_size: 1", "policy: 1", f"{FAST}.settings.policy: unknown key", "allowed"),
    "wrong type": ("step_size: 1", "step_size: small", f"{FAST}.settings.step_size", "expected a number"),
    "float for an integer": ("top: 4", "top: 4.5", f"{FAST}.settings.top: expected an integer, found 4.5", ""),
    "word in a tuple": ("[32, 32]", "[32, x]", f"{WIDE}.settings.widths[1]", "expected an integer"),
    "number for a tuple": ("[32, 32]", "32", f"{WIDE}.settings.widths: expected a list, each an integer", "found 32"),
    "settings as a list": ("{step_size: 1, top: 4}", "[1]", f"{FAST}.settings", "a mapping"),
    "unknown label": ("[fast, ars]", "[fst, ars]", ":13: grids[0].algorithms[0]", "did you mean 'fast'"),
    "unknown policy": ("[linear, wide]", "[liner]", ":12: grids[0].policies[0]", "did you mean 'linear'"),
    "unknown environment": ("[Pole, Swing]", "[pole]", ":11: grids[0].environments[0]", "did you mean 'Pole'"),
    "empty list": ("[fast, ars]", "[]", ":13: grids[0].algorithms", "at least one entry"),
    "word for a list": ("[fast, ars]", "ars", ":13: grids[0].algorithms", "a list"),
    "number as label": ("[fast, ars]", "[7]", ":13: grids[0].algorithms[0]", "expected text"),
    "label of another plug-in": ("fast: {", "ppo: {", ":7: algorithms.ppo", "another plug-in"),
    "label up to case": ("fast: {", "ARS: {", ":7: algorithms.ARS", "upper and lower case"),
    "label as path": ("fast: {", "../../fast: {", ":7: algorithms.", "not safe"),
    "never evaluated": ("every: 1000", "every: 0", ":5: evaluation", "at least 1"),
    "every does not divide": ("every: 1000", "every: 7000", ":11: grids[0]", "7000 does not divide the budget 20000"),
    "empty title": ("A small study", "''", ":1: title: expected text in one line of 1 to 120 characters", "found ''"),
    "blank title": ("A small study", "' '", ":1: title", "1 to 120 characters"),
    "endless title": ("A small study", "x" * 121, ":1: title", "1 to 120 characters"),
    "endless question": ("Which?", "x" * 2001, ":2: question", "of 1 to 2000 characters"),
    "the same grid twice": (
        "    algorithms: [fast, ars]\n",
        "    algorithms: [fast, ars]\n"
        "  - {algorithms: [ars, fast], policies: [wide, linear], environments: [Swing, Pole]}\n",
        ":14: grids[1]",
        "is the grid of line 11 again",
    ),
    "no program": ("[linear, wide]", "[program]", ":11: grids[0]", "Swing has no program"),
    "no grid": (
        project.STUDY[project.STUDY.index("grids:") :],
        "grids: []\n",
        ":10: grids",
        "expected a list with at least one entry, found an empty list",
    ),
}


@pytest.mark.parametrize("name", STUDY_FAULTS)
def test_a_faulty_study_is_refused_with_file_line_and_key(tmp_path, name):
    old, new, place, reason = STUDY_FAULTS[name]
    assert project.STUDY.count(old) == 1
    message = refusal(project.planned, project.write(tmp_path, project.STUDY.replace(old, new)))
    assert message.startswith("studies/mine.yaml") and place in message and reason in message, message


def test_an_unknown_study_is_refused_with_the_nearest_one(tmp_path):
    project.write(tmp_path)
    assert "did you mean 'mine'" in refusal(load_study, tmp_path, "mne")
    assert "unknown study" in refusal(load_study, tmp_path, "../studies/mine")


def test_settings_are_complete_and_typed(tmp_path):
    fast, plain = load_study(project.write(tmp_path), "mine").grids[0].algorithms
    assert type(fast.settings["step_size"]) is float and fast.settings["step_size"] == 1.0
    assert fast.settings["top"] == 4
    assert set(fast.settings) == set(plain.settings) and "policy" not in plain.settings
    assert load_study(tmp_path, "mine").grids[0].policies[1].settings["widths"] == (32, 32)


def test_a_program_that_is_written_for_other_observations_does_not_fit(tmp_path):
    environments = project.ENVIRONMENTS + "  program: push\n"
    project.write(tmp_path, project.STUDY.replace("[linear, wide]", "[program]"), environments)
    planned = project.planned(tmp_path)
    assert {one.cell.policy.file for one in planned} == {"programs.push"}
    check_fits(one for one in planned if one.cell.environment.name == "Pole")
    message = refusal(check_fits, planned)
    assert message.startswith("studies/mine.yaml:11: grids[0]: Swing × program × fast: push is written for 4"), message


def test_an_exact_gradient_is_refused_where_the_truth_is_unknown(tmp_path):
    project.write(tmp_path, project.STUDY.replace("[fast, ars]", "[exact_gradient]"))
    assert "Pole × linear × exact_gradient: " in refusal(check_fits, project.planned(tmp_path))


def test_a_gymnasium_id_that_does_not_exist_is_named(tmp_path):
    entry = project.ENVIRONMENTS.replace("engine: compiled\n  problem: cartpole", "engine: gymnasium", 1)
    project.write(tmp_path, environments=entry.replace("CartPole-v1", "CartPole-v77"))
    message = refusal(check_fits, project.planned(tmp_path))
    assert message.startswith("envs.yaml: Pole: Gymnasium cannot make CartPole-v77")


# Plug-ins

BROKEN = {
    "raises": ('"""Broken."""\n\nvalue = 1 / 0\n', "mine.py:3: raises ZeroDivisionError when it is imported"),
    "syntax": ("value = (\n", "mine.py:1: raises SyntaxError"),
    "empty": ("", "mine.py: holds no frozen dataclass named Mine"),
    "import": ("\nimport no_such_package\n", "mine.py:2: raises ModuleNotFoundError"),
    "not frozen": ("from dataclasses import dataclass\n@dataclass\nclass Mine:\n    x: int\n", "no frozen dataclass"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_names_itself_and_its_line(tmp_path, monkeypatch, name):
    text, reason = BROKEN[name]
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(algorithms, "__path__", [*algorithms.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "algorithms.mine", raising=False)
    invalidate_caches()
    assert reason in refusal(plugins.load, "algorithms", "mine")


def test_plugins_are_found_by_name_without_importing_them(tmp_path, monkeypatch):
    (tmp_path / "never.py").write_text("raise SystemExit")
    (tmp_path / "_private.py").write_text("")
    monkeypatch.setattr(algorithms, "__path__", [*algorithms.__path__, str(tmp_path)])
    assert "never" in plugins.names("algorithms") and "_private" not in plugins.names("algorithms")
    assert plugins.load("algorithms", "ars").__name__ == "Ars"
    assert "did you mean 'ars'" in refusal(plugins.load, "algorithms", "asr")


@dataclass(frozen=True)
class Picky:
    policy: Any
    step_size: float = 0.1
    rounds: int = 1
    limit: float = float("inf")

    def __post_init__(self):
        if self.step_size <= 0:
            raise ValueError("step_size must be positive")
        if self.rounds > 9:
            raise RuntimeError("worn out")


def test_a_refused_value_is_named_at_its_line(monkeypatch):
    monkeypatch.setattr(plugins, "load", lambda room, name: Picky)
    given = strict_yaml.parse("rounds: 1\nstep_size: -1\n", "s.yaml")
    message = refusal(make, "algorithms", "ars", given, {"policy": None}, {"rounds": 1, "step_size": -1.0})
    assert message == "s.yaml:2: step_size: step_size must be positive"
    assert "raises RuntimeError when it is made" in refusal(
        make, "algorithms", "ars", given, {"policy": None}, {"rounds": 10}
    )
    assert "limit of ars is not finite" in refusal(complete, "algorithms", "ars", given)


# Schemas


@dataclass(frozen=True)
class Everything:
    flag: bool = False
    count: int = 0
    size: float = 0.0
    word: str = ""
    kind: Literal["none", "value", 3] = "none"
    numbers: tuple[int, ...] = ()
    pair: tuple[int, str] = (0, "")
    maybe: int | None = None
    either: float | Literal["auto"] = "auto"
    share: Annotated[float, schema.between(0, 1)] = 0.5
    table: dict[str, float] = field(default_factory=dict)
    free: Any = None


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("flag: true", True),
        ("count: 3", 3),
        ("size: 3", 3.0),
        ("size: 1e-3", 0.001),
        ("word: no", "no"),
        ("kind: value", "value"),
        ("kind: 3", 3),
        ("numbers: [1, 2]", (1, 2)),
        ("numbers: []", ()),
        ("pair: [1, a]", (1, "a")),
        ("maybe: null", None),
        ("maybe: 3", 3),
        ("either: auto", "auto"),
        ("either: 2", 2.0),
        ("share: 1", 1.0),
        ("table: {a: 1}", {"a": 1.0}),
        ("free: {a: [1, {b: x}]}", {"a": (1, {"b": "x"})}),
    ],
)
def test_a_fitting_value_becomes_its_annotated_type(text, meaning):
    found = getattr(schema.read(strict_yaml.parse(text, "f"), Everything), text.split(":")[0])
    assert found == meaning and type(found) is type(meaning)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("flag: 1", "expected true or false, found 1"),
        ("flag: True", "expected true or false, found 'True'"),
        ("count: true", "expected an integer, found True"),
        ("count: 1.5", "expected an integer, found 1.5"),
        ("count: 3e5", "found 300000.0 (write 300000)"),
        ("count:", "expected an integer, found nothing"),
        ("count: 010", "expected an integer, found '010'"),
        ("size: true", "expected a number, found True"),
        ("size: .inf", "expected a number, found '.inf'"),
        ("word: 3", "expected text, found 3"),
        ("kind: valu", "unknown word 'valu'; allowed: none, value, 3; did you mean 'value'?"),
        ("kind: [a]", "unknown word"),
        ("numbers: [1, [2]]", "numbers[1]: expected an integer, found a list"),
        ("pair: [1]", "a list of 2, found 1"),
        ("maybe: x", "expected an integer, found 'x'"),
        ("either: fast", "expected a number or auto, found 'fast'"),
        ("share: 1.5", "expected a number from 0 to 1, found 1.5"),
        ("table: {a: x}", "table.a: expected a number"),
        ("table: [a]", "expected a mapping"),
        ("cuont: 1", "unknown key; allowed: flag, count"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_is_allowed(text, reason):
    assert reason in refusal(schema.read, strict_yaml.parse(text, "f"), Everything)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "/abs", "a/b", "a\\b", "a b", "a\0", "a\n", "a;b", "$(a)", "'a'", "é", "x" * 65),
        *("-a", "_a", ".a", "a.", "CON", "con", "nul.txt", "COM1", "lpt9.a.b", "{a}", "a*"),
    ],
)
def test_a_name_that_is_not_safe_as_a_path_is_refused(name):
    assert "not safe" in refusal(names.check_name, Node(None, "f", 3), name)


@pytest.mark.parametrize("name", ["a", "0", "CartPole-v1", "a.b_c-d", "x" * 64, "console", "com10", "ars-v1-t"])
def test_a_safe_name_is_allowed(name):
    names.check_name(Node(None, "f"), name)


# Anything at all

WORDS = st.sampled_from(
    [
        *("title", "question", "seeds", "block", "evaluation", "every", "episodes", "grids", "algorithms", "policies"),
        *("environments", "settings", "algorithm", "structure", "budget", "linear", "ars", "Pole", "program", "CON"),
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(allow_nan=False), WORDS, st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["title", "question", "seeds", "block", "evaluation", "grids", "algorithms", "policies"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FIELDS, VALUES)
def test_a_study_with_any_value_anywhere_is_read_or_is_an_input_error(tmp_path, key, value):
    project.write(tmp_path)
    data = strict_yaml.parse(project.STUDY, "studies/mine.yaml")
    entries = {**data.value, key: Node.of(value, "studies/mine.yaml", key)}
    try:
        resolved("mine", schema.read(Node(entries, "studies/mine.yaml", 1), StudyFile))
    except InputError as fault:
        assert str(fault).startswith("studies/mine.yaml") and key in str(fault)


UNION = """\
title: Both
question: What do they say together?
parts: [mine, other]
"""


def union(folder: Path, block: int = 2, text: str = UNION) -> Path:
    """A project whose study `both` is made of `mine` and of another one like it, in such blocks."""
    project.write(folder)
    mine = (folder / "studies" / "mine.yaml").read_text()
    (folder / "studies" / "other.yaml").write_text(mine.replace("block: 2", f"block: {block}"))
    (folder / "studies" / "both.yaml").write_text(text)
    return folder


def test_a_union_has_the_cells_of_its_parts_once(tmp_path: Path) -> None:
    folder = union(tmp_path)
    environments = load_environments(folder)
    both, mine = load_study(folder, "both"), load_study(folder, "mine")
    assert both.parts == ("mine", "other") and len(both.grids) == 2 * len(mine.grids)
    cells = [planned.cell for planned in grid.plan(both, environments)]
    assert cells == [planned.cell for planned in grid.plan(mine, environments)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (UNION.replace("other", "othr"), "did you mean 'other'?"),
        (UNION.replace("other", "both"), "both has parts itself"),
        (UNION.replace("mine, other", "mine, mine"), "'mine'"),
        (UNION.replace("[mine, other]", "[]"), "parts"),
        (UNION + "seeds: 3\n", "seeds"),
    ],
)
def test_a_union_that_cannot_be_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in refusal(load_study, union(tmp_path, text=text), "both")


def test_parts_with_other_blocks_cannot_share_their_jobs(tmp_path: Path) -> None:
    assert "blocks of 7 seeds" in refusal(load_study, union(tmp_path, block=7), "both")


def test_a_pipe_in_place_of_a_study_is_refused_and_never_waited_for(tmp_path):
    project.write(tmp_path)
    os.mkfifo(tmp_path / "studies" / "pipe.yaml")
    assert "studies/pipe.yaml: cannot be read" in refusal(load_study, tmp_path, "pipe")


def test_a_label_that_stands_in_no_grid_is_known_by_name(tmp_path):
    more = project.STUDY.replace("policies:\n", "  slow: {algorithm: ars}\npolicies:\n  thin: {structure: linear}\n", 1)
    assert load_study(project.write(tmp_path, more), "mine").unused == ("slow", "thin")
    assert load_study(project.write(tmp_path), "mine").unused == ()


def test_a_perceptron_without_hidden_layers_is_allowed_and_is_linear_with_bias_36_parameters_for_8_to_4(tmp_path):
    widths = project.STUDY.replace("[32, 32]", "[]")
    (wide,) = load_study(project.write(tmp_path, widths), "mine").grids[0].policies[1:]
    assert wide.settings["widths"] == ()
    assert plugins.load("policies", "mlp")(inputs=8, outputs=4, seed=0, widths=()).dim == 8 * 4 + 4
