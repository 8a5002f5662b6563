"""One thread for BLAS, OpenMP, Numba: more of them change bits. To be called before NumPy is imported."""

from __future__ import annotations

import os


def pin_threads() -> None:
    """Set the environment variables that these libraries read when they are loaded."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
