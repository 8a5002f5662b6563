"""Memory of large arrays is kept for the next ones: the system gives every page anew, cleared and at a fault each.

The C library returns blocks above 128 KiB to the system when they are freed. Algorithms that work on a batch make and
drop arrays of this size many times in a second, and half of their time went into pages.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # names of malloc.h
KEPT = 64 * 2**20  # bytes that may lie free at the end of the heap
LARGEST = 32 * 2**20  # bytes of a block that is still taken from the heap; the C library's own limit


def keep_memory() -> None:
    """Tell the C library of this process; one without `mallopt` (macOS, musl) goes on as it is."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(TRIM_THRESHOLD, KEPT)
        library.mallopt(MMAP_THRESHOLD, LARGEST)
