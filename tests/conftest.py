"""What all tests share: one thread, Box2D imported while its warnings are no errors, and the project's own kernels."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from harness.plugins import ROOT
from harness.threads import pin_threads

pin_threads()  # before anything that a test imports reads the environment

with warnings.catch_warnings():  # SWIG warns while Box2D is imported; as an error that would end the process
    warnings.simplefilter("ignore", DeprecationWarning)
    import Box2D  # noqa: F401


@pytest.fixture(scope="session")
def kernels() -> Path:
    """Where compiled kernels are kept: compiling one takes seconds, finding it milliseconds."""
    return ROOT / ".kernels"
