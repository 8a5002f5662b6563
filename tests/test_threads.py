"""What the environment tells the numerical libraries reaches no command: neither threads nor instructions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from harness.plugins import ROOT

TOLD = {  # each of them changes bits, or the code that computes them
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_ENABLE_CPU_FEATURES": "X86_V3",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "NUMBA_DISABLE_JIT": "1",
    "NUMBA_CPU_NAME": "generic",
    "OMP_NUM_THREADS": "4",
}
BITS = """
import hashlib, json, os, sys
from harness.cli import main

main(["list", "environments"])
import numba, numpy as np, torch

x = np.random.default_rng(0).normal(size=(300, 300))
single = torch.from_numpy(x.astype(np.float32))
arrays = {"product": x @ x, "exp": np.exp(x), "torch": (single @ single).numpy()}
bits = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
aten = torch.backends.cpu.get_cpu_capability()
told = [aten, numba.config.DISABLE_JIT, numba.config.CPU_NAME, torch.get_num_threads()]
print(json.dumps({"bits": bits, "told": told, "children": {name: os.environ.get(name) for name in sys.argv[1:]}}))
"""


def found(**environment: str) -> Any:
    """What a command computes with and hands to its children."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BITS, *TOLD],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_variables_that_choose_threads_or_instructions_change_no_bit_and_reach_no_child() -> None:
    plain = found()
    assert plain["children"] == {**dict.fromkeys(TOLD), "OMP_NUM_THREADS": "1"}
    assert found(**TOLD) == plain
