"""Where a result comes from: versions, machine and commit. Recorded beside results, never part of their identity."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from harness.files import checksum
from harness.plugins import ROOT

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "torch", "gymnasium", "mujoco", "box2d", "cma", "pyarrow", "pandas")
CODE = ("algorithms", "environments", "harness", "policies")  # folders
CPU_FEATURES = ("avx", "avx2", "fma", "avx512f")  # what changes the last bits of mathematical functions


@cache
def provenance() -> dict[str, Any]:
    """Facts on this process, as plain data."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "lock": _digest(ROOT / "constraints.txt"),
        "platform": f"{platform.system()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "cpu": _cpu(),
        "blas": blas(),
        "threads": {name: os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")},
        "commit": _git("rev-parse", "HEAD"),
        "dirty": dirty(),
    }


def dirty() -> bool:
    """Whether a tracked file differs from the commit, or the code has a file that the commit lacks."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return bool(changed or _git("ls-files", "--others", "--exclude-standard", "--", *CODE))


def blas() -> str:
    """Name and version of the BLAS that NumPy was built with, `scipy-openblas 0.3.31`; empty where it does not tell."""
    facts = np.show_config(mode="dicts")["Build Dependencies"].get("blas", {})
    return " ".join(str(facts[key]) for key in ("name", "version") if facts.get(key))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _digest(path: Path) -> str:
    return checksum(path) if path.exists() else ""


def _cpu() -> dict[str, Any]:
    """Model and the features that matter; empty where the system does not tell."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {"model": platform.processor(), "features": []}
    facts = dict(line.split("\t:", 1) for line in path.read_text().splitlines() if "\t:" in line)
    flags = {name.strip(): value.split() for name, value in facts.items()}.get("flags", [])
    model = next((value.strip() for name, value in facts.items() if name.strip() == "model name"), "")
    return {"model": model, "features": [feature for feature in CPU_FEATURES if feature in flags]}


def _git(*words: str) -> str:
    """What git answers, or nothing where there is no git or no repository."""
    try:
        answer = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
