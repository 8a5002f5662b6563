"""From a number or a name to all that is behind it, and back: the commands that it gives make the same again."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
from pathlib import Path

import pytest
from finished_study import ARS, finished
from project_copy import run

from harness.errors import InputError
from harness.explain import rows
from harness.explain.rows import KEYS, Number, find_number, runs_behind
from harness.tables import COLUMNS
from harness.tables.write import csv_bytes
from harness.vouched import write_all


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("explain"))


def told(project: Path, *words: str) -> str:
    done = run(project, "harness", "explain", *words)
    assert done.returncode == 0, done.stdout
    return done.stdout


def refused(project: Path, *words: str) -> str:
    done = run(project, "harness", "explain", *words)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def manifests(project: Path) -> list[Path]:
    return sorted((project / ARS).rglob("manifest.json"))


def test_a_number_leads_to_its_line_its_runs_their_files_and_the_commands(project: Path) -> None:
    table = project / "results" / "tables" / "tiny" / "scores.csv"
    with table.open(newline="", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["algorithm"] == "ars")
    text = told(project, "tiny", "scores", "CartPole-v1", "linear", "ars", "iqm")
    assert f"iqm = {row['iqm']}\n" in text
    assert "results/tables/tiny/scores.csv, line 2, column iqm" in text
    assert hashlib.sha256(table.read_bytes()).hexdigest() in text
    assert "runs (3):" in text
    for manifest in manifests(project):
        content = json.loads(manifest.read_text(encoding="utf-8"))
        assert f"{content['code']}: the present sources\n" in text
        assert all(run["digest"][:12] in text for run in content["runs"])
        assert all(f"{stated}  {name}\n" in text for name, stated in content["files"].items())
    assert "snakemake --cores 2 --force results/runs/CartPole-v1/linear/ars/" in text
    assert "harness tables tiny" in text
    assert "random · seed" not in text


def test_a_run_is_found_by_its_labels_its_digest_and_its_path(project: Path) -> None:
    manifest = manifests(project)[0]
    digest = json.loads(manifest.read_text(encoding="utf-8"))["runs"][1]["digest"]
    by_labels = told(project, "tiny", "CartPole-v1", "linear", "ars", "1")
    assert by_labels == told(project, digest[:10])
    assert "seed 1: finished" in by_labels and digest[:12] in by_labels
    assert "seed 0" not in by_labels
    by_path = told(project, manifest.parent.relative_to(project).as_posix())
    assert "runs (2):" in by_path
    assert "runs (3):" in told(project, ARS)


def test_a_run_that_no_study_asks_for_is_made_again_from_its_spec(project: Path) -> None:
    study = project / "studies" / "tiny.yaml"
    content = study.read_text(encoding="utf-8")
    manifest = manifests(project)[1]
    before = json.loads(manifest.read_text(encoding="utf-8"))
    study.write_text(content.replace("budget: 900", "budget: 600"), encoding="utf-8")
    text = told(project, before["runs"][0]["digest"])
    study.write_text(content, encoding="utf-8")
    assert "no study of this project" in text
    command = shlex.split(re.findall(r"harness job .*", text)[0])
    manifest.unlink()
    assert run(project, *command).returncode == 0
    assert json.loads(manifest.read_text(encoding="utf-8"))["runs"] == before["runs"]


def test_changed_sources_lost_files_and_altered_files_are_told(project: Path) -> None:
    manifest = manifests(project)[0]
    source, data = project / "algorithms" / "ars.py", manifest.parent / "training.parquet"
    kept = source.read_bytes(), data.read_bytes()
    source.write_bytes(kept[0] + b"# edited\n")
    data.write_bytes(kept[1] + b"0")
    text = told(project, "tiny", "CartPole-v1", "linear", "ars", "0")
    data.unlink()
    lost = told(project, "tiny", "CartPole-v1", "linear", "ars", "0")
    source.write_bytes(kept[0])
    data.write_bytes(kept[1])
    assert re.search(r"code +[0-9a-f]{64}: the present sources have [0-9a-f]{12}\n", text)
    assert re.findall(r"  changed (.*)", text) == ["algorithms/ars.py"]
    assert "git checkout" in text
    assert re.search(r"training\.parquet  ALTERED\n", text)
    assert re.search(r"training\.parquet  LOST\n", lost)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tiny", "scores", "CartPole-v1", "linear", "ars", "iqn"), "there is no column 'iqn'"),
        (("tiny", "scores", "CartPole-v1", "linear", "iqm"), "2 rows of results/tables/tiny/scores.csv fit"),
        (("tiny", "scores", "CartPole-v1", "mlp", "ars", "iqm"), "0 rows of"),
        (("nonesuch", "scores", "CartPole-v1", "linear", "ars", "iqm"), "not there yet"),
        (("tiny", "CartPole-v1", "linear", "ars", "7"), "no run 'CartPole-v1 linear ars 7' is recorded"),
        (("tiny", "CartPole-v1", "linear"), "no run"),
        (("nonesuch", "CartPole-v1", "linear", "ars", "1"), "unknown study"),
        (("tiny",), "is neither a path of records nor"),
        (("000000000000",), "0 recorded runs have a digest that begins so"),
        (("../../etc",), "is neither a path of records nor"),
        (("studies",), "holds no manifest.json"),
    ],
)
def test_words_that_name_nothing_are_refused_with_a_reason(project: Path, words: tuple[str, ...], message: str) -> None:
    assert message in refused(project, *words)


def test_every_table_has_keys_and_they_are_columns_of_it() -> None:
    assert KEYS.keys() == COLUMNS.keys()
    assert all({*keys} <= {*COLUMNS[table]} for table, keys in KEYS.items())


def test_the_keys_of_a_row_find_that_row_in_every_table(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project / "results" / "tables" / "tiny"
    monkeypatch.setattr(rows, "tables_folder", lambda study: folder)
    for table, keys in KEYS.items():
        with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                column = COLUMNS[table][-1]
                number = find_number("tiny", table, [*(row[key] for key in keys), column])
                assert (number.line, number.value) == (line, row[column])


def test_a_damaged_table_explains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "tables_folder", lambda study: tmp_path)
    row = dict.fromkeys(COLUMNS["findings"], "x")
    write_all(tmp_path, {"findings.csv": csv_bytes(COLUMNS["findings"], [row])})
    assert find_number("s", "findings", ["x", "p"]).value == "x"
    (tmp_path / "findings.csv").write_bytes(csv_bytes(COLUMNS["findings"], [row | {"p": 0.5}]))
    with pytest.raises(InputError, match=r"findings\.csv: is damaged"):
        find_number("s", "findings", ["x", "p"])


SIDES = ("first_algorithm", "second_algorithm")
RUNS = [
    {"environment": environment, "policy": policy, "algorithm": algorithm, "family": family, "seed": seed}
    for environment in ("A", "B")
    for policy in ("linear", "wide")
    for algorithm, family in (("ars", "gradient-free"), ("cem", "gradient-free"), ("ppo", "policy-gradient"))
    for seed in ("0", "1")
]


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ({"environment": "A", "policy": "linear", "algorithm": "ars", "seed": "1"}, 1),
        ({"environment": "A", "policy": "linear", "algorithm": "ars", "family": "gradient-free"}, 2),
        ({"environment": "A", "policy": "linear", "first": "ars", "second": "ppo"}, 4),
        ({"level": "algorithm", "family": "gradient-free", "algorithm": "ars", "policy": "wide"}, 4),
        ({"level": "family", "family": "gradient-free", "algorithm": "", "policy": ""}, 16),
        ({"environment": "A", "first_policy": "linear", "second_policy": "wide"} | dict.fromkeys(SIDES, "cem"), 4),
        ({"environment": "A", "family": "gradient-free", "algorithm": "", "policy": "linear", "generic": "wide"}, 8),
        ({"environment": "A", "policy": "wide", "free_algorithm": "cem", "gradient_algorithm": "ppo"}, 6),
        ({"environment": "A", "policy_kind": "", "first": "ars", "second": "ppo"}, 12),
        (
            {"environment": "B", "free_policy": "wide", "free_algorithm": "cem"}
            | {"gradient_policy": "linear", "gradient_algorithm": "ppo"},
            12,
        ),
        (
            {"environment": "B", "family": "gradient-free", "structure_policy": "linear", "structure_algorithm": "ars"}
            | {"generic_policy": "wide", "generic_algorithm": "ars"},
            8,
        ),
    ],
)
def test_behind_a_row_stand_the_runs_it_was_made_from(row: dict[str, str], count: int) -> None:
    behind = runs_behind(Number(Path("t.csv"), 2, "p", row), RUNS)
    assert len(behind) == count
    assert {run["environment"] for run in behind} == {row.get("environment", "A"), row.get("environment", "B")}


@pytest.mark.parametrize("environment", ["all", "A B"])
def test_behind_a_row_of_several_environments_stand_the_runs_of_each(environment: str) -> None:
    row = {"environment": environment, "algorithm": "ars", "family": "gradient-free", "regressor": "horizon"}
    assert len(runs_behind(Number(Path("t.csv"), 2, "p", row), RUNS)) == 8
