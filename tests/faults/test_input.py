"""Whatever is written in a YAML file: it is read, or refused with file, key and reason; nothing is written.

Every kind of document in `documents.py`: 100 of each by default, 2 000 of each with `slow_fault`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import small_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults.documents import ENVIRONMENTS, KINDS, documents
from harness import grid, workflow
from harness.bundle.citation import load_citation
from harness.errors import InputError
from harness.spec import load_environments
from harness.study import load_study
from harness.tuned import load_draws

QUICK = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
PLACE = re.compile(  # file, then perhaps a line, then perhaps a path of keys
    r"(envs\.yaml|claims\.yaml|CITATION\.cff|(studies|tuned)/([\w-]+\.(yaml|csv))?)(:[0-9]+)?(: [^ :]\S*( × \S+){0,2})?"
)


def read_everything(folder: Path) -> None:
    """All that a study, its settings, the claims on it and its bundle are made from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "ROOT", folder)
        opened = workflow.open_study("mine")
    for tuned in opened.study.tuned:
        load_draws(folder, tuned.file)
    load_citation(folder)


def check_document(folder: Path, kind: str, text: str) -> None:
    """It is read, or refused by place and reason; nothing is written either way."""
    KINDS[kind].write(folder, text)
    before = {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}
    try:
        read_everything(folder)
    except InputError as fault:
        told = str(fault)
        assert any(PLACE.fullmatch(told[:end]) and told[end + 2 :] for end in separators(told)), told
        assert told.isprintable()
    assert {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")} == before


def separators(told: str) -> list[int]:
    """Where the place may end."""
    return [found.start() for found in re.finditer(": ", told)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_unchanged_document_of_every_kind_is_read(tmp_path: Path, kind: str) -> None:
    read_everything(KINDS[kind].write(tmp_path))


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_100_changed_documents_are_read_or_refused_with_a_reason(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    check_document(tmp_path, kind, data.draw(documents(KINDS[kind].text)))


@pytest.mark.slow_fault
@pytest.mark.parametrize("kind", KINDS)
@LONG
@given(data=st.data())
def test_2000_changed_documents_are_read_or_refused_with_a_reason(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    check_document(tmp_path, kind, data.draw(documents(KINDS[kind].text)))


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


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("citation", 'title: "A benchmark"', "title: [1]", "CITATION.cff:2: title: expected text"),
        ("citation", "authors:", "authors: 3\nx:", "CITATION.cff:5: authors: expected a list"),
        ("citation", "authors:", "x:", "CITATION.cff:1: missing: authors"),
        ("citation", "{given-names: Ada, family", "{family", "CITATION.cff:7: authors[1]: missing: given-names"),
        ("citation", "Ada, family-names: Lovelace", "The, family-names: authors", "CITATION.cff:7: authors[1]: 'The "),
        ("citation", "2026-11-22", "tomorrow", "CITATION.cff:9: date-released: expected text such as"),
        ("tuned settings", '["Pole"]', "[]", "tuned/earlier.yaml:10: each[0].environments: expected a list"),
        ("tuned settings", '"earlier"', f'"{"x" * 300}"', "tuned/earlier.yaml:1: study: this is the file of earlier"),
        ("tuned settings", "seeds: 3", "seeds: -3", "tuned/earlier.yaml:4: seeds: expected an integer from 1"),
        ("tuned settings", "0.05", "-0.05", "tuned/earlier.yaml:17: each[0].settings.noise: noise must be positive"),
        ("tuned settings", '"ars"\n    draw', '"os"\n    draw', "studies/mine.yaml:7: tuned: ars is not what tuned"),
        ("study with tuned settings", "earlier", "../studies/mine", "studies/mine.yaml:7: tuned.study: the name "),
        ("study with tuned settings", "earlier", "x" * 300, "studies/mine.yaml:7: tuned.study: the name "),
        ("union", "[one, two]", "3", "studies/mine.yaml:3: parts: expected a list"),
        ("union", "[one, two]", "[one, one]", "studies/mine.yaml:3: parts[1]: 'one' stands in this list already"),
        ("laboratory", "updates: 2", "updates: 1", "studies/mine.yaml:17: laboratory[0].updates: expected an integer"),
        ("claims", "[mine, other]", "[mine, a b]", "claims.yaml:1: studies[1]: the name 'a b' is not safe"),
        ("claims", "margin: 0.1", "margin: x", "claims.yaml:11: claims.search.margin: expected a number"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_file_line_and_key(tmp_path: Path, kind: str, old: str, new: str, told: str) -> None:
    assert old in KINDS[kind].text
    with pytest.raises(InputError) as fault:
        read_everything(KINDS[kind].write(tmp_path, KINDS[kind].text.replace(old, new)))
    assert str(fault.value).startswith(told)
