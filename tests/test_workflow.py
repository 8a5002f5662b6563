"""The workflow from end to end, by Snakemake itself: one finished study, then what each edit would run again."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from project_copy import copy_project, edited, pending, replace, run, snakemake

from harness import losses
from harness.figures import FIGURES as FIGURE_FILES
from harness.tables import COLUMNS
from harness.tables.laboratory import ESTIMATES, VECTORS

pytestmark = pytest.mark.slow

CELLS = 7
STUDY = Path("studies/smoke.yaml")
TABLES = "results/tables/smoke/findings.csv"
FIGURES = "results/figures/smoke/headline.svg"
MIRROR = "results/mirror/smoke.passed"
REPORTS = {"reports/smoke.html", "reports/smoke.pdf"}
EVERYTHING_AFTER_RUNS = {TABLES, FIGURES, MIRROR, *REPORTS}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the smoke study was run once, on two cores."""
    project = copy_project(tmp_path_factory.mktemp("finished"))
    told = snakemake(project, "smoke")
    assert told.returncode == 0, told.stdout
    (project / "told.txt").write_text(told.stdout, encoding="utf-8")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which nothing was run."""
    return copy_project(tmp_path)


def runs(files: set[str]) -> set[tuple[str, ...]]:
    """Environment, policy, algorithm and block of the manifests among files."""
    parts = [file.split("/") for file in files if file.startswith("results/runs/")]
    return {(*part[2:5], part[6]) for part in parts}


def axes(found: set[tuple[str, ...]], axis: int) -> set[str]:
    """All values on one axis of `runs`."""
    return {one[axis] for one in found}


def digests(project: Path) -> dict[tuple[str, int], str]:
    """The digest of every run by its cell and seed."""
    found = {}
    for path in (project / "results/runs").glob("*/*/*/*/seeds-*/manifest.json"):
        for one in json.loads(path.read_text())["runs"]:
            found[path.parents[2].relative_to(project).as_posix(), one["seed"]] = one["digest"]
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_report_holds_a_line_for_every_environment_of_the_findings(finished: Path) -> None:
    page = html.unescape((finished / "reports/smoke.html").read_text(encoding="utf-8"))
    findings = rows(finished / TABLES)
    assert {row["environment"] for row in findings} == {"CartPole-v1", "lqr-double-integrator"}
    section = page[page.index('id="findings"') : page.index('id="setting"')]
    for row in findings:
        assert row["environment"] in section
    document = (finished / "reports/smoke.pdf").read_bytes()
    assert document.startswith(b"%PDF-")
    assert b"Findings" in document


def test_a_person_sees_the_estimate_each_job_and_where_the_report_is(finished: Path) -> None:
    told = (finished / "told.txt").read_text(encoding="utf-8")
    assert re.search(r"Smoke: 7 cells, 21 runs in 14 jobs, 14 to do; about [0-9].* with 2 at a time", told)
    numbers = [int(number) for number in re.findall(r"^\[ ?([0-9]+)/14, about .* left\] ", told, re.MULTILINE)]
    assert sorted(numbers) == list(range(1, 15))
    assert "reports/smoke.html and reports/smoke.pdf" in told


def test_a_finished_study_has_nothing_to_do(finished: Path) -> None:
    told = snakemake(finished, "smoke")
    assert told.returncode == 0
    assert "Nothing to be done" in told.stdout
    assert pending(finished, "smoke") == set()


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        (["{job}/manifest.json"], {"{job}/manifest.json", *EVERYTHING_AFTER_RUNS}),
        (["{job}/evaluations.parquet"], {"{job}/manifest.json", *EVERYTHING_AFTER_RUNS}),
        ([TABLES], EVERYTHING_AFTER_RUNS - {MIRROR}),
        (["results/tables/smoke/scores.csv"], EVERYTHING_AFTER_RUNS - {MIRROR}),
        ([FIGURES], {FIGURES, *REPORTS}),
        (["results/figures/smoke/scores.pdf", "results/mlflow.db"], {FIGURES, MIRROR, *REPORTS}),
        (["results/mirror/smoke.json"], {MIRROR, *REPORTS}),
        (["results/mirror/smoke.json", MIRROR], {MIRROR, *REPORTS}),
        (["results/figures/smoke/checksums.json"], {FIGURES, *REPORTS}),
        (["reports/smoke.checksums.json"], REPORTS),
    ],
    ids=[
        "record",
        "record-file",
        "findings",
        "table",
        "headline",
        "figure-and-store",
        "ledger",
        "ledger-and-word",
        "figures-list",
        "report-list",
    ],
)
def test_what_is_lost_beneath_a_finished_report_is_made_again(finished: Path, lost: list[str], again: set[str]) -> None:
    job = min((finished / "results/runs").glob("*/*/*/*/seeds-*/manifest.json")).parent.relative_to(finished)
    gone = [finished / name.format(job=job) for name in lost]
    for number, path in enumerate(gone):
        path.rename(finished / f"aside-{number}")
    try:
        assert pending(finished, "smoke") == {name.format(job=job) for name in again}
    finally:
        for number, path in enumerate(gone):
            (finished / f"aside-{number}").rename(path)


def test_a_damaged_ledger_of_the_mirror_is_made_again(finished: Path) -> None:
    ledger = finished / "results/mirror/smoke.json"
    good = ledger.read_bytes()
    ledger.write_bytes(good.replace(b"smoke", b"smokf", 1))
    try:
        assert pending(finished, "smoke") == {MIRROR, *REPORTS}
    finally:
        ledger.write_bytes(good)


def test_the_files_that_are_missed_are_all_that_each_stage_makes(finished: Path) -> None:
    (manifest, *_) = (finished / "results/runs").glob("*/*/*/*/seeds-*/manifest.json")
    assert {*losses.RUN} == json.loads(manifest.read_text())["files"].keys()
    assert {*losses.BENCH} == {ESTIMATES, VECTORS}
    assert (*FIGURE_FILES,) == losses.FIGURES
    tables = {path.name for path in (finished / TABLES).parent.iterdir()}
    assert tables == {*losses._tables((finished / TABLES).parent)}


def test_a_report_is_made_again_when_mlflow_shows_other_runs_than_it_says(finished: Path) -> None:
    (finished / MIRROR).write_text("d/0\tlocked by another program\n", encoding="utf-8")  # as `harness sync` would
    try:
        assert pending(finished, "smoke") == REPORTS
    finally:
        (finished / MIRROR).write_text("", encoding="utf-8")


def test_mlflow_holds_every_run_once(finished: Path) -> None:
    with closing(sqlite3.connect(finished / "results/mlflow.db")) as store:
        query = (
            "SELECT r.name, r.status FROM runs r JOIN experiments e ON r.experiment_id = e.experiment_id "
            "WHERE e.name = 'smoke' AND r.lifecycle_stage = 'active'"
        )
        held = sorted(store.execute(query))
    names = [
        (f"{row['algorithm']} {row['seed']}", "FINISHED") for row in rows(finished / "results/tables/smoke/runs.csv")
    ]
    assert len(names) == 3 * CELLS
    assert held == sorted(names)


def test_a_fourth_seed_runs_the_second_block_of_each_cell_alone(finished: Path) -> None:
    with edited(finished / STUDY, "seeds: 3", "seeds: 4"):
        files = pending(finished, "smoke")
    assert len(runs(files)) == CELLS
    assert axes(runs(files), 3) == {"seeds-0002-0003"}
    assert files >= EVERYTHING_AFTER_RUNS


def test_another_algorithm_runs_its_cells_alone(finished: Path) -> None:
    with edited(finished / STUDY, "[ars, reinforce]", "[ars, reinforce, hill_climbing]"):
        files = pending(finished, "smoke")
    assert len(runs(files)) == 2 * 2
    assert axes(runs(files), 2) == {"hill_climbing"}
    assert files >= EVERYTHING_AFTER_RUNS


def test_another_environment_runs_its_cells_alone(finished: Path) -> None:
    with edited(finished / STUDY, "[lqr-double-integrator]", "[lqr-double-integrator, Pendulum-v1]"):
        files = pending(finished, "smoke")
    assert len(runs(files)) == 3 * 2
    assert axes(runs(files), 0) == {"Pendulum-v1"}
    assert files >= EVERYTHING_AFTER_RUNS


def test_an_edited_algorithm_runs_its_cells_alone(finished: Path) -> None:
    file = finished / "algorithms/ars.py"
    with edited(file, file.read_text(), file.read_text() + "# edited\n"):
        files = pending(finished, "smoke")
    assert len(runs(files)) == 3 * 2
    assert axes(runs(files), 2) == {"ars"}
    assert files >= EVERYTHING_AFTER_RUNS


@pytest.mark.parametrize(
    ("name", "old", "new", "again"),
    [
        ("harness/figures/style.py", '"""\n\nfrom', '"""\n\n# edited\n\nfrom', {FIGURES, *REPORTS}),
        ("harness/report/templates/report.css", "body {", "/* edited */ body {", REPORTS),
        ("studies/smoke.yaml", "title: Smoke", "title: Smoke and mirrors", REPORTS),
        ("envs.yaml", "random: 22.38 ", "random: 22.39 ", {TABLES, FIGURES, *REPORTS}),
        ("envs.yaml", "random: -497.55 ", "random: -497.56 ", set()),  # Acrobot, not of this study
    ],
    ids=["figure", "template", "title", "score", "score-of-another-environment"],
)
def test_an_edit_makes_again_what_shows_it_and_runs_nothing(
    finished: Path, name: str, old: str, new: str, again: set[str]
) -> None:
    with edited(finished / name, old, new):
        assert pending(finished, "smoke") == again


def test_tables_figures_and_report_rebuilt_from_published_data_are_the_published_bytes(
    finished: Path, tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(finished, tmp_path / "clone", symlinks=True))
    assert run(clone, "harness", "publish", "smoke").returncode == 0
    for name in ("runs", "tables", "figures", "mlflow.db"):
        path = clone / "results" / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    told = run(clone, "harness", "rebuild", "smoke")
    assert told.returncode == 0, told.stdout
    for line in ("tables: 28 of 28", "figures: 34 of 34", "report: 2 of 2"):
        assert f"{line} byte-equal to the published ones\n" in told.stdout


def test_cores_and_blocks_change_no_digest_and_no_table_and_a_finished_seed_is_adopted(
    finished: Path, project: Path
) -> None:
    replace(project / STUDY, "block: 2", "block: 3")
    told = snakemake(project, "smoke", TABLES, cores=1)
    assert told.returncode == 0, told.stdout
    assert len(digests(project)) == 3 * CELLS
    assert digests(project) == digests(finished)
    names = {path.name for path in (finished / TABLES).parent.glob("*.csv")} - {"timing.csv"}
    assert names == {f"{name}.csv" for name in COLUMNS} - {"timing.csv"}
    for name in names:
        one, other = ((place / TABLES).with_name(name).read_bytes() for place in (project, finished))
        assert one == other, name
    check_adoption(project)


def check_adoption(project: Path) -> None:
    """With four seeds in blocks of two, the block of seeds 2 and 3 takes seed 2 from the block of seeds 0 to 2."""
    (old,) = (project / "results/runs/CartPole-v1/linear/ars").glob("*/seeds-0000-0002")
    new = old.with_name("seeds-0002-0003")
    replace(project / STUDY, "block: 3", "block: 2")
    replace(project / STUDY, "seeds: 3", "seeds: 4")
    told = snakemake(project, "smoke", (new / "manifest.json").relative_to(project).as_posix())
    assert told.returncode == 0, told.stdout
    known, taken = (
        {one["seed"]: one["digest"] for one in json.loads((folder / "manifest.json").read_text())["runs"]}
        for folder in (old, new)
    )
    assert list(taken) == [2, 3]
    assert taken[2] == known[2]
    clock, same = (pq.read_table(folder / "timing.parquet").to_pylist() for folder in (old, new))
    assert same[0] == clock[2]  # to the bit: it was not run again


FAULT = 'raise RuntimeError("broken on purpose")'
MIXED = """\
title: Mixed
question: Does one broken algorithm stop the others?
seeds: 1
evaluation: {every: 2000, episodes: 2}
budget: 6000
grids:
  - environments: [CartPole-v1]
    policies: [linear]
    algorithms: [fails, ars]
"""


def test_a_failing_algorithm_names_its_line_stops_no_other_and_is_missing_in_the_report(project: Path) -> None:
    line = write_failing_algorithm(project / "algorithms/fails.py")
    (project / "studies/mixed.yaml").write_text(MIXED, encoding="utf-8")
    told = snakemake(project, "mixed")
    assert told.returncode != 0
    (log,) = (project / "results/logs/CartPole-v1/linear/fails").glob("*.log")
    assert f'algorithms/fails.py", line {line}' in log.read_text(encoding="utf-8")
    assert "broken on purpose" in " ".join(told.stdout.split())  # the log is shown
    assert {labels for labels, _ in digests(project)} == {"results/runs/CartPole-v1/linear/ars"}
    for stage in ("tables", "figures", "report"):
        made = run(project, "harness", stage, "mixed")
        assert made.returncode == 0, made.stdout
    status = {row["algorithm"]: row["status"] for row in rows(project / "results/tables/mixed/runs.csv")}
    assert status == {"ars": "finished", "fails": "missing"}
    page = (project / "reports/mixed.html").read_text(encoding="utf-8")
    section = page[page.index('id="completeness"') : page.index('id="methods"')]
    assert "fails" in section
    assert "missing" in section


def write_failing_algorithm(file: Path) -> int:
    """Random search that raises when it should learn; returns the line."""
    text = file.with_name("random_search.py").read_text(encoding="utf-8")
    file.write_text(text.replace("class RandomSearch", "class Fails"), encoding="utf-8")
    replace(file, "(outcome,) = outcomes", FAULT)
    return 1 + [line.strip() for line in file.read_text(encoding="utf-8").splitlines()].index(FAULT)


def unknown_algorithm(project: Path) -> None:
    replace(project / STUDY, "[ars, reinforce]", "[ars, reinforc]")


def broken_yaml(project: Path) -> None:
    replace(project / STUDY, "block: 2", "block: [2")


def unknown_key(project: Path) -> None:
    replace(project / STUDY, "block: 2", "blocks: 2")


def nothing(project: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("study", "spoil", "words"),
    [
        ("smok", nothing, ["studies/", "'smok'", "did you mean 'smoke'?"]),
        ("../smoke", nothing, ["studies/", "'../smoke'"]),
        ("smoke", unknown_algorithm, ["studies/smoke.yaml:16: grids[0].algorithms[1]", "did you mean 'reinforce'?"]),
        ("smoke", unknown_key, ["studies/smoke.yaml:6", "blocks", "did you mean 'block'?"]),
        ("smoke", broken_yaml, ["studies/smoke.yaml:", "not YAML"]),
    ],
    ids=["study", "path", "algorithm", "key", "yaml"],
)
def test_bad_input_is_one_message_and_leaves_nothing_behind(
    bare: Path, study: str, spoil: Callable[[Path], None], words: list[str]
) -> None:
    text = (bare / STUDY).read_text(encoding="utf-8")
    spoil(bare)
    told = snakemake(bare, study)
    (bare / STUDY).write_text(text, encoding="utf-8")
    assert told.returncode != 0
    (message,) = [line for line in told.stdout.splitlines() if not line.startswith("Using workflow specific profile")]
    assert message.startswith("error: ")
    for word in words:
        assert word in message
    assert not (bare / "results").exists()
    assert not (bare / "reports").exists()
    junk = [path for path in (bare / ".snakemake").rglob("*") if path.is_file() and path.suffix != ".log"]
    assert junk == []


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing is ever run."""
    return copy_project(tmp_path_factory.mktemp("bare"))
