"""Where a result comes from: versions, machine and commit. Recorded beside results, never part of their identity.

Some of these facts bind: equal bits are promised only where they are equal, so a job goes on only with what was made
under the same ones (`maker`).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from harness.files import checksum
from harness.plugins import ROOT

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "torch", "gymnasium", "mujoco", "box2d", "cma", "pyarrow", "pandas")
ITSELF = "harness/provenance.py"
CODE = ("algorithms", "environments", "harness", "policies")  # folders
CPU_FEATURES = ("avx", "avx2", "fma", "avx512f")  # what changes the last bits of mathematical functions
BINDING = ("python", "packages.", "lock", "platform", "libc", "cpu.features", "cpu.maker", "threads.", "blas")


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
        **commit(),
    }


def maker(code: str, facts: Mapping[str, Any]) -> str:
    """Sha256 of what decides the bits of a run beside its cell and its seed.

    Args:
        code: digest of the sources.
        facts: a provenance, of which the binding facts count.
    """
    binding = {name: fact for name, fact in flat(facts).items() if name.startswith(BINDING)}
    return hashlib.sha256(json.dumps([code, binding], sort_keys=True).encode()).hexdigest()


def flat(facts: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested facts under dotted names; the maker of a CPU is the first word of its model."""
    found: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if "cpu.model" in found:
        found["cpu.maker"] = found["cpu.model"].partition(" ")[0]
    return found


def commit() -> dict[str, Any]:
    """The commit that holds these sources, empty where git tracks none, and whether they differ from it (`dirty`).

    They do where a tracked file was changed, or the code has a file that the commit lacks. A repository that they
    merely lie in, as an unpacked bundle may, says nothing of them.
    """
    if not _git("ls-files", "--", ITSELF):
        return {"commit": "", "dirty": False}
    changed = _git("status", "--porcelain", "--untracked-files=no")
    lacking = _git("ls-files", "--others", "--exclude-standard", "--", *CODE)
    return {"commit": _git("rev-parse", "HEAD"), "dirty": bool(changed or lacking)}


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
    """What git answers, or nothing where there is no git or no repository; whatever repository a hook speaks of."""
    call, around = ["git", "-C", str(ROOT), *words], {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        answer = subprocess.run(call, env=around, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
