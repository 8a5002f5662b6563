"""Where a run comes from: the facts of `harness/provenance.py` and the library behind NumPy's matrix products.

They stand apart because the sources of a bench of the laboratory include that file, but not this one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from harness.provenance import provenance


@cache
def origin() -> dict[str, Any]:
    """Facts on this process, as plain data; recorded beside results, never part of their identity."""
    return {**provenance(), "blas": blas()}


def blas() -> str:
    """Name and version of the BLAS that NumPy was built with, `scipy-openblas 0.3.31`; empty where it does not tell."""
    facts = np.show_config(mode="dicts")["Build Dependencies"].get("blas", {})
    return " ".join(str(facts[key]) for key in ("name", "version") if facts.get(key))
