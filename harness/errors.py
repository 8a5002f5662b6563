"""What a person wrote cannot be used: one exception, whose message says where, what is allowed and the nearest word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """A fault in a file, a setting or a name that a person gave; never a fault of the harness.

    Args:
        place: where, e.g. `studies/smoke.yaml:12: grids[0].policies`.
        problem: what is wrong, one sentence without a full stop.
        word: the word that was not recognised, if that is the fault.
        allowed: the words that would have been.
    """

    def __init__(self, place: str, problem: str, word: str = "", allowed: Iterable[str] = ()) -> None:
        words = list(allowed)
        choice = f"; allowed: {', '.join(words)}" if words else ""
        super().__init__(f"{place}: {problem}{choice}{suggestion(word, words)}")


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean 'linear'?`, or nothing if no allowed word is near; upper and lower case are the same here."""
    spelling = {candidate.lower(): candidate for candidate in allowed}
    near = get_close_matches(word.lower(), spelling, n=1, cutoff=0.6)
    return f"; did you mean '{spelling[near[0]]}'?" if near else ""


def decoded(content: bytes, name: str) -> str:
    """The text of a file that a person wrote.

    Raises:
        InputError: it is not UTF-8; names the line.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise InputError(f"{name}:{line}", f"not UTF-8: byte 0x{content[fault.start]:02x}") from fault
