"""A command that has workers and scratch folders ends at SIGTERM and SIGHUP as it does at Ctrl-C: they go with it.

Only such a command asks for it: the system's own way ends compiled code at once, too.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDINGS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, the first of these signals is a KeyboardInterrupt that has its number; the next ends the process.

    One that is ignored, as under `nohup`, stays so.
    """
    taken = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt(number)
