"""Memory that is kept costs no page faults a second time."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from harness.memory import keep_memory

if sys.argv[1] == "kept":
    keep_memory()
for size in (50_000, 200_000):
    (np.ones(size), np.ones(size))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    (np.ones(50_000), np.ones(200_000))  # 2 MB, 488 pages of 4 KiB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(way: str) -> int:
    done = subprocess.run([sys.executable, "-c", FAULTS, way], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is the GNU C library's")
def test_arrays_of_two_megabytes_made_fifty_times_need_no_new_pages() -> None:
    assert faults("kept") < 10
    assert faults("as it comes") > 50  # else there was nothing to gain
