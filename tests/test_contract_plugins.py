"""Every structure, every program and the environments of envs.yaml obey their laws."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from harness import plugins
from harness.contract import environments, policies
from harness.spec import load_environments

STRUCTURES = (
    *plugins.names("policies"),
    *(f"programs.{name}" for name in plugins.names("policies.programs")),
)
COMPILED = tuple(name for name, entry in load_environments(plugins.ROOT).items() if entry.engine == "compiled")
GYMNASIUM = ("BipedalWalker-v3", "Swimmer-v5", "Reacher-v5")


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("law", policies.LAWS, ids=lambda law: law.__name__)
def test_structure_obeys(law: Callable[..., None], name: str) -> None:
    law(policies.fitting(name))


@pytest.mark.parametrize("name", [*COMPILED, *GYMNASIUM])
@pytest.mark.parametrize("law", environments.LAWS, ids=lambda law: law.__name__)
def test_environment_obeys(law: Callable[..., None], name: str) -> None:
    law(name)


def test_a_walker_that_is_not_fresh_depends_on_its_past(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = load_environments(plugins.ROOT)
    assert entries["BipedalWalker-v3"].fresh
    stale = {"BipedalWalker-v3": dataclasses.replace(entries["BipedalWalker-v3"], fresh=False)}
    monkeypatch.setattr(environments, "load_environments", lambda root: stale)
    for function in (environments._world, environments._engine):
        function.cache_clear()
    (verdict,) = [one for one in environments.check("BipedalWalker-v3") if one.law.startswith("equal requests")]
    for function in (environments._world, environments._engine):
        function.cache_clear()
    assert not verdict.holds
    assert "fresh: true" in verdict.seen


@pytest.mark.parametrize(
    ("name", "change", "broken", "seen"),
    [
        ("Swimmer-v5", {"gymnasium": "Swimer-v5"}, ["the space can be used"], "Swimer"),
        ("Pendulum-v1", {"program": "acrobot_pump"}, ["its program fits"], "(policies/programs/acrobot_pump.py:"),
    ],
)
def test_one_fault_of_an_entry_is_one_broken_law(
    monkeypatch: pytest.MonkeyPatch, name: str, change: dict[str, str], broken: list[str], seen: str
) -> None:
    entry = dataclasses.replace(load_environments(plugins.ROOT)[name], **change)  # type: ignore[arg-type]
    monkeypatch.setattr(environments, "load_environments", lambda root: {name: entry})
    for function in (environments._world, environments._engine):
        function.cache_clear()
    verdicts = environments.check(name)
    for function in (environments._world, environments._engine):
        function.cache_clear()
    assert [verdict.law for verdict in verdicts if not verdict.holds] == broken
    assert seen in next(verdict.seen for verdict in verdicts if not verdict.holds)
    assert len(verdicts) == (1 if broken == ["the space can be used"] else len(environments.LAWS))
