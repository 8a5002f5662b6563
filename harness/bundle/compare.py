"""The sources of an unpacked bundle beside the present ones."""

from __future__ import annotations

from pathlib import Path

from harness.edits import ROOMS
from harness.files import checksum
from harness.plugins import ROOT

DECIDING = ("constraints.txt", "envs.yaml")  # beside the code


def different_sources(unpacked: Path) -> tuple[str, ...]:
    """The files of code, lock and environments that are not the same here and there, sorted."""
    names = {*deciding(unpacked), *deciding(ROOT)}
    return tuple(sorted(name for name in names if _sum(unpacked / name) != _sum(ROOT / name)))


def deciding(root: Path) -> set[str]:
    """The files of code, lock and environments, relative to a project."""
    code = (path for package in ROOMS for path in (root / package).rglob("*.py"))
    return {path.relative_to(root).as_posix() for path in code} | set(DECIDING)


def _sum(path: Path) -> str:
    return checksum(path) if path.is_file() else ""
