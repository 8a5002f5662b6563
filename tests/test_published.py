"""A study is published, verified from that alone, and own runs are held against it without rerunning it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finished_study import MAKE, STUDY, finished, words
from project_copy import replace, run

PLACE = "results/published/tiny"
JOB = "runs/CartPole-v1/linear/ars"
OWN = """
  mine: {algorithm: mine, settings: {directions: 4}}
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [mine]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study, published while candidates of more than 500 bytes count as large; an own algorithm, run."""
    folder = finished(tmp_path_factory.mktemp("published"))
    replace(folder / "harness" / "published" / "write.py", "LARGE = 128 * 1024", "LARGE = 500")
    source = (folder / "algorithms" / "ars.py").read_text(encoding="utf-8")
    (folder / "algorithms" / "mine.py").write_text(source.replace("class Ars", "class Mine"), encoding="utf-8")
    start, _, _ = STUDY.format(block=3).partition("  random:")
    for name, terms in (("own", start), ("later", start.replace("seeds: 3", "seeds: 4\nfirst_seed: 50"))):
        (folder / "studies" / f"{name}.yaml").write_text(terms.replace("900", "600") + OWN.lstrip("\n"))
        python, *flags, _ = words()
        made = [python, *flags, MAKE.replace('"tiny"', f'"{name}"'), "0/1"]
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    done = run(folder, "harness", "publish", "tiny")
    assert done.returncode == 0, done.stdout
    assert f"{PLACE}: 4 of 4 jobs" in done.stdout
    return folder


def manifest(project: Path) -> dict[str, Any]:
    path = min((project / PLACE / JOB).rglob("manifest.json"))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_published_are_parquet_tables_figures_and_report_and_the_manifest_names_what_stayed_behind(
    project: Path,
) -> None:
    kept = {path.name for path in (project / PLACE / JOB).rglob("*") if path.is_file()}
    assert kept == {"manifest.json", "evaluations.parquet", "training.parquet", "timing.parquet"}
    content = manifest(project)
    assert content["left"].keys() == {"candidates.npz"}
    assert content["files"].keys() == kept - {"manifest.json"}
    assert {path.name for path in (project / PLACE).iterdir()} == {"MANIFEST.sha256", "figures", "runs", "tables"}
    assert {path.name for path in (project / "reports/published").iterdir()} == {"tiny.html", "tiny.pdf"}
    assert not list((project / "results").glob(".published-*"))


def test_runs_of_a_published_study_are_exact_without_the_records_they_were_made_from(
    project: Path, tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(project, tmp_path / "clone", symlinks=True))
    shutil.rmtree(clone / "results" / "runs")
    done = run(clone, "harness", "verify", PLACE, "--sample", "2")
    assert done.returncode == 0, done.stdout
    assert f"{PLACE}: every file has its checksum" in done.stdout
    assert "2 EXACT, 0 WITHIN, 0 DIFFERENT" in done.stdout
    done = run(clone, "harness", "explain", "tiny", "CartPole-v1", "linear", "ars", "0")
    assert "candidates.npz  not published" in done.stdout, done.stdout
    assert "LOST" not in done.stdout
    path = clone / PLACE / "tables" / "scores.csv"
    path.write_bytes(path.read_bytes().replace(b"ars", b"cma"))
    done = run(clone, "harness", "verify", PLACE, "--sample", "1")
    assert done.returncode == 2
    assert "'tables/scores.csv' was altered" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "reports/tiny.pdf").unlink(), "reports/tiny.pdf: not there yet: `snakemake"),
        (lambda folder: shutil.rmtree(folder / "results/runs"), "has no finished run"),
        (
            lambda folder: shutil.rmtree(next((folder / "results" / JOB).rglob("manifest.json")).parent),
            "runs.csv: is not made of the runs that are there: `harness tables tiny`",
        ),
        (lambda folder: append(next((folder / "results" / JOB).rglob("training.parquet"))), "is damaged"),
        (lambda folder: replace(folder / "harness/published/write.py", "MOST = 60_000_000", "MOST = 1"), "of 0"),
    ],
    ids=["no report", "no runs", "other runs", "damaged", "too large"],
)
def test_what_cannot_be_published_leaves_what_was_published(
    project: Path, tmp_path: Path, spoil: Callable[[Path], Any], words: str
) -> None:
    clone = Path(shutil.copytree(project, tmp_path / "clone", symlinks=True))
    before = (clone / PLACE / "MANIFEST.sha256").read_bytes()
    spoil(clone)
    done = run(clone, "harness", "publish", "tiny")
    assert done.returncode == 2, done.stdout
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert (clone / PLACE / "MANIFEST.sha256").read_bytes() == before
    assert not list((clone / "results").glob(".published-*"))


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"0")


def rows(project: Path, name: str) -> list[dict[str, str]]:
    with (project / "results" / "compare" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_own_runs_are_held_against_published_ones_at_the_smaller_budget_and_paired_by_seed(project: Path) -> None:
    done = run(project, "harness", "compare", "own", "--against", "published")
    assert done.returncode == 0, done.stdout
    assert "mine in CartPole-v1 with linear: 3 runs, better than 0, worse than 0, undecided against 2" in done.stdout
    assert "Scores after 600 steps" in done.stdout
    table = rows(project, "own")
    assert {row["other"] for row in table} == {"ars", "random"}
    for row in table:
        assert (row["budget"], row["own_n"], row["n"], row["paired"]) == ("600", "3", "3", "True")
        assert np.isclose(float(row["difference"]), float(row["own_iqm"]) - float(row["iqm"]))
        assert float(row["difference_low"]) <= float(row["difference"]) <= float(row["difference_high"])
        assert 0.25 <= float(row["p"]) <= float(row["p_holm"]) <= 1.0  # 2^(1 - 3) at least
        assert (row["same_evaluation"], row["present_sources"]) == ("True", "True")
    scores = [evaluated(project / "results/runs/CartPole-v1/linear/mine", seed, 600) for seed in range(3)]
    assert float(table[0]["own_iqm"]) == np.mean(scores)  # nothing is dropped of three
    svg = (project / "results" / "compare" / "own.svg").read_text(encoding="utf-8")
    assert svg.startswith("<?xml")


def evaluated(folder: Path, seed: int, budget: int) -> float:
    """The last return within a budget, read from the records by other means."""
    import pandas as pd

    tables = [pd.read_parquet(path) for path in folder.rglob("evaluations.parquet")]
    (table,) = (table for table in tables if seed in set(table["seed"]))
    return float(table[(table["seed"] == seed) & (table["steps"] <= budget)]["return_mean"].iloc[-1])


def test_runs_with_other_seeds_are_compared_unpaired(project: Path) -> None:
    done = run(project, "harness", "compare", "later", "--against", "tiny")
    assert done.returncode == 0, done.stdout
    assert "u: other seeds than the own runs, so unpaired." in done.stdout
    assert [(row["own_n"], row["n"], row["paired"]) for row in rows(project, "later")] == [("4", "3", "False")] * 2


def test_an_algorithm_has_the_runs_of_every_study_that_asks_for_it(project: Path) -> None:
    done = run(project, "harness", "compare", "mine", "--against", PLACE)
    assert done.returncode == 0, done.stdout
    assert [row["own_n"] for row in rows(project, "mine")] == ["7", "7"]


@pytest.mark.parametrize(
    ("name", "against", "words"),
    [
        ("nonesuch", "published", "is neither a study nor an algorithm of one"),
        ("cem", "published", "has no finished run"),
        ("own", "nonesuch", "is neither `published`, a study below results/published, nor a folder"),
        ("own", "docs", "no cell of it has the environment and the policy of another one of docs"),
        ("tiny", "published", "no cell of it has the environment and the policy"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_reason(project: Path, name: str, against: str, words: str) -> None:
    done = run(project, "harness", "compare", name, "--against", against)
    assert done.returncode == 2, done.stdout
    assert words in done.stdout
    assert "Traceback" not in done.stdout
