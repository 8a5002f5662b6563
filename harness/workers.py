"""The same work on several cores: every worker takes one item after the other, results stand in the order of the items.

Workers are forked: what the work reads is inherited, and only results are sent. Who made a result must not matter, so
whatever is random in the work has an address (`harness/streams.py`). Forking is safe on Linux alone; elsewhere the
work is done here, with the same results.

An item that fails in a worker is done again here, where its fault is raised as if there were no workers, and so is one
whose worker was killed.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> list[Result]:
    """The result of every item.

    Args:
        work: depends on nothing but its item and what stands still.
        items: any number of them; the longest work should come first.
        jobs: workers at most.
    """
    count = min(jobs, len(items))
    if count < 2 or sys.platform != "linux":
        return [work(item) for item in items]
    with ExitStack() as stack:
        pipes = [stack.enter_context(_worker(work, items)) for _ in range(count)]
        done = dict(_received(pipes, work, items))
    return [done[place] if place in done else work(item) for place, item in enumerate(items)]


@contextmanager
def _worker(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Connection]:
    """The pipe to a worker of its own, which does not outlive the block."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=_serve, args=(work, items, theirs, ours), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()
        ours.close()


def _serve(work: Callable[[Item], Result], items: Sequence[Item], pipe: Connection, parents: Connection) -> None:
    """Do the items whose places are sent, to the end or until nobody listens; Ctrl-C is the parent's to tell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parents.close()  # else this end would never hear that the parent is gone
    try:
        while (place := pipe.recv()) is not None:
            pipe.send((place, *_tried(work, items[place])))
    except (EOFError, ConnectionError):
        return


def _tried(work: Callable[[Item], Result], item: Item) -> tuple[bool, Result | None]:
    """Whether it was done, and the result; what it raised is raised again where it can be told."""
    try:
        return True, work(item)
    except Exception:
        return False, None


def _received(
    pipes: list[Connection], work: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[int, Result]]:
    """Places and results as they come, until every worker has ended."""
    places = iter(range(len(items)))
    for pipe in pipes:
        with suppress(ConnectionError):
            pipe.send(next(places))
    while pipes:
        for pipe in _ready(pipes):
            try:
                place, made, result = pipe.recv()
                pipe.send(next(places, None))
            except (EOFError, ConnectionError):  # it has ended, or was killed
                pipes.remove(pipe)
                continue
            yield place, result if made else work(items[place])


def _ready(pipes: list[Connection]) -> list[Connection]:
    """Those that have something to say, as soon as there are any."""
    ready = wait(pipes)
    return [pipe for pipe in pipes if pipe in ready]
