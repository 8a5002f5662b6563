"""Tuning from end to end, by Snakemake itself: draws, the best of them, and a study that runs it on fresh seeds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from project_copy import copy_project, pending, run, snakemake

pytestmark = pytest.mark.slow

TUNING = """\
title: Tuning
question: Which?
seeds: 2
first_seed: 900
evaluation: {every: 500, episodes: 4}
tuning: {settings: 3}
budget: 2000
grids:
  - environments: [CartPole-v1, lqr-double-integrator]
    policies: [linear]
    algorithms: [random_search]
"""
USING = TUNING.replace("first_seed: 900", "first_seed: 0").replace(
    "tuning: {settings: 3}", "tuned: {study: tiny_tuning, readings: [each, one]}"
)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a tiny study was tuned, and another was run and tabled with the best settings."""
    project = copy_project(tmp_path_factory.mktemp("tuned"))
    (project / "studies" / "tiny_tuning.yaml").write_text(TUNING, encoding="utf-8")
    told = snakemake(project, "tiny_tuning", "tune")
    assert told.returncode == 0, told.stdout
    (project / "studies" / "tiny.yaml").write_text(USING, encoding="utf-8")
    told = snakemake(project, "tiny", "results/tables/tiny/findings.csv")
    assert told.returncode == 0, told.stdout
    return project


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_what_is_tuned_has_nothing_to_do(tuned: Path) -> None:
    assert not {file for file in pending(tuned, "tiny_tuning") if file.startswith(("tuned/", "results/runs/"))}


def test_every_draw_names_the_runs_that_it_was_judged_by(tuned: Path) -> None:
    recorded = {
        one["digest"]
        for path in (tuned / "results/runs").glob("*/*/random_search.draw-*/*/seeds-*/manifest.json")
        for one in json.loads(path.read_text())["runs"]
    }
    named = [digest for row in rows(tuned / "tuned/tiny_tuning.csv") for digest in row["digests"].split()]
    assert len(named) == 2 * 3 * 2
    assert set(named) == recorded


def test_the_winners_run_on_fresh_seeds_with_the_settings_of_the_file(tuned: Path) -> None:
    best = {
        row["environment"]: json.loads(row["settings"])
        for row in rows(tuned / "results/tables/tiny/tuning.csv")
        if row["best_here"] == "True"
    }
    for environment, settings in best.items():
        (path,) = (tuned / "results/runs" / environment / "linear/random_search").glob("*/seeds-*/manifest.json")
        ran = json.loads(path.read_text())["cell"]["algorithm"]["settings"]
        assert {name: ran[name] for name in settings} == settings
    assert {row["seed"] for row in rows(tuned / "results/tables/tiny/runs.csv")} == {"0", "1"}
    readings = rows(tuned / "results/tables/tiny/readings.csv")
    assert {row["seeds"] for row in readings if row["reading"] in ("each", "one")} == {"fresh"}


def test_tuning_a_study_that_does_not_ask_for_it_is_refused(tuned: Path) -> None:
    told = run(tuned, "harness", "tune", "tiny")
    assert told.returncode == 2
    assert "has no `tuning:`" in told.stdout


def test_tuning_with_runs_missing_is_refused_and_changes_nothing(tuned: Path) -> None:
    before = (tuned / "tuned/tiny_tuning.yaml").read_bytes()
    (path,) = (tuned / "results/runs/CartPole-v1/linear/random_search.draw-001").glob("*/seeds-*/manifest.json")
    aside = path.rename(path.with_suffix(".aside"))
    told = run(tuned, "harness", "tune", "tiny_tuning")
    aside.rename(path)
    assert told.returncode == 2
    assert "2 runs are missing" in told.stdout
    assert (tuned / "tuned/tiny_tuning.yaml").read_bytes() == before
