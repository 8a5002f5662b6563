"""Copies of this project in which tests run, edit and break what they like; the compiled kernels are shared."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.plugins import ROOT

KERNELS = ".kernels"
MADE = ("results/", "reports/")  # what is published of them: large, and not what a test runs


def copy_project(folder: Path) -> Path:
    """All files that git knows or would take in, as they are now, but nothing that was published."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if name and not name.startswith(MADE) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (ROOT / KERNELS).mkdir(exist_ok=True)
    (folder / KERNELS).symlink_to(ROOT / KERNELS)
    return folder


def run(project: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A Python module with its arguments, in a project; standard output and errors as one text."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "HARNESS"))}
    environment |= settings
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )


def snakemake(project: Path, study: str, *words: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
    """`snakemake --cores 2 --config study=STUDY`."""
    return run(project, "snakemake", "--cores", str(cores), *words, "--config", f"study={study}")


def pending(project: Path, study: str) -> set[str]:
    """The files that Snakemake would make now, without making them."""
    told = snakemake(project, study, "--summary")
    assert told.returncode == 0, told.stdout
    start = told.stdout.index("output_file\t")
    rows = csv.DictReader(told.stdout[start:].splitlines(), delimiter="\t")
    return {row["output_file"] for row in rows if row["plan"] == "update pending"}


def replace(file: Path, old: str, new: str) -> None:
    """Edit a file; what is to be replaced stands in it once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def edited(file: Path, old: str, new: str) -> Iterator[None]:
    """`replace`, taken back afterwards."""
    text = file.read_text(encoding="utf-8")
    replace(file, old, new)
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
