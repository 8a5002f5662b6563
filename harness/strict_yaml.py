"""A strict loader for the YAML that people write: what it accepts means what it says, the rest is an `InputError`.

PyYAML's scanner and parser read the text; the tree is built here, because its own loaders take the last of two equal
keys, read `1e-3` as text, `no` as False, `010` as 8 and `12:30` as 750, expand aliases without bound and follow tags.
Numbers are as in YAML 1.2, `true`, `false` and `null` (or `~`, or nothing) are the only words with a meaning; tags,
anchors, aliases, directives, tabs, several documents, control characters and keys that are not text are refused.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import yaml

from harness.errors import decoded
from harness.node import Node, Value, joined

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_DIGITS = 18  # of an integer: it fits 64 bits

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]")  # 010 could be 8 or 10: it stays text
DIRECTIVE = re.compile("^\ufeff?%", re.MULTILINE)  # the parser passes over those that it does not know
CONTROL = re.compile(  # what is not shown, or changes the order in which the rest is shown
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


def load(path: Path, name: str) -> Node:
    """The one document of a file, a mapping.

    Args:
        path: the file.
        name: what messages call it, e.g. `studies/smoke.yaml`.

    Raises:
        InputError: for whatever is wrong with it.
    """
    return parse(_text(path, name), name)


def parse(text: str, name: str) -> Node:
    """The one document of a text, a mapping; raises as `load`."""
    _check_characters(text, name)
    try:
        root = _document(yaml.parse(text, Loader=yaml.SafeLoader), Node(None, name, 1))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 0
        raise Node(None, name, line).error(f"this is not YAML: {fault.problem or fault.context}") from fault
    except (yaml.YAMLError, ValueError, OverflowError) as fault:  # the last two: \U00110000 in quotes
        raise Node(None, name).error(f"this is not YAML: {fault}") from fault
    if not isinstance(root.value, dict):
        raise root.error("the file must be a mapping, `key: value` line by line")
    return root


def _text(path: Path, name: str) -> str:
    place = Node(None, name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise place.error("cannot be read: it is no file but a folder, a pipe or a device")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise place.error(f"cannot be read: {fault.strerror}") from fault
    if len(content) > MAX_BYTES:
        raise place.error(f"larger than {MAX_BYTES // 1024} KiB")
    return decoded(content, name)


def _check_characters(text: str, name: str) -> None:
    """Tabs, control characters and directives, wherever they stand; Windows line ends are fine."""
    fault = CONTROL.search(text.replace("\r\n", "\n"))
    if fault:
        line = fault.string.count("\n", 0, fault.start()) + 1
        kind = "a tab: indent and separate with spaces" if fault[0] == "\t" else f"the control character {fault[0]!a}"
        raise Node(None, name, line).error(kind)
    directive = DIRECTIVE.search(text)
    if directive:
        line = text.count("\n", 0, directive.start()) + 1
        raise Node(None, name, line).error("directives (%) are not allowed")


def _document(events: Iterator[yaml.Event], place: Node) -> Node:
    next(events)  # start of the stream
    start = next(events)
    if not isinstance(start, yaml.DocumentStartEvent):
        raise place.error("the file is empty")
    root = _node(events, next(events), place, 0)
    next(events)  # end of the document
    following = next(events)
    if not isinstance(following, yaml.StreamEndEvent):
        raise _at(place, following, "").error("a second document (---): one file holds one")
    return root


def _node(events: Iterator[yaml.Event], event: yaml.Event, place: Node, depth: int) -> Node:
    """The value that begins with `event`, at `place`, whose own value does not matter."""
    if depth > MAX_DEPTH:
        raise place.error(f"nested deeper than {MAX_DEPTH} levels")
    if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) or event.anchor:
        raise place.error("anchors (&) and aliases (*) are not allowed: write it out")
    if event.tag:
        raise place.error(f"tags are not allowed: {event.tag}")
    if isinstance(event, yaml.ScalarEvent):
        value: Value = _scalar(event, place)
    elif isinstance(event, yaml.MappingStartEvent):
        value = _mapping(events, place, depth)
    else:
        value = _sequence(events, place, depth)
    return Node(value, place.file, place.line, place.path)


def _mapping(events: Iterator[yaml.Event], place: Node, depth: int) -> dict[str, Node]:
    mapping: dict[str, Node] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        here = _at(place, event, place.path)
        key = _node(events, event, here, depth + 1).value
        if not isinstance(key, str):
            raise here.error("a key must be text (quote it if it is meant to be)")
        if key in mapping:
            raise here.error(f"the key {key!r} stands twice, first in line {mapping[key].line}")
        mapping[key] = _node(events, next(events), _at(place, event, joined(place.path, key)), depth + 1)
    return mapping


def _sequence(events: Iterator[yaml.Event], place: Node, depth: int) -> list[Node]:
    items: list[Node] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_node(events, event, _at(place, event, f"{place.path}[{len(items)}]"), depth + 1))
    return items


def _scalar(event: yaml.ScalarEvent, place: Node) -> bool | int | float | str | None:
    text: str = event.value
    if CONTROL.search(text):
        raise place.error(f"control characters are not allowed: {text[:40]!a}")
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > MAX_DIGITS:
            raise place.error(f"an integer of more than {MAX_DIGITS} digits")
        return int(text)
    if FLOAT.fullmatch(text) and not LEADING_ZERO.match(text):
        number = float(text)
        if not math.isfinite(number):
            raise place.error(f"the number {text[:40]} is too large")
        return number
    return text


def _at(place: Node, event: yaml.Event, path: str) -> Node:
    line = event.start_mark.line + 1 if event.start_mark else 0
    return Node(None, place.file, line, path)
