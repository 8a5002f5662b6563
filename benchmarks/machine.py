"""Where and when a subject was measured: benchmarks/results/machine.csv, one line a subject."""

from __future__ import annotations

import csv
import os
import platform
import re
import time
from importlib.metadata import version
from pathlib import Path

COLUMNS = ("subject", "date", "processor", "cores", "load_before", "seconds", "quick", "python", "numpy", "numba")


def load() -> float:
    """Processes that wanted a core in the last minute; above the suite's own one, figures are disturbed."""
    return os.getloadavg()[0]


def processor() -> str:
    """Its name as the system knows it."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", path.read_text()) if path.exists() else None
    return found[1] if found else platform.processor()


def write(subject: str, seconds: float, before: float, quick: bool, folder: Path) -> None:
    """Add or replace the line of a subject."""
    path = folder / "machine.csv"
    lines: dict[str, dict[str, str]] = {}
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            lines = {line["subject"]: line for line in csv.DictReader(file)}
    facts = (subject, time.strftime("%Y-%m-%d"), processor(), os.cpu_count(), f"{before:.2f}", f"{seconds:.0f}", quick)
    versions = (platform.python_version(), version("numpy"), version("numba"))
    lines[subject] = {name: str(value) for name, value in zip(COLUMNS, (*facts, *versions), strict=True)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines[name] for name in sorted(lines))
