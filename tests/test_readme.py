"""What the README promises to newcomers works when it is typed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness import strict_yaml
from harness.claims.declaration import load_claims
from harness.claims.verdict import adjust
from harness.figures.load import load
from harness.plugins import ROOT
from harness.report.conclusion import conclusion
from harness.schema import mapping, read
from harness.spec import Environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGES = ("algorithms", "environments", "harness", "policies")


BEGINNINGS = {"def ask(s": "algorithm", "def forwa": "policy"}  # of the README's code: what it is


def harness(project: Path, *words: str, status: int = 0) -> str:
    """What the command says, which must end with this status."""
    command = [sys.executable, "-m", "harness", *words]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert answer.returncode == status, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "envs.yaml", root)
    return root


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("algorithm", "algorithms/mine_too.py"),
        ("policy", "policies/mine_too.py"),
        ("program", "policies/programs/mine_too.py"),
    ],
)
def test_what_harness_new_writes_obeys_every_law(project: Path, kind: str, file: str) -> None:
    said = harness(project, "new", kind, "mine_too")
    assert f"harness check {file}" in said
    answer = harness(project, "check", file)
    assert "all laws hold" in answer and "BROKEN" not in answer


def test_harness_new_leaves_a_file_that_exists_as_it_is(project: Path) -> None:
    before = (project / "algorithms" / "ars.py").read_bytes()
    assert "exists already" in harness(project, "new", "algorithm", "ars", status=2)
    assert (project / "algorithms" / "ars.py").read_bytes() == before


@pytest.mark.parametrize("name", ["Mine", "my own", "../mine", "class", "1st", "mine.py", ""])
def test_harness_new_refuses_what_cannot_name_a_module(project: Path, name: str) -> None:
    assert "cannot name a module" in harness(project, "new", "algorithm", name, status=2)


@pytest.mark.parametrize("kind", ["algorithm", "policy"])
def test_code_of_the_readme_is_that_of_the_starter_and_ten_lines_at_most(kind: str) -> None:
    starter = (ROOT / "harness" / "starters" / f"{kind}.py").read_text(encoding="utf-8")
    written = [line.strip() for line in starter.splitlines()]
    (code,) = (
        code for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if kind in BEGINNINGS[code[:9]]
    )
    lines = [line.split("  #")[0].strip() for line in code.splitlines() if line.strip()]
    assert len(lines) <= 10
    assert all(any(line == known.split("  #")[0] for known in written) for line in lines)


def test_environment_of_the_readme_is_a_valid_entry() -> None:
    (text,) = re.findall(r"^    (LunarLander-wind:\n(?:      .*\n)+)", README, flags=re.MULTILINE)
    entry = mapping(strict_yaml.parse(text.replace("\n    ", "\n"), "README.md"))["LunarLander-wind"]
    assert read(entry, Environment).options == {"enable_wind": True}


def test_both_commands_of_the_readme_install_the_lock_file() -> None:
    lines = [line.strip() for line in README.splitlines() if line.startswith("    python3 -m venv")]
    assert len(lines) == 2
    assert all("-c constraints.txt" in line for line in lines)
    assert lines[0].endswith("snakemake --cores 8") and lines[1].endswith("pytest")
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().split()


def test_the_answer_of_the_readme_is_the_one_that_the_published_tables_give() -> None:
    quoted = re.search(r"^(?:> .*\n)+", README, flags=re.MULTILINE)
    assert quoted is not None
    said = conclusion(load(ROOT / "results" / "published" / "structure_vs_data" / "tables")).said
    answer = " ".join(sentence.text for sentence in said).replace("\u00a0", " ")
    assert " ".join(line.removeprefix("> ") for line in quoted[0].splitlines()) == answer


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_what_the_readme_links_to_is_there(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).is_file()


PUBLISHED = sorted(path.name for path in (ROOT / "results" / "published").iterdir() if path.is_dir())


@pytest.mark.parametrize("study", PUBLISHED)
def test_every_link_of_a_published_report_leads_somewhere(study: str) -> None:
    page = ROOT / "reports" / "published" / f"{study}.html"
    links = set(re.findall(r'href="(\.\.[^"#]*)"', page.read_text(encoding="utf-8")))
    assert len(links) > 10
    assert [link for link in sorted(links) if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("study", PUBLISHED)
def test_published_claims_are_corrected_for_as_many_as_are_declared_today(study: str) -> None:
    """A claim more makes every verdict stricter: what is published is then published again."""
    table = load(ROOT / "results" / "published" / study / "tables").claims
    expected = adjust(table["p"].to_numpy(dtype=float), len(load_claims(ROOT)))  # [claims]
    assert table["p_holm"].to_numpy(dtype=float) == pytest.approx(expected, nan_ok=True)


def published_row(study: str) -> str:
    """What ran for a published study, as docs/reproducibility.md has it."""
    tables = load(ROOT / "results" / "published" / study / "tables")
    timing = pd.read_csv(ROOT / "results" / "published" / study / "tables" / "timing.csv")
    cells, seeds = len(timing), tables.runs["seed"]
    hours = (timing["seconds_total"] * timing["n"]).sum() / 3600
    numbers = (
        f"{cells} | {len(seeds)} | {seeds.min():.0f} to {seeds.max():.0f} | {tables.runs['steps'].sum() / 1e6:.0f}"
    )
    return f"| {study} | {numbers} | {hours:.1f} |"


def test_the_page_states_what_ran_for_every_published_study() -> None:
    page = (ROOT / "docs" / "reproducibility.md").read_text(encoding="utf-8")
    for study in PUBLISHED:
        assert published_row(study) in page
    tried = pd.concat(pd.read_csv(path) for path in sorted((ROOT / "tuned").glob("*.csv")))
    tuning = f"Tuning: {len(tried)} settings with three seeds each, {tried['steps'].sum() / 1e6:.0f} million steps."
    assert tuning in " ".join(page.split())
    assert set(tried["n"]) == {3}
