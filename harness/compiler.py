"""Numba without the part of SciPy that it loads only to see whether it is there: 0.15 s of every job."""

from __future__ import annotations

import sys
from types import ModuleType

BLAS = "scipy.linalg.cython_blas"


def load_compiler() -> None:
    """Import what Numba imports before it reads a kernel; matrix products find SciPy's BLAS later, when one is used."""
    if BLAS in sys.modules:
        return
    sys.modules[BLAS] = ModuleType(BLAS)  # SciPy is a dependency: it is there
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[BLAS]
