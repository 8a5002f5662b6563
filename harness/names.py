"""Names that people give become folders and labels: they must be safe in any path, shell and file system."""

from __future__ import annotations

import re
from collections.abc import Iterable
from keyword import iskeyword

from harness.errors import InputError
from harness.node import Node
from harness.schema import read

MODULE = re.compile(r"[a-z][a-z0-9_]{0,62}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # files that Windows cannot have
ALLOWED = "a letter or digit, then up to 63 letters, digits, dots, underscores and hyphens, no dot at the end"


def check_module(place: str, name: str) -> None:
    """Refuse a name that no plug-in can have: its file is a module, and its class is named after it."""
    if not MODULE.fullmatch(name) or iskeyword(name):
        rule = "a small letter, then up to 62 small letters, digits and underscores, and no keyword of Python"
        raise InputError(place, f"{ascii(name)[:80]} cannot name a module: {rule}")


def check_name(place: Node, name: str) -> None:
    """Refuse a name that is not safe as a path, with an `InputError` at `place`."""
    if not NAME.fullmatch(name) or name.endswith(".") or DEVICE.fullmatch(name):
        raise place.error(f"the name {ascii(name)[:80]} is not safe as a path: {ALLOWED}, and no device of Windows")


def check_study(place: Node, name: str) -> None:
    """Refuse what no study can be called: a name that is no path, or that Snakemake's `--config` reads as no text."""
    check_name(place, name)
    if (read_as := read_by_snakemake(name)) is not name:
        raise place.error(f"{name} cannot name a study: --config study={name} would be read as {read_as}")


def read_by_snakemake(word: str) -> int | float | bool | str:
    """What `--config key=word` gives: Snakemake tries an integer, a number and a truth value before text."""
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            continue  # the next reading may fit; text always does
    return {"True": True, "False": False}.get(word, word)


def check_distinct(names: Iterable[tuple[str, Node]]) -> None:
    """Refuse two names that differ only in upper and lower case: some file systems hold them for one."""
    spellings: dict[str, str] = {}
    for name, place in names:
        first = spellings.setdefault(name.lower(), name)
        if first != name:
            raise place.error(f"the names {first} and {name} differ only in upper and lower case")


def check_once(words: Iterable[Node]) -> None:
    """Refuse a word that stands twice in a list, with both lines: whoever wrote it meant another one."""
    lines: dict[str, int] = {}
    for node in words:
        word = read(node, str)
        if word in lines:
            first = f" (line {lines[word]})" if lines[word] else ""
            raise node.error(f"{ascii(word)[:80]} stands in this list already{first}")
        lines[word] = node.line


def find(place: Node, word: str, allowed: Iterable[str], kind: str) -> str:
    """The word itself if it is allowed, else an `InputError` at `place`."""
    words = list(allowed)
    if word not in words:
        raise unknown(place, word, words, kind)
    return word


def unknown(place: Node, word: str, allowed: Iterable[str], kind: str) -> InputError:
    """The exception for a word that names nothing."""
    return place.error(f"unknown {kind} {ascii(word)[:80]}", word[:80], allowed)
