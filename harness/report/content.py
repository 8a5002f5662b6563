"""What a report says: sections made from the tables of a study, the same for HTML and PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.figures import FIGURES
from harness.figures.load import Tables, anchors
from harness.figures.panels import algorithm_order, count, policy_order
from harness.report import findings, methods
from harness.report.animation import Film
from harness.report.blocks import Block, Bullets, Cell, Code, Formula, Picture, Reel, Report, Section, Table, Text
from harness.report.phrases import NOTHING, interval, number, steps
from harness.spec import Environment


@dataclass(frozen=True)
class Clip:
    """A film and whose it is."""

    environment: str
    policy: str
    algorithm: str
    seed: int
    film: Film


@dataclass(frozen=True)
class Facts:
    """What a report says beyond the tables."""

    study: str  # name of the file of studies/
    title: str
    question: str
    environments: Mapping[str, Environment]  # entries of envs.yaml
    provenance: Sequence[Mapping[str, Any]]  # of every job; where they differ, all values are shown
    command: str  # that makes the report again
    clips: Sequence[Clip] = ()
    unmirrored: Sequence[tuple[str, str]] = ()  # run and reason, for all that MLflow does not show


def compose(facts: Facts, tables: Tables, digests: Mapping[str, str]) -> Report:
    """The report of a study.

    Args:
        facts: title, question, environments, films, provenance.
        tables: of this study.
        digests: sha256 of the table files by name.
    """
    sections = (
        Section("findings", "Findings", _findings(tables)),
        Section("setting", "Setting", _setting(facts, tables)),
        Section("curves", "Learning curves", (picture("learning_curves"),)),
        Section("scores", "Score at the budget", _scores(tables.scores)),
        Section("targets", "Steps until solved", (picture("targets"), *target_tables(tables.dimension))),
        Section("dispersion", "Spread across seeds", (picture("dispersion"),)),
        Section("dimension", "Parameter dimension", (picture("dimension"),)),
        Section("films", "Learned policies at work", _films(facts.clips)),
        Section("completeness", "Completeness", _completeness(tables.runs, facts.unmirrored)),
        Section("methods", "Methods", _methods()),
        Section("provenance", "Provenance", _provenance(facts, digests)),
    )
    return Report(facts.title, facts.question, findings.answer(tables.findings), sections)


def digests_of(folder: Path) -> dict[str, str]:
    """The sha256 of every table but the one with a clock."""
    files = sorted(path for path in folder.glob("*.csv") if path.stem != "timing")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def picture(stem: str) -> Picture:
    """A figure with its own words."""
    return Picture(stem, FIGURES[stem].CAPTION, FIGURES[stem].READING)


def _findings(tables: Tables) -> tuple[Block, ...]:
    """The headline figure and all sentences."""
    groups = (
        ("Which family is ahead", findings.environment_findings(tables) + findings.family_findings(tables.summary)),
        ("Which structure is ahead", findings.structure_findings(tables.dimension)),
        ("Also", findings.gap_findings(tables.scores) + findings.pair_finding(tables.comparisons)),
    )
    lists = [(Text(title, strong=True), Bullets(items)) for title, items in groups if items]
    blocks = [block for pair in lists for block in pair]
    return (*blocks[:2], picture("headline"), *blocks[2:], Text(methods.CAUTION))


def _setting(facts: Facts, tables: Tables) -> tuple[Block, ...]:
    """Environments, structures and algorithms."""
    runs, frozen = tables.runs, anchors(tables.targets)
    if runs.empty:
        return (Text("The study asks for no run."),)
    seeds = runs.groupby(["environment", "policy", "algorithm"])["seed"].nunique()
    span = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
    rows = []
    for environment, group in runs.groupby("environment"):
        entry, scores = facts.environments[str(environment)], frozen.get(str(environment))
        budgets = sorted(set(group["budget"]))
        sizes = {name: count(group.loc[group["policy"] == name, "parameters"]) for name in policy_order(group)}
        rows.append(
            (
                str(environment),
                f"{entry.horizon}",
                " or ".join(steps(budget) for budget in budgets),
                *((number(value) for value in scores) if scores else (NOTHING,) * 3),
                ", ".join(f"{name} ({size})" for name, size in sizes.items()),
            )
        )
    columns = ("environment", "horizon", "budget", "random", "reference", "solved", "structures (parameters P)")
    sources = tuple((name, facts.environments[name].scores.source) for name in sorted(set(runs["environment"])))
    return (
        Text(f"{len(seeds)} cells (an algorithm with a structure in an environment), {span} seeds each."),
        table("Environments; budget in environment steps, scores are undiscounted returns.", columns, "lrrrrrl", rows),
        Text("Where the reference scores come from", strong=True),
        Bullets(tuple(("", f"{name}: {source}.") for name, source in sources)),
        table("Algorithms.", ("algorithm", "family", "cells", "runs"), "llrr", _algorithms(runs)),
    )


def _algorithms(runs: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of the table of algorithms."""
    rows: list[tuple[str, ...]] = []
    for name in algorithm_order(runs):
        here = runs[runs["algorithm"] == name]
        cells = len(here[["environment", "policy"]].drop_duplicates())
        rows.append((name, str(here["family"].iloc[0]), str(cells), str(len(here))))
    return rows


def _scores(scores: pd.DataFrame) -> tuple[Block, ...]:
    """The figure and the tables of scores."""
    return (picture("scores"), *score_tables(scores), *gap_tables(scores))


def score_tables(scores: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment: algorithms by structures; bold if the interval reaches that of the column's best."""
    known = scores[np.isfinite(scores["iqm"])]
    tips = known.sort_values("iqm").drop_duplicates(["environment", "policy"], keep="last")
    bars = {(row["environment"], row["policy"]): row["iqm_low"] for row in tips.to_dict("records")}

    def cell(row: dict[str, Any]) -> Cell:
        strong = row["iqm_high"] >= bars[row["environment"], row["policy"]]
        return Cell(interval(row["iqm"], row["iqm_low"], row["iqm_high"]), bool(strong))

    return _by_environment(
        known,
        cell,
        "score at the budget, interquartile mean with 95 % interval. Bold: the interval overlaps that of "
        "the best in the column.",
    )


def target_tables(dimension: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment: expected steps to the threshold and runs that reached it."""
    known = dimension[dimension["n"] > 0]
    return _by_environment(
        known,
        lambda row: Cell(findings.ert_text(row)),
        "expected environment steps to the threshold (ERT) with 95 % interval · runs that reached it.",
    )


def _by_environment(known: pd.DataFrame, cell: Callable[[dict[str, Any]], Cell], caption: str) -> tuple[Table, ...]:
    """Tables of algorithms (rows) by structures (columns)."""
    result = []
    for environment, group in known.groupby("environment"):
        policies = policy_order(group)
        cells = {(row["algorithm"], row["policy"]): cell(row) for row in group.to_dict("records")}
        rows = tuple(
            (Cell(name), *(cells.get((name, policy), Cell("")) for policy in policies))
            for name in algorithm_order(group)
        )
        numeric = (False, *(True,) * len(policies))
        result.append(Table(f"{environment}: {caption}", ("algorithm", *policies), numeric, rows))
    return tuple(result)


def gap_tables(scores: pd.DataFrame) -> tuple[Table, ...]:
    """One table per environment whose optimum is known: optimality gaps of algorithms by structures."""

    def cell(row: dict[str, Any]) -> Cell:
        return Cell(f"{number(row['gap_median'], 3)} / {number(row['gap_maximum'], 3)}")

    known = scores[np.isfinite(scores["gap_median"])]
    return _by_environment(known, cell, "optimality gap (optimum − exact return), median / largest over seeds.")


def _films(clips: Sequence[Clip]) -> tuple[Block, ...]:
    """Films that were drawn, and a sentence for each that was not."""
    drawn = [clip for clip in clips if clip.film.data]
    reasons = [("", f"{clip.environment}: {clip.film.reason}.") for clip in clips if not clip.film.data]
    if not clips:
        return (Text("No finished run to show."),)
    return (
        *((Text(methods.FILMS), Reel(tuple((stem(clip), _caption(clip)) for clip in drawn))) if drawn else ()),
        *((Text("Not shown", strong=True), Bullets(tuple(reasons))) if reasons else ()),
    )


def stem(clip: Clip) -> str:
    """The name of a film in the report."""
    return f"{clip.environment}/{clip.policy}/{clip.algorithm}/{clip.seed}"


def _caption(clip: Clip) -> str:
    """Whose episode it is and how it went."""
    episode = f"this episode returned {number(clip.film.score)} in {clip.film.steps} steps"
    return f"{clip.environment}: {clip.algorithm} with {clip.policy}, seed {clip.seed}; {episode}."


def _completeness(runs: pd.DataFrame, unmirrored: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """Counts, and every run that did not finish or is not in MLflow."""
    blocks: list[Block] = [Text(findings.completeness_sentence(runs)), picture("completeness")]
    lost = runs[runs["status"] != "finished"]
    rows = []
    for key, group in lost.fillna({"reason": ""}).groupby(["environment", "policy", "algorithm", "status", "reason"]):
        seeds = ", ".join(f"{seed:.0f}" for seed in group["seed"])
        rows.append((*(str(word) for word in key), seeds))
    if rows:
        columns = ("environment", "structure", "algorithm", "status", "reason", "seeds")
        blocks.append(table("Runs that did not finish.", columns, "llllll", rows))
    if unmirrored:
        caption = "Runs that MLflow does not show; the files have them."
        blocks.append(table(caption, ("run", "reason"), "ll", unmirrored))
    return tuple(blocks)


def _methods() -> tuple[Block, ...]:
    """How everything was measured."""
    return (
        Text(methods.COUNTING),
        Formula("score"),
        Text(methods.SCORES),
        Formula("ert"),
        Text(methods.TIMES),
        Text(methods.INTERVALS),
    )


def _provenance(facts: Facts, digests: Mapping[str, str]) -> tuple[Block, ...]:
    """Versions, machine, commit, tables and the command."""
    flat = [dict(_flat(record)) for record in facts.provenance]
    keys = sorted({key for record in flat for key in record})
    rows = [(key, "; ".join(sorted({record[key] for record in flat if key in record}))) for key in keys]
    return (
        Text("This command makes the report again:"),
        Code(facts.command),
        table("Where the runs were made; several values mean that jobs differed.", ("fact", "value"), "ll", rows),
        table(
            "Tables that this report was made from.",
            ("file", "sha256"),
            "ll",
            [(name, digest[:32]) for name, digest in sorted(digests.items())],
        ),
    )


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as dotted keys; empty ones are left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in record.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{key}.")
        elif value not in ("", None):
            text = " ".join(str(word) for word in value) if isinstance(value, list | tuple) else str(value)
            pairs.append((f"{prefix}{key}", text))
    return pairs


def table(caption: str, columns: tuple[str, ...], sides: str, rows: Sequence[Sequence[str]]) -> Table:
    """A table of plain text; `sides` says l or r for each column."""
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return Table(caption, columns, tuple(side == "r" for side in sides), cells)
