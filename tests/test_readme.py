"""What the README promises to newcomers works when it is typed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import strict_yaml
from harness.plugins import ROOT
from harness.schema import mapping, read
from harness.spec import Environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGES = ("algorithms", "environments", "harness", "policies")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "envs.yaml", root)
    return root


def test_algorithm_of_the_readme_obeys_every_law(project: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (project / "algorithms" / "jitter.py").write_text(code)
    words = [sys.executable, "-m", "harness", "check", "algorithms/jitter.py"]
    answer = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "all laws hold" in answer.stdout and "BROKEN" not in answer.stdout


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
