"""Settings of a plug-in: the fields of its dataclass that have a default. The others are given by the harness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from harness import plugins
from harness.errors import InputError
from harness.node import Node
from harness.schema import check_key, convert, field_types, mapping

LARGEST = 1_000_000  # of an integer: each counts what one turn does or holds, and more is a slip of the hand


def defaults(kind: type) -> dict[str, Any]:
    """Every setting of a plug-in with its default."""
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.init and field.default is not MISSING:
            found[field.name] = field.default
        elif field.init and field.default_factory is not MISSING:
            found[field.name] = field.default_factory()
    return found


def complete(room: str, name: str, given: Node) -> dict[str, Any]:
    """All settings of a plug-in: those that are given, checked by type, and the defaults of the others.

    Raises:
        InputError: for an unknown setting, a wrong type, or a number that is not finite.
    """
    kind = plugins.load(room, name)
    settings = defaults(kind)
    for key, node in mapping(given).items():
        check_key(given, key, list(settings))
        settings[key] = convert(node, field_types(kind)[key])
    for key, value in settings.items():
        if room != "environments" and any(type(number) is int and number > LARGEST for number in _numbers(value)):
            raise mapping(given).get(key, given).error(f"{key} of {name} must be at most {LARGEST}, not {value}"[:200])
        if not all(math.isfinite(number) for number in _numbers(value)):
            raise given.error(f"the setting {key} of {name} is not finite, so no record could hold it")
    return settings


def make(
    room: str, name: str, place: Node, needed: dict[str, Any], settings: dict[str, Any], given: Node | None = None
) -> Any:
    """A plug-in with what it needs from the harness and its settings.

    Args:
        room: of the plug-in.
        name: of the plug-in.
        place: what asks for it.
        needed: what the harness gives.
        settings: all of them.
        given: where some of them were given, if not at `place`.

    Raises:
        InputError: at the setting that it refuses with a ValueError, or naming the plug-in's line for anything else.
    """
    kind = plugins.load(room, name)
    try:
        with plugins.contained():
            return kind(**needed, **settings)
    except ValueError as fault:
        raise _refused(place, place if given is None else given, settings, fault) from fault
    except Exception as fault:
        raise plugins.raised(plugins.source(room, name), fault, f"when it is made with {settings}") from fault


def _refused(place: Node, given: Node, settings: dict[str, Any], fault: ValueError) -> InputError:
    """The fault at the first setting that its reason names, if one was given, and what asked for it.

    Where it names none, the line of the plug-in says what it is about.
    """
    reason = str(fault)
    words = reason.replace(",", " ").replace("'", " ").replace(":", " ").split()
    named = next((word for word in words if word in settings), "")
    at = mapping(given).get(named)
    if at is None:
        line = plugins.line_of(fault)
        return place.error(f"{reason} ({line})" if line else reason)
    return at.error(reason if given is place else f"{reason} ({place.path})")


def _numbers(value: Any) -> Iterator[int | float]:
    """Every number in a value."""
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _numbers(item)
