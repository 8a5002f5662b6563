"""A stage without the one before it says which command makes that, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_project
from faults.documents import ENVIRONMENTS, GRID, HEAD, SEEDS
from faults.places import move

from harness import workflow
from harness.cli import main
from harness.plugins import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing was run."""
    small_project.write(tmp_path, HEAD + SEEDS + "budget: 2000\n" + GRID, ENVIRONMENTS)
    (tmp_path / ".kernels").symlink_to(ROOT / ".kernels")
    (tmp_path / "harness").symlink_to(ROOT / "harness")  # the report's templates
    move(monkeypatch, tmp_path)
    return tmp_path


@pytest.mark.parametrize("stage", ["tables", "figures", "report", "publish", "verify"])
def test_a_stage_of_a_study_without_runs_names_the_command_that_makes_them(
    project: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    assert main([stage, "mine"]) == 2
    told = "error: studies/mine.yaml: has no finished run: `snakemake --cores 2 --config study=mine`\n"
    assert capsys.readouterr().err == told
    assert not (project / "results").exists() or not list((project / "results").iterdir())
    assert not (project / "reports").exists()


def test_a_study_of_tuning_without_runs_names_the_command_that_makes_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "studies" / "mine.yaml").write_text(HEAD + SEEDS + "budget: 2000\ntuning: {settings: 2}\n" + GRID)
    assert main(["tune", "mine"]) == 2
    assert "`snakemake --cores 2 tune --config study=mine`" in capsys.readouterr().err
    assert not (project / "tuned").exists()


def test_a_report_or_figures_before_the_stage_that_they_stand_on_name_that_stage(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in workflow.open_study("mine").jobs:
        assert main(["job", "--spec", one.cell.to_json(), "--first", str(one.first), "--last", str(one.last)]) == 0
    capsys.readouterr()
    for stage in ("figures", "report"):
        assert main([stage, "mine"]) == 2
        told = "error: results/tables/mine: not there yet: run `harness tables mine` first\n"
        assert capsys.readouterr().err == told
    assert main(["tables", "mine"]) == 0
    capsys.readouterr()
    assert main(["report", "mine"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: results/figures/mine/checksums.json: is not there")
    assert told.endswith("; run `harness figures mine`\n")
    assert not (project / "reports").exists()
