"""A schema is a dataclass: `read(node, kind)` makes what a person wrote a value of the annotated type, or says why not.

Understood are bool, int, float (an integer will do), str, Literal, X | None and other unions, tuple[X, ...],
tuple[X, Y], dict[str, X], Mapping[str, X] (which nothing is not, while it is an empty dict), dataclasses, Any (plain
data), Node (left as it is), and Annotated[X, Rule]. A dataclass field without a default must be given; a ValueError
from its `__post_init__` is reported at its place in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.errors import InputError
from harness.node import Node

T = TypeVar("T")
WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "text", NoneType: "null"}


class Rule(NamedTuple):
    """What must hold for a value beyond its type."""

    text: str
    holds: Callable[[Any], bool]
    fault: Callable[[Any], str] | None = None  # what is wrong with a value for which it does not hold


def ascending(least: int) -> Rule:
    """At least so many numbers, each greater than the one before."""

    def fault(numbers: Sequence[float]) -> str:
        if len(numbers) < least:
            return f"has {len(numbers)} numbers, and needs at least {least}"
        for place, (low, high) in enumerate(pairwise(numbers), 1):
            if not low < high:
                return f"is not strictly increasing: number {place} is {low}, number {place + 1} is {high}"
        return ""

    return Rule(f"(at least {least} of them, strictly increasing)", lambda numbers: not fault(numbers), fault)


def text_of(least: int, most: int, lines: bool = False) -> Rule:
    """Text of so many characters, blanks at its ends not counted."""
    words = f"{'' if lines else 'in one line '}of {least} to {most} characters"
    return Rule(words, lambda text: least <= len(text.strip()) and len(text) <= most and (lines or "\n" not in text))


def between(low: float, high: float) -> Rule:
    """A number in [low, high]."""
    return Rule(f"from {low} to {high}", lambda value: low <= value <= high)


def read(node: Node, kind: type[T]) -> T:
    """A value of `kind`, which is most often a dataclass.

    Raises:
        InputError: naming the place, what was expected and what was found.
    """
    return convert(node, kind)  # type: ignore[no-any-return]


def convert(node: Node, kind: Any) -> Any:
    """A value of any annotation; raises as `read`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Node:
        return node
    if kind is Any:
        return node.plain()
    if origin is Annotated:
        return _ruled(node, arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return _either(node, kind, arguments)
    if origin is Literal:
        return _literal(node, kind, arguments)
    if origin is tuple:
        return _tuple(node, kind, arguments)
    if origin is Mapping and node.value is None:
        raise expected(node, "a mapping")
    if origin in (dict, Mapping):
        return {key: convert(item, arguments[1]) for key, item in mapping(node).items()}
    return _record(node, kind) if is_dataclass(kind) else _scalar(node, kind)


def mapping(node: Node) -> dict[str, Node]:
    """The entries of a mapping; nothing at all counts as an empty one."""
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        raise expected(node, "a mapping, `key: value`")
    return node.value


def expected(node: Node, what: str, near: str = "") -> InputError:
    """The exception for a value of the wrong type."""
    lists = "a list" if node.value else "an empty list"
    found = {list: lists, dict: "a mapping", NoneType: "nothing"}.get(type(node.value), "")
    return node.error(f"expected {what}, found {found or ascii(node.value)[:60]}{near}")


def describe(kind: Any) -> str:
    """An annotation in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return " ".join([describe(arguments[0]), *(rule.text for rule in arguments[1:] if isinstance(rule, Rule))])
    if origin in (Union, UnionType):
        return " or ".join(describe(part) for part in arguments)
    if origin is Literal:
        return " or ".join(str(word) for word in arguments)
    if origin is tuple:
        each = "" if arguments[0] is Node else f", each {describe(arguments[0])}"
        return f"a list{each}" if arguments[1:] == (...,) else f"a list of {len(arguments)}"
    return "a mapping" if origin in (dict, Mapping) or is_dataclass(kind) else WORDS.get(kind, str(kind))


def check_key(node: Node, key: str, allowed: list[str]) -> None:
    """Refuse a key that is not allowed, at the line where it stands."""
    if key not in allowed:
        raise mapping(node)[key].error("unknown key", key, allowed or ["nothing"])


def _scalar(node: Node, kind: Any) -> Any:
    value = node.value
    if kind not in WORDS:
        raise node.error(f"a value of type {kind} cannot be given in a file")
    if type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        raise expected(node, describe(kind), f" (write {int(value)})")
    raise expected(node, describe(kind))


def _ruled(node: Node, kind: Any, rules: tuple[Any, ...]) -> Any:
    value = convert(node, kind)
    for rule in rules:
        if isinstance(rule, Rule) and not rule.holds(value):
            raise node.error(rule.fault(value)) if rule.fault else expected(node, f"{describe(kind)} {rule.text}")
    return value


def _either(node: Node, kind: Any, choices: tuple[Any, ...]) -> Any:
    if NoneType in choices and node.value is None:
        return None
    rest = [choice for choice in choices if choice is not NoneType]
    if len(rest) == 1:
        return convert(node, rest[0])
    for choice in rest:
        try:
            return convert(node, choice)
        except InputError:
            continue  # the next choice may fit; if none does, all of them are named below
    raise expected(node, describe(kind))


def _literal(node: Node, kind: Any, words: tuple[Any, ...]) -> Any:
    for word in words:
        if node.value == word and type(node.value) is type(word):
            return word
    raise node.error(f"unknown word {ascii(node.value)[:60]}", str(node.value)[:60], [str(word) for word in words])


def _tuple(node: Node, kind: Any, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    items = node.value
    if not isinstance(items, list):
        raise expected(node, describe(kind))
    if parts[1:] == (...,):
        return tuple(convert(item, parts[0]) for item in items)
    if len(items) != len(parts):
        raise node.error(f"expected {describe(kind)}, found {len(items)}")
    return tuple(convert(item, part) for item, part in zip(items, parts, strict=True))


def _record(node: Node, kind: Any) -> Any:
    entries = mapping(node)
    hints = field_types(kind)
    for key in entries:
        check_key(node, key, list(hints))
    needed = [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    missing = [name for name in needed if name not in entries]
    if missing:
        raise node.error(f"missing: {', '.join(missing)}")
    values = {key: convert(item, hints[key]) for key, item in entries.items()}
    try:
        return kind(**values)
    except ValueError as fault:
        raise node.error(str(fault)) from fault


@cache
def field_types(kind: Any) -> dict[str, Any]:
    """The annotation of each field of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind) if field.init}
