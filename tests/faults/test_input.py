"""Whatever is written in a YAML file or on the command line: never a traceback or half a file, always a reason.

Documents are the project's own with anything anywhere changed, as trees and as text; command lines are words that mean
something in any order, and words that mean nothing. 200 of each by default, 2 000 with `slow_fault`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_project
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness
from harness import grid
from harness.cli import main
from harness.errors import InputError
from harness.fit import check_fits
from harness.plugins import ROOT
from harness.spec import load_environments
from harness.study import load_study

ENVIRONMENTS = small_project.ENVIRONMENTS.replace("  program: push\n", "")
BASES = {"envs.yaml": ENVIRONMENTS, "studies/mine.yaml": small_project.STUDY}
HOSTILE = [
    "../../etc",
    "/etc/passwd",
    "CON",
    "a b",
    "a;b",
    "$(id)",
    "`id`",
    "",
    ".",
    "..",
    "é",
    "x" * 300,
    "a\x07",
    "-x",
    "~",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(HOSTILE),
    st.sampled_from(["linear", "mlp", "ars", "Pole", "program", "cartpole", "compiled", "gymnasium", "CartPole-v1"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a tree."""
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@st.composite
def changed_trees(draw: Any, base: str) -> str:
    """The document with one to three values replaced, removed, renamed or doubled."""
    tree = yaml.safe_load(base)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted((p for p in places(tree) if p), key=str)))
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        act = draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "double"]))
        if act == "remove":
            del parent[path[-1]]
        elif act == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(HOSTILE) | st.text(max_size=6))] = parent.pop(path[-1])
        elif act == "double" and isinstance(parent, list):
            parent.append(parent[path[-1]])
        else:
            parent[path[-1]] = draw(VALUES)
        if not tree:
            break
    return str(yaml.dump(tree, allow_unicode=True, default_flow_style=draw(st.booleans())))


@st.composite
def changed_texts(draw: Any, base: str) -> str:
    """The text with one to four pieces cut, doubled or overwritten."""
    text = base
    marks = st.sampled_from(
        [
            ":",
            "-",
            "[",
            "]",
            "{",
            "}",
            "&a",
            "*a",
            "!!python/name:os.system",
            "\t",
            "---",
            "#",
            '"',
            "\n",
            " ",
            "%",
            "|",
        ]
    )
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        piece = draw(st.one_of(st.just(""), marks, st.text(max_size=4), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    return text


def check_document(folder: Path, name: str, text: str) -> None:
    """It is read, or refused by file and reason; nothing is written either way."""
    small_project.write(folder, environments=ENVIRONMENTS)
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    before = sorted(folder.rglob("*"))
    try:
        environments = load_environments(folder)
        check_fits(grid.plan(load_study(folder, "mine"), environments))
    except InputError as fault:
        place, _, reason = str(fault).partition(": ")
        assert place.partition(":")[0] in (*BASES, f"{folder}/{name}", "studies/"), fault
        assert reason
        assert "\n" not in str(fault)
    assert sorted(folder.rglob("*")) == before


QUICK = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
DOCUMENTS = st.sampled_from(sorted(BASES)).flatmap(
    lambda name: st.tuples(st.just(name), changed_trees(BASES[name]) | changed_texts(BASES[name]))
)


@QUICK
@given(DOCUMENTS)
def test_100_changed_documents_are_read_or_refused_with_a_reason(tmp_path: Path, document: tuple[str, str]) -> None:
    check_document(tmp_path, *document)


@pytest.mark.slow_fault
@settings(LONG, max_examples=2000)
@given(DOCUMENTS)
def test_2000_changed_documents_are_read_or_refused_with_a_reason(tmp_path: Path, document: tuple[str, str]) -> None:
    check_document(tmp_path, *document)


COMMANDS = [
    "list",
    "run",
    "watch",
    "check",
    "sync",
    "mirror",
    "ui",
    "verify",
    "explain",
    "export",
    "publish",
    "compare",
    "job",
    "tables",
    "figures",
    "report",
]
OPTIONS = [
    "--seed",
    "--budget",
    "--set",
    "--out",
    "--settle",
    "--parent",
    "--port",
    "--sample",
    "--all",
    "--jobs",
    "--against",
    "--check",
    "--spec",
    "--first",
    "--last",
    "--help",
]
MEANINGFUL = [
    "mine",
    "Pole",
    "Swing",
    "linear",
    "mlp",
    "ars",
    "reinforce",
    "algorithms/ars.py",
    "policies/linear.py",
    "environments/cartpole.py",
]
OTHERS = [
    "0",
    "1",
    "-1",
    "1e9",
    "nan",
    "99999999999999999999",
    "step_size=0.1",
    "step_size=",
    "=",
    "{}",
    '{"environment": 1}',
    "[]",
    "null",
]
ARGUMENTS = st.tuples(
    st.sampled_from(COMMANDS) | st.text(st.characters(exclude_characters="\0"), max_size=5),
    st.lists(
        st.sampled_from([*OPTIONS, *MEANINGFUL, *MEANINGFUL, *OTHERS, *HOSTILE])
        | st.text(st.characters(exclude_characters="\0"), max_size=6),
        max_size=6,
    ),
).map(lambda words: [words[0], *words[1]])


class Reached(Exception):
    """A command line was good and its work began."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of two files as the only one there is; no work of more than a moment is done in it."""
    folder = small_project.write(tmp_path_factory.mktemp("project"), environments=ENVIRONMENTS)
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)

    def reached(*_: Any, **__: Any) -> Any:
        raise Reached

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("harness") and getattr(module, "ROOT", None) == ROOT:
                patch.setattr(module, "ROOT", folder)
        for place in (
            "harness.assembly.assemble",
            "harness.job.run_block",
            "harness.cost.core_seconds",
            "subprocess.run",
            "harness.tracking.mirror.sync",
            "harness.tracking.mirror.settle",
            "harness.tracking.mirror.follow",
            "harness.contract.algorithms.check",
            "harness.contract.policies.check",
            "harness.contract.environments.check",
            "harness.tables.write_tables",
        ):
            patch.setattr(place, reached)
        patch.chdir(folder)
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
        assert "error: " in err.getvalue(), words
        assert len(err.getvalue().rsplit("error: ", 1)[1]) > 5
        assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before, words


@QUICK
@given(ARGUMENTS)
def test_100_command_lines_work_or_are_refused_with_a_reason(project: Path, words: list[str]) -> None:
    check_command(project, words)


@pytest.mark.slow_fault
@settings(LONG, max_examples=2000)
@given(ARGUMENTS)
def test_2000_command_lines_work_or_are_refused_with_a_reason(project: Path, words: list[str]) -> None:
    check_command(project, words)


@pytest.mark.parametrize("link", ["studies/mine.yaml", "envs.yaml"])
def test_a_link_to_a_file_that_is_not_yaml_is_refused(tmp_path: Path, link: str) -> None:
    small_project.write(tmp_path, environments=ENVIRONMENTS)
    (tmp_path / link).unlink()
    (tmp_path / link).symlink_to("/etc/passwd")
    with pytest.raises(InputError, match=link):
        grid.plan(load_study(tmp_path, "mine"), load_environments(tmp_path))
    (tmp_path / link).unlink()
    (tmp_path / link).symlink_to(tmp_path / link)
    with pytest.raises(InputError, match=link.partition("/")[0]):
        grid.plan(load_study(tmp_path, "mine"), load_environments(tmp_path))


def test_a_study_is_looked_for_in_its_folder_alone(tmp_path: Path) -> None:
    small_project.write(tmp_path, environments=ENVIRONMENTS)
    shutil.copy(tmp_path / "studies/mine.yaml", tmp_path / "outside.yaml")
    for name in ("../outside", str(tmp_path / "outside"), "mine/../../outside", "./mine", "mine.yaml"):
        with pytest.raises(InputError, match="studies/"):
            load_study(tmp_path, name)
