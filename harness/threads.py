"""One thread for BLAS, OpenMP, Numba, and the instructions that these choose themselves: all else changes bits.

To be called before NumPy is imported.
"""

from __future__ import annotations

import os

THREADED = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
TOLD = ("ATEN_", "DNNL_", "MKL_", "NPY_", "NUMBA_", "ONEDNN_", "OPENBLAS_")  # …_CORETYPE, …_CPU_FEATURES, …_CBWR


def pin_threads() -> None:
    """Set the environment variables that these libraries read when they are loaded; drop all others that they read."""
    for name in [name for name in os.environ if name.startswith(TOLD)]:
        del os.environ[name]
    for library in THREADED:
        os.environ[f"{library}_NUM_THREADS"] = "1"
