"""The setting of a study: environments, evaluation, structures and algorithms with all their settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.cell import Cell, Part
from harness.figures.load import Anchors, Tables, anchors
from harness.figures.order import algorithm_order, count, policy_order
from harness.figures.style import sorted_families
from harness.report.blocks import Block, Bullets, Table, Text, plain_table
from harness.report.phrases import NOTHING, counted, number, steps
from harness.spec import Environment

COLUMNS = ("environment", "horizon", "budget", "random", "reference", "solved", "structures (parameters P)")


def setting(environments: Mapping[str, Environment], cells: Sequence[Cell], tables: Tables) -> tuple[Block, ...]:
    """Blocks of the section; without cells the settings of the plug-ins are left out."""
    runs, frozen = tables.runs, anchors(tables.targets)
    if runs.empty:
        return (Text("The study asks for no run."),)
    groups = {str(name): group for name, group in runs.groupby("environment")}
    rows = [_environment(name, group, environments[name], frozen.get(name)) for name, group in groups.items()]
    sources = tuple(("", f"{name}: {environments[name].scores.source}.") for name in groups)
    return (
        Text(" ".join((_size(runs), *_charged(runs), *_protocols(cells)))),
        plain_table("Environments; budgets in steps, scores are undiscounted returns.", COLUMNS, "lrrrrrl", rows),
        Text("Where the reference scores come from", strong=True),
        Bullets(sources),
        plain_table("Algorithms, and in how many cells each ran.", ("family", "algorithms"), "ll", _algorithms(runs)),
        *_plug_ins(cells),
    )


def _size(runs: pd.DataFrame) -> str:
    """How many cells and seeds there are."""
    seeds = runs.groupby(["environment", "policy", "algorithm"])["seed"].nunique()
    span = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
    ends = (f"{runs['seed'].min():.0f}", f"{runs['seed'].max():.0f}")
    numbers = " to ".join(dict.fromkeys(ends))
    cells = f"{counted(len(seeds), 'cell')} (an algorithm with a structure in an environment)"
    if span == "1":
        return f"{cells}, one seed each, {'number' if runs['seed'].nunique() == 1 else 'numbered'} {numbers}."
    return f"{cells}, {span} seeds each, numbered {numbers}."


def _charged(runs: pd.DataFrame) -> list[str]:
    """How much data went into the study."""
    total = float(runs["steps"].sum())
    return [f"All runs together were charged {steps(total)} environment steps of training."] if total else []


def _protocols(cells: Sequence[Cell]) -> list[str]:
    """How often and over how many episodes policies are evaluated."""
    found: dict[tuple[int, int], list[str]] = {}
    for cell in cells:
        names = found.setdefault((cell.evaluation.every, cell.evaluation.episodes), [])
        if cell.environment.name not in names:
            names.append(cell.environment.name)
    parts = [
        f"over {counted(episodes, 'episode')} every {steps(every)} steps in {', '.join(sorted(names))}"
        for (every, episodes), names in sorted(found.items())
    ]
    return [f"Policies are evaluated {'; '.join(parts)}."] if parts else []


def _environment(name: str, runs: pd.DataFrame, entry: Environment, frozen: Anchors | None) -> tuple[str, ...]:
    """A row of the table of environments."""
    sizes = {policy: count(runs.loc[runs["policy"] == policy, "parameters"]) for policy in policy_order(runs)}
    return (
        name,
        f"{entry.horizon}",
        " or ".join(steps(budget) for budget in sorted(set(runs["budget"]))),
        *((number(value) for value in frozen) if frozen else (NOTHING,) * 3),
        ", ".join(f"{policy} ({size})" for policy, size in sizes.items()),
    )


def _algorithms(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """A row per family."""
    cells = runs[["family", "algorithm", "environment", "policy"]].drop_duplicates()
    sizes = cells["algorithm"].value_counts()
    return [
        (family, ", ".join(f"{name} ({sizes[name]})" for name in algorithm_order(cells[cells["family"] == family])))
        for family in sorted_families(runs["family"])
    ]


def _plug_ins(cells: Sequence[Cell]) -> tuple[Table, ...]:
    """The settings behind every label, defaults filled in, and where it has these if it has others elsewhere."""
    places: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for cell in cells:
        for part, policy in ((cell.policy, ""), (cell.algorithm, cell.policy.label)):
            known = places.setdefault((part.label, part.file, _settings(part)), {})
            known.setdefault(cell.environment.name, []).extend([policy] if policy else [])
    if not places:
        return ()
    often = Counter(label for label, _, _ in places)
    rows = [(*part, _where(places[part]) if often[part[0]] > 1 else "") for part in sorted(places)]
    caption = "What the labels stand for: plug-in and settings, defaults filled in."
    columns = ("label", "plug-in", "settings", "where, if not everywhere alike")
    if not any(row[-1] for row in rows):
        return (plain_table(caption, columns[:-1], "lll", [row[:-1] for row in rows]),)
    return (plain_table(caption, columns, "llll", rows),)


def _where(policies: Mapping[str, Sequence[str]]) -> str:
    """CartPole-v1: linear, mlp; LQR."""
    places = ((name, ", ".join(dict.fromkeys(labels))) for name, labels in sorted(policies.items()))
    return "; ".join(f"{name}: {labels}" if labels else name for name, labels in places)


def _settings(part: Part) -> str:
    """step_size 0.02, noise 0.03."""
    given = sorted((name, value) for name, value in part.settings.items() if value is not None)
    return ", ".join(f"{name} {_value(value)}" for name, value in given) or NOTHING


def _value(value: Any) -> str:
    """A setting as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, Mapping):
        return f"({', '.join(f'{name} {_value(one)}' for name, one in sorted(value.items()))})"
    return f"{value:g}" if isinstance(value, float) else str(value)
