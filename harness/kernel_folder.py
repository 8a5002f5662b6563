"""The folder of compiled kernels, where it cannot be used: no fault of a run, of a plug-in or of a record."""

from __future__ import annotations

import errno
import traceback

from harness.assembly import KERNELS
from harness.files import Unusable
from harness.plugins import source

MODULE = str(source("harness.rollouts", "kernel"))  # whatever passes through it is a fault of the folder


def of_kernels(fault: BaseException) -> Unusable | None:
    """What to tell where a fault is that of the folder: its path, or that of a file in it, and the reason.

    A full disk comes from Numba without a path, and a folder that everybody may write to without a number.
    """
    if isinstance(fault, Unusable):
        return fault
    passed = {frame.filename for frame in traceback.extract_tb(fault.__traceback__)}
    if not isinstance(fault, OSError) or MODULE not in passed:
        return None
    return Unusable(fault.errno or errno.EACCES, fault.strerror or str(fault), str(fault.filename or KERNELS))
