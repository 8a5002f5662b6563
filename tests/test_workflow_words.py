"""What a person types to Snakemake and what it says at the end, without running anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_project
from project_copy import copy_project, run

from harness import cli, farewell, workflow
from harness.errors import InputError
from harness.names import read_by_snakemake
from harness.study import load_study
from harness.tracking import ledger
from harness.workflow import open_study, study_in


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"stdy": "smoke"}, "unknown key 'stdy'; allowed: study; did you mean 'study'?"),
        ({"study": "smoke", "foo": 1}, "unknown key 'foo'; allowed: study"),
        ({"study": None}, "--config study=: names no study; allowed: dimension, "),
        ({"study": 1000.0}, "Snakemake reads the value as 1000.0, which is no name of a study"),
        ({"study": True}, "Snakemake reads the value as True"),
    ],
)
def test_only_the_key_study_with_a_name_is_accepted_of_the_config(config: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        study_in(config)
    assert words in str(refused.value)


def test_the_config_names_the_study_and_quickstart_is_the_one_of_no_config() -> None:
    assert (study_in({}), study_in({"study": "smoke"})) == ("quickstart", "smoke")


@pytest.mark.slow
def test_a_misspelt_key_ends_snakemake_with_status_1_before_any_study_is_planned(tmp_path: Path) -> None:
    told = run(copy_project(tmp_path), "snakemake", "-n", "--config", "stdy=smoke")
    assert told.returncode == 1
    assert "error: --config: unknown key 'stdy'; allowed: study; did you mean 'study'?" in told.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [("010", "10"), ("1e3", "1000.0"), ("2024", "2024"), ("1_0", "10"), ("nan", "nan"), ("True", "True")],
)
def test_a_name_that_snakemake_reads_as_a_number_or_a_truth_value_is_refused_for_a_study(
    tmp_path: Path, name: str, value: str
) -> None:
    from snakemake.cli import parse_config

    assert repr(parse_config([f"study={name}"])["study"]) == repr(read_by_snakemake(name)) == value
    small_project.write(tmp_path)
    (tmp_path / "studies/mine.yaml").rename(tmp_path / f"studies/{name}.yaml")
    with pytest.raises(InputError, match=f"{name} cannot name a study: --config study={name} would be read as {value}"):
        load_study(tmp_path, name)


@pytest.mark.parametrize("name", ["1e3-x", "true", "null", "v1.0", "0x10", "a-1"])
def test_other_names_come_through_the_config_letter_by_letter(name: str) -> None:
    from snakemake.cli import parse_config

    assert parse_config([f"study={name}"])["study"] == read_by_snakemake(name) == name


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], str]:
    """The farewell of the smoke study where so many of its runs are not in MLflow."""
    opened = open_study("smoke")
    monkeypatch.setattr(farewell, "ROOT", tmp_path)
    monkeypatch.setattr(farewell, "command", str)

    def last_words(count: int) -> str:
        missing = [ledger.Unmirrored(str(n), "locked by another program") for n in range(count)]
        monkeypatch.setattr(ledger, "unmirrored", lambda results, study, manifests: missing)
        return farewell.farewell(opened)

    return last_words


def test_the_farewell_counts_the_21_runs_that_mlflow_lacks_and_names_the_command(said: Callable[[int], str]) -> None:
    assert "All runs in MLflow:    harness ui smoke" in said(0)
    told = said(21)
    assert "Not in MLflow:         21 runs (locked by another program); to show them: harness sync smoke" in told
    assert "harness ui" not in told


def test_the_farewell_names_the_studies_that_a_new_store_lacks_until_each_is_synced(
    said: Callable[[int], str], tmp_path: Path
) -> None:
    results = tmp_path / "results"
    for name, store in (("smoke", "mlflow.db"), ("other", "mlflow.db"), ("afar", "http://there")):
        ledger.write(results, ledger.Ledger(name, store, mirrored={"a": "1"}))
    assert "made anew" not in said(0)
    ledger.empty(results, "mlflow.db")
    assert ledger.emptied(results) == ["other", "smoke"]
    assert "The MLflow store was made anew, without other; to show a study: harness sync STUDY" in said(0)
    ledger.write(results, ledger.Ledger("other", "mlflow.db", mirrored={"a": "1"}))
    assert "made anew" not in said(0)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The results of a project in which `harness sync smoke` meets nothing."""
    from harness import plugins
    from harness.tracking import mirror

    opened = open_study("smoke")
    monkeypatch.setattr(workflow, "open_study", lambda name: opened)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    trouble = {"d/0": "evaluations.parquet: it was altered"}
    monkeypatch.setattr(mirror, "sync", lambda *words: ledger.Ledger("smoke", "mlflow.db", unmirrored=trouble))
    return tmp_path / "results"


def test_a_sync_says_which_command_makes_a_report_again_that_names_other_runs_as_not_shown(
    synced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sync", "smoke", "--check"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == "1 of them could not be compared with their files: evaluations.parquet: it was altered"
    ledger.tell_report(synced, "smoke", [ledger.Unmirrored("d/0", "locked by another program")])
    assert cli.main(["sync", "smoke"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == "the report says otherwise: `snakemake --cores 2 --config study=smoke` makes it again"
    assert cli.main(["sync", "smoke"]) == 0
    assert "the report" not in capsys.readouterr().err


def test_a_sync_names_the_one_other_study_that_the_new_store_lacks(
    synced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("smoke", "other"):
        ledger.write(synced, ledger.Ledger(name, "mlflow.db", complaint=ledger.ANEW))
    assert cli.main(["sync", "smoke"]) == 0
    assert "the store was made anew and lacks other: sync shows each again" in capsys.readouterr().err


def test_measurements_dated_in_the_future_are_dated_to_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = open_study("variance")
    monkeypatch.setattr(workflow, "ROOT", tmp_path)
    path = tmp_path / study.measurements[0]
    path.parent.mkdir(parents=True)
    path.touch()
    os.utime(path, (4e9, 4e9))
    study.date_back()
    assert path.stat().st_mtime <= time.time()
