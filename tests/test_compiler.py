"""Numba is loaded without SciPy, and finds SciPy when compiled code multiplies matrices."""

from __future__ import annotations

import subprocess
import sys

KERNEL = """
import sys
from harness.compiler import BLAS, load_compiler

if sys.argv[1] == "lean":
    load_compiler()
import numpy as np
from numba import njit

@njit
def double(x):
    return x + x

double(np.ones(2))
print("scipy.linalg" in sys.modules, BLAS in sys.modules)
"""
PRODUCT = """
import sys
from harness.compiler import BLAS, load_compiler

load_compiler()
import numpy as np
from numba import njit

@njit
def product(x, y):
    return x @ y

x = np.array([[1.0, 2.0], [3.0, 4.0]])
print(product(x, x).tolist(), sys.modules[BLAS].__file__ is not None)
"""


def said(*words: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_compiling_and_running_a_loop_imports_no_scipy() -> None:
    assert said(KERNEL, "lean") == "False False"
    assert said(KERNEL, "as it comes") == "True True"  # else there was nothing to gain


def test_a_compiled_matrix_product_uses_scipys_blas() -> None:
    assert said(PRODUCT) == "[[7.0, 10.0], [15.0, 22.0]] True"
