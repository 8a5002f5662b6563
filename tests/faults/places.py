"""A small project as the only one there is: all paths of the package that lie in this one lie in another folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.plugins import ROOT


def move(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let all modules of the package, every one imported, take a folder for the project, and work there."""
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    for module in [module for name, module in sys.modules.items() if name.startswith("harness")]:
        for name, value in vars(module).copy().items():
            if is_here(value):
                patch.setattr(module, name, folder / value.relative_to(ROOT))
            elif type(value) is tuple and any(map(is_here, value)):
                patch.setattr(module, name, tuple(folder / path.relative_to(ROOT) for path in value))
    patch.chdir(folder)


def is_here(value: Any) -> bool:
    """Whether it is a path below this project."""
    return isinstance(value, Path) and value.is_relative_to(ROOT)
