"""A study is published, verified from that alone, and own runs are held against it without rerunning it."""

from __future__ import annotations

import csv
import hashlib
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finished_study import MAKE, STUDY, finished, stub_report, words
from project_copy import replace, run

from harness.published.rebuild import Likeness

PLACE = "results/published/tiny"
JOB = "runs/CartPole-v1/linear/ars"
OWN = """
  mine: {algorithm: mine, settings: {directions: 4}}
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [mine]
"""
PART = """\
title: Part
question: Does it hold too?
seeds: 3
block: 2
evaluation: {every: 300, episodes: 2}
budget: 900
algorithms:
  entropy: {algorithm: cross_entropy}
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [ars, entropy]
laboratory:
  - environments: [linear-reward]
    policies: [linear]
    algorithms: [ars]
    path: {algorithm: exact_gradient, budget: 60, points: [1]}
    updates: 4
    seeds: 2
"""
BOTH = "title: Both\nquestion: Do both?\nparts: [tiny, part]\n"
MORE = """
from harness.threads import pin_threads
pin_threads()
from harness.figures import draw_all
from harness.job import run_block
from harness.laboratory.job import measure_block
from harness.laboratory.plan import jobs
from harness.plugins import ROOT
from harness.results import live, tabulate
from harness.workflow import figures_folder, open_study, tables_folder

part = open_study("part")
for job in part.jobs:
    run_block(job.cell, range(job.first, job.last + 1), ROOT / job.folder, lambda run: None)
for job in jobs(part.benches, part.study.block):
    measure_block(job.bench, range(job.first, job.last + 1), ROOT / job.folder)
for name in ("tiny", "part", "both"):
    if name != "tiny":
        tabulate(open_study(name), tables_folder(name), live(open_study(name)))
    draw_all(tables_folder(name), figures_folder(name))
"""
REBUILD = """
import sys
from pathlib import Path
from harness.threads import pin_threads
pin_threads()
from harness.published.rebuild import rebuild_tables, records_of
from harness.workflow import open_study

print(rebuild_tables(open_study(sys.argv[1]), records_of(sys.argv[1]), Path(sys.argv[2])).line)
"""
FILM = """
from harness.publish import film_in
from harness.published.rebuild import records_of
from harness.workflow import open_study

print(film_in(records_of("tiny"), open_study("tiny").jobs[0].cell, 0).reason)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study, published while candidates of more than 500 bytes count as large; an own algorithm, run."""
    folder = finished(tmp_path_factory.mktemp("published"))
    replace(folder / "harness" / "published" / "merge.py", "LARGE = 30 * 1024", "LARGE = 500")
    source = (folder / "algorithms" / "ars.py").read_text(encoding="utf-8")
    (folder / "algorithms" / "mine.py").write_text(source.replace("class Ars", "class Mine"), encoding="utf-8")
    start, _, _ = STUDY.format(block=3, seeds=3).partition("  random:")
    for name, terms in (("own", start), ("later", start.replace("seeds: 3", "seeds: 4\nfirst_seed: 50"))):
        (folder / "studies" / f"{name}.yaml").write_text(terms.replace("900", "600") + OWN.lstrip("\n"))
        python, *flags, _ = words()
        made = [python, *flags, MAKE.replace('"tiny"', f'"{name}"'), "0/1"]
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    (folder / "studies" / "part.yaml").write_text(PART, encoding="utf-8")
    (folder / "studies" / "both.yaml").write_text(BOTH, encoding="utf-8")
    subprocess.run([sys.executable, "-W", "error", "-c", MORE], cwd=folder, check=True, capture_output=True)
    for name in ("tiny", "part", "both"):
        stub_report(folder, name)
    assert f"{PLACE}: 4 of 4 jobs" in published(folder, "tiny")
    return folder


def published(project: Path, study: str) -> str:
    """What publishing a study says."""
    done = run(project, "harness", "publish", study)
    assert done.returncode == 0, done.stdout
    return done.stdout


def manifest(project: Path) -> dict[str, Any]:
    path = min((project / PLACE / JOB).rglob("manifest.json"))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_published_are_parquet_tables_figures_and_report_and_the_manifest_names_what_stayed_behind(
    project: Path,
) -> None:
    kept = {path.name for path in (project / PLACE / JOB).rglob("*") if path.is_file()}
    assert kept == {"manifest.json", "evaluations.parquet", "training.parquet", "timing.parquet"}
    content = manifest(project)
    assert [run["seed"] for run in content["runs"]] == [0, 1, 2]  # of the blocks 0-1 and 2
    assert content["left"] == ["candidates.npz"]
    assert content["files"].keys() == kept - {"manifest.json"}
    assert {path.name for path in (project / PLACE).iterdir()} == {"MANIFEST.sha256", "figures", "runs", "tables"}
    assert {"tiny.html", "tiny.pdf"} <= {path.name for path in (project / "reports/published").iterdir()}
    page = (project / "reports/published/tiny.html").read_text(encoding="utf-8")
    assert str(project) not in page and "MLflow does not show" not in page  # nothing of the machine that published it
    assert not list((project / "results").glob(".published-*"))


def test_runs_of_a_published_study_are_exact_without_the_records_they_were_made_from(
    project: Path, tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(project, tmp_path / "clone", symlinks=True))
    shutil.rmtree(clone / "results" / "runs")
    done = run(clone, "harness", "verify", PLACE, "--sample", "2")
    assert done.returncode == 0, done.stdout
    assert f"{PLACE}: every file has its checksum" in done.stdout
    assert "tables: 28 of 28 byte-equal to the published ones\n" in done.stdout
    assert "2 EXACT, 0 WITHIN, 0 DIFFERENT" in done.stdout
    done = run(clone, "harness", "explain", "tiny", "CartPole-v1", "linear", "ars", "0")
    assert "candidates.npz  not published" in done.stdout, done.stdout
    assert "LOST" not in done.stdout
    blocks = [f"/seeds-{first:04d}-{last:04d}/manifest.json" for first, last in ((0, 1), (2, 2))]
    assert all(block in done.stdout.split("snakemake --cores 2 --force ")[1] for block in blocks)
    path = clone / PLACE / "tables" / "scores.csv"
    path.write_bytes(path.read_bytes().replace(b"ars", b"cma"))
    done = run(clone, "harness", "verify", PLACE, "--sample", "1")
    assert done.returncode == 2
    assert "'tables/scores.csv' was altered" in done.stdout


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            ("tiny", "scores", "CartPole-v1", "linear", "ars", "iqm"),
            ["runs (3):", f"{PLACE}/tables/scores.csv, line 2"],
        ),
        (("part", "laboratory", "linear-reward", "linear", "ars", "0", "0", "cosine"), ["measurements (1 jobs"]),
        (("results/published/part/laboratory",), ["measurements (1 jobs"]),
        (("results/published/part/runs/CartPole-v1/linear/entropy",), ["runs (3):", "asked for by: studies/part.yaml"]),
    ],
    ids=["number", "number of the laboratory", "folder of the laboratory", "folder of runs"],
)
def test_where_only_published_records_are_a_number_leads_to_them_and_to_commands_that_make_them_again(
    whole: Path, tmp_path: Path, words: tuple[str, ...], lines: list[str]
) -> None:
    clone = Path(shutil.copytree(whole, tmp_path / "whole", symlinks=True))
    published(clone, "part")
    left = without_records(clone, tmp_path / "left")
    told = run(left, "harness", "explain", *words).stdout
    assert all(line in told for line in lines), told
    assert "LOST" not in told and "the present sources\n" in told
    commands = [shlex.split(line, comments=True) for line in told.partition("the same again:\n")[2].splitlines()]
    verify, made, rebuild = commands
    done = run(left, *verify)
    assert done.returncode == 0, done.stdout
    assert (
        "DIFFERENT " not in done.stdout and "EXACT CartPole-v1" in done.stdout
    ) or "EXACT linear-reward" in done.stdout
    assert rebuild[:2] == ["harness", "rebuild"] and rebuild[2] in ("tiny", "part")
    done = run(left, *made, "--nolock", "--allowed-rules", "run", "measure")
    assert done.returncode == 0, done.stdout
    assert all((left / name).is_file() for name in made if name.endswith("manifest.json"))


def rebuilt(project: Path, study: str, folder: Path) -> str:
    """What `rebuild_tables` finds, of a study of which only what is published is left."""
    done = subprocess.run([sys.executable, "-c", REBUILD, study, folder], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_records(project: Path, folder: Path) -> Path:
    """A copy in which nothing is left but what is published."""
    clone = Path(shutil.copytree(project, folder, symlinks=True))
    for name in ("runs", "laboratory", "tables", "figures"):
        shutil.rmtree(clone / "results" / name)
    return clone


def test_tables_rebuilt_from_published_data_are_the_published_bytes(project: Path, tmp_path: Path) -> None:
    clone = without_records(project, tmp_path / "clone")
    assert rebuilt(clone, "tiny", tmp_path) == "tables: 28 of 28 byte-equal to the published ones\n"
    made, kept = tmp_path / "tables" / "tiny", project / "results" / "tables" / "tiny"
    assert {path.name: path.read_bytes() for path in made.iterdir()} == {
        path.name: path.read_bytes() for path in kept.iterdir()
    }
    assert len((made / "runs.csv").read_text(encoding="utf-8").splitlines()) == 1 + 6


def test_a_published_study_rebuilt_without_its_records_is_byte_equal_report_and_films_included(
    project: Path, tmp_path: Path
) -> None:
    clone = without_records(project, tmp_path / "clone")
    done = run(clone, "harness", "rebuild", "tiny")
    assert "report: 2 of 2 byte-equal to the published ones\n" in done.stdout, done.stdout


def test_published_tables_that_are_not_made_of_the_published_runs_are_named(project: Path, tmp_path: Path) -> None:
    clone = without_records(project, tmp_path / "clone")
    table, sums = clone / PLACE / "tables" / "scores.csv", clone / PLACE / "MANIFEST.sha256"
    before = hashlib.sha256(table.read_bytes()).hexdigest()
    append(table)
    replace(sums, before, hashlib.sha256(table.read_bytes()).hexdigest())
    for subject in (PLACE, "tiny"):
        done = run(clone, "harness", "verify", subject, "--sample", "1")
        assert "tables: 27 of 28 byte-equal to the published ones; not scores.csv" in done.stdout
        assert "1 EXACT, 0 WITHIN, 0 DIFFERENT" in done.stdout
        assert done.returncode == 1


def kept(project: Path, study: str, records: str = "runs") -> int:
    return len(list((project / "results" / "published" / study / records).rglob("manifest.json")))


@pytest.fixture(scope="module")
def whole(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with `tiny` published once more, with every candidate: what a study shows is then kept as elsewhere."""
    clone = Path(shutil.copytree(project, tmp_path_factory.mktemp("whole") / "clone", symlinks=True))
    replace(clone / "harness" / "published" / "merge.py", "LARGE = 500", "LARGE = 100_000")
    published(clone, "tiny")
    return clone


@pytest.mark.parametrize("order", [("part", "both"), ("both", "part")], ids="-".join)
def test_a_union_and_its_parts_keep_each_run_once_in_whatever_order_they_are_published(
    whole: Path, tmp_path: Path, order: tuple[str, str]
) -> None:
    clone = Path(shutil.copytree(whole, tmp_path / "clone", symlinks=True))
    for study in order:
        published(clone, study)
    assert [kept(clone, study) for study in ("tiny", *order)] == [2, 1, 0]  # of three cells, one in both parts
    assert [kept(clone, study, "laboratory") for study in order] == [1, 0]
    left = without_records(clone, tmp_path / "left")
    for study in order:
        assert rebuilt(left, study, tmp_path) == "tables: 28 of 28 byte-equal to the published ones\n"
    with (tmp_path / "tables" / "both" / "laboratory.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2
    done = run(clone, "harness", "compare", "own", "--against", "both")
    assert done.returncode == 0, done.stdout
    assert {row["other"] for row in rows(clone, "own")} == {"ars", "random", "entropy"}


def test_who_refers_to_runs_that_are_published_anew_is_told_and_refused_until_published_too(
    whole: Path, tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(whole, tmp_path / "clone", symlinks=True))
    published(clone, "part")
    replace(clone / "harness" / "published" / "merge.py", "LARGE = 100_000", "LARGE = 500")
    assert "part rests on runs that are no longer published so: harness publish part" in published(clone, "tiny")
    done = run(clone, "harness", "verify", "results/published/part", "--sample", "1")
    assert done.returncode == 2
    assert "'../tiny/runs/CartPole-v1/linear/ars/" in done.stdout
    assert "rests on" not in published(clone, "part")
    assert rebuilt(clone, "part", tmp_path).startswith("tables: 28 of 28")


@pytest.mark.parametrize(
    "name", ["../../../README.md", "../tiny/tables/scores.csv", "/etc/hostname", "runs/../../../x"], ids=ascii
)
def test_a_list_of_contents_cannot_lead_out_of_the_published_records(project: Path, tmp_path: Path, name: str) -> None:
    clone = Path(shutil.copytree(project, tmp_path / "clone", symlinks=True))
    with (clone / PLACE / "MANIFEST.sha256").open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  {name}\n")
    done = run(clone, "harness", "verify", PLACE)
    assert done.returncode == 2
    assert "which is no place of a published record" in done.stdout


def test_a_run_whose_candidate_is_not_kept_has_no_film_and_the_report_says_why(project: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FILM], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == "its last solution is too large to be published; a rerun makes it again\n"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda folder: (folder / "reports/tiny.pdf").unlink(),
            "reports/tiny.pdf: is damaged or lost; run `",
        ),
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


def test_what_was_published_survives_a_kill_between_two_renames_and_a_refusal_after_it(
    project: Path, tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(project, tmp_path / "clone", symlinks=True))
    before = (clone / PLACE / "MANIFEST.sha256").read_bytes()
    (clone / "results" / ".published-tiny").mkdir()
    (clone / PLACE).rename(clone / "results" / ".published-tiny" / "before")
    (clone / "reports/tiny.pdf").unlink()
    assert run(clone, "harness", "publish", "tiny").returncode == 2
    assert (clone / PLACE / "MANIFEST.sha256").read_bytes() == before


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
    assert "u: not all seeds are the same as those of the own runs, so unpaired." in done.stdout
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


def test_claims_alone_that_differ_are_told_with_their_reason() -> None:
    line = Likeness("tables", 26, ("claims.csv", "claims.tex")).line
    assert line.endswith("not claims.csv, claims.tex (claims.yaml is another, or declares more)")
    assert "claims.yaml" not in Likeness("tables", 26, ("claims.csv", "runs.csv")).line
