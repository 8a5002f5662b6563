"""What a report says: sections made from the tables of a study, the same for HTML and PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.cell import Cell as RunCell
from harness.figures import FIGURES
from harness.figures.load import Tables, anchors
from harness.report import findings, frontier, methods
from harness.report.animation import Film
from harness.report.answer import answer
from harness.report.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Formula,
    Picture,
    Reel,
    Report,
    Section,
    Table,
    Text,
    drawn,
    plain_table,
)
from harness.report.claims import claims
from harness.report.grids import beside, gap_tables, score_tables, target_tables
from harness.report.laboratory import laboratory
from harness.report.phrases import listed, number
from harness.report.setting import setting
from harness.report.tuning import tuning
from harness.spec import Environment

IDLE = (
    "Not one update within the budget, which their first turn uses up, so that their score is that of their start; no "
    "verdict on them is one on learning:"
)


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
    notes: str  # of the study
    environments: Mapping[str, Environment]  # entries of envs.yaml
    provenance: Sequence[Mapping[str, Any]]  # of every job; where they differ, all values are shown
    command: str  # that makes the report again
    cells: Sequence[RunCell] = ()  # of the study, for their settings
    clips: Sequence[Clip] = ()
    unmirrored: Sequence[tuple[str, str]] = ()  # run and reason, for all that MLflow does not show
    published: bool = False  # whether it lies in reports/published, and what it shows in results/published


def compose(facts: Facts, tables: Tables, digests: Mapping[str, str]) -> Report:
    """The report of a study.

    Args:
        facts: title, question, environments, films, provenance.
        tables: of this study.
        digests: sha256 of the table files by name.
    """
    sections = (
        Section("findings", "Findings", _findings(tables)),
        Section("frontier", "The frontier, and the exchange rate", _frontier(tables)),
        Section("setting", "Setting", setting(facts.environments, facts.cells, tables)),
        Section("curves", "Learning curves", (picture("learning_curves", tables),)),
        Section("scores", "Score at the budget", _scores(tables)),
        Section("targets", "Steps until solved", _targets(tables)),
        Section("dispersion", "Spread across seeds", (picture("dispersion", tables),)),
        Section("dimension", "Parameter dimension", _dimension(tables)),
        *_laboratory(tables),
        *_tuning(tables),
        Section("sensitivity", "What would change the conclusion", frontier.sensitivity_blocks(tables.sensitivity)),
        Section("films", "Learned policies at work", _films(facts.clips)),
        Section("completeness", "Completeness", _completeness(tables, facts.unmirrored)),
        Section("methods", "Methods", _methods()),
        Section("provenance", "Provenance", _provenance(facts, digests)),
    )
    judged = claims(tables.claims, drawn(sections))
    second = (Section("claims", "Claims", judged),) if judged else ()
    return Report(facts.title, facts.question, answer(tables, facts.notes), (*sections[:2], *second, *sections[2:]))


def _laboratory(tables: Tables) -> tuple[Section, ...]:
    """The section on the estimator laboratory, where the study has one."""
    blocks = laboratory(tables.laboratory, (picture("laws", tables), picture("laboratory", tables)))
    return (Section("laboratory", "The noise of one update", blocks),) if blocks else ()


def _tuning(tables: Tables) -> tuple[Section, ...]:
    """The section on tuning, where the study uses tuned settings."""
    blocks = tuning(tables, (picture("tuning", tables), picture("settings", tables)))
    return (Section("tuning", "Tuning", blocks),) if blocks else ()


def digests_of(folder: Path) -> dict[str, str]:
    """The sha256 of every table but the one with a clock."""
    files = sorted(path for path in folder.glob("*.csv") if path.stem != "timing")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def picture(stem: str, tables: Tables) -> Picture | Text:
    """A figure with its own words, or why there is none."""
    figure = FIGURES[stem]
    return Text(figure.EMPTY) if figure.material(tables).empty else Picture(stem, figure.CAPTION, figure.READING)


def _findings(tables: Tables) -> tuple[Block, ...]:
    """The headline figure, both tables of verdicts, and what else there is to say."""
    also = (
        *findings.family_findings(tables.summary),
        *findings.gap_findings(tables.scores),
        *findings.pair_finding(tables.comparisons),
    )
    return (
        picture("headline", tables),
        *findings.family_table(tables.findings),
        *findings.structure_table(tables),
        *((Text("Also", strong=True), Bullets(also)) if also else ()),
        Text(methods.CAUTION),
    )


def _frontier(tables: Tables) -> tuple[Block, ...]:
    """Both figures, and what they say."""
    return (
        picture("frontier", tables),
        *frontier.frontier_blocks(tables.frontier),
        picture("exchange", tables),
        *frontier.exchange_blocks(tables.exchange, tables.structures),
    )


def _dimension(tables: Tables) -> tuple[Block, ...]:
    """Scores and steps by P, what else moves where environments of one problem differ, and the lines through them."""
    lines = frontier.scaling_blocks(tables.scaling, tables.crossover)
    moving = (block for stem in ("sweeps", "phase") if isinstance(block := picture(stem, tables), Picture))
    return picture("dimension", tables), picture("scaling", tables), *moving, *lines


def _scores(tables: Tables) -> tuple[Block, ...]:
    """The figure and the tables of scores."""
    gaps = {table.caption: table for table in gap_tables(tables.scores)}
    scores = score_tables(tables.scores, anchors(tables.targets))
    both = tuple(beside(table, gaps.get(table.caption)) for table in scores)
    words = (Text(methods.SCORE_TABLES),) if both else ()
    return (picture("scores", tables), picture("profiles", tables), *words, *both)


def _targets(tables: Tables) -> tuple[Block, ...]:
    """Survival curves, how often one cell is faster than another, and the tables of steps."""
    said = Bullets(tuple(("", sentence) for sentence in findings.ratio_sentences(tables.ratios)))
    lists = (Text(methods.RATIOS), said) if said.items else ()
    return (picture("targets", tables), *lists, *target_tables(tables.dimension, tables.restricted))


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


def _completeness(tables: Tables, unmirrored: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """Counts, and every run that did not finish or is not in MLflow."""
    runs = tables.runs
    blocks: list[Block] = [Text(findings.completeness_sentence(runs)), picture("completeness", tables)]
    lost = runs[runs["status"] != "finished"]
    rows = []
    for key, group in lost.fillna({"reason": ""}).groupby(["environment", "policy", "algorithm", "status", "reason"]):
        seeds = ", ".join(f"{seed:.0f}" for seed in group["seed"])
        rows.append((*(str(word) for word in key), seeds))
    if rows:
        columns = ("environment", "structure", "algorithm", "status", "reason", "seeds")
        blocks.append(plain_table("Runs that did not finish.", columns, "llllll", rows))
    if unmoved := idle(runs):
        blocks.append(Text(f"{IDLE} {listed(unmoved)}."))
    if unmirrored:
        caption = "Runs that MLflow does not show; the files have them."
        blocks.append(plain_table(caption, ("reason", "runs", "such as"), "lrl", by_reason(unmirrored)))
    return tuple(blocks)


def idle(runs: pd.DataFrame) -> list[str]:
    """The cells of which no run came to a second turn."""
    turns = runs[runs["status"] == "finished"].groupby(["environment", "policy", "algorithm"])["turns"].max()
    return [" · ".join(map(str, key)) for key, most in turns.items() if most <= 1]


def by_reason(unmirrored: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """A row for each reason, with its runs counted and the first three named: a store that is down lacks them all."""
    groups: dict[str, list[str]] = {}
    for run, reason in unmirrored:
        groups.setdefault(reason, []).append(run)
    return [(reason, str(len(runs)), ", ".join(runs[:3])) for reason, runs in groups.items()]


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
        plain_table("Where the runs were made; several values mean that jobs differed.", ("fact", "value"), "ll", rows),
        _files(facts, digests),
    )


def _files(facts: Facts, digests: Mapping[str, str]) -> Table:
    """The tables, as links from where the report lies."""
    tables, figures, root = f"results/tables/{facts.study}", f"results/figures/{facts.study}", ".."
    if facts.published:
        kept = f"results/published/{facts.study}"
        tables, figures, root = f"{kept}/tables", f"{kept}/figures", "../.."
    caption = (
        f"Tables that this report was made from, in {tables}/; scores.tex, structures.tex and claims.tex beside them "
        f"are LaTeX, and {figures}/ holds every figure as SVG and PDF."
    )
    rows = tuple(
        (Cell(name, link=f"{root}/{tables}/{name}"), Cell(digest[:32])) for name, digest in sorted(digests.items())
    )
    return Table(caption, ("file", "sha256, first half"), (False, False), rows)


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
