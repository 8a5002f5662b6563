"""A value with the place where it was written, so that what is found wrong later can still be pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

from harness.errors import InputError

Value: TypeAlias = Union[bool, int, float, str, "list[Node]", "dict[str, Node]", None]


@dataclass(frozen=True, eq=False)
class Node:
    """A value and where it was written: file, line (from 1; 0 if unknown) and path of keys."""

    value: Value
    file: str
    line: int = 0
    path: str = ""

    def error(self, problem: str, word: str = "", allowed: Iterable[str] = ()) -> InputError:
        """The exception to raise for this value."""
        places = [f"{self.file}:{self.line}" if self.line else self.file, self.path]
        return InputError(": ".join(place for place in places if place), problem, word, allowed)

    def plain(self) -> Any:
        """The value without places; lists as tuples."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return tuple(node.plain() for node in self.value) if isinstance(self.value, list) else self.value

    @staticmethod
    def of(value: Any, file: str, path: str = "") -> Node:
        """Plain data as a node without lines."""
        if isinstance(value, dict):
            return Node({key: Node.of(item, file, joined(path, key)) for key, item in value.items()}, file, 0, path)
        if isinstance(value, list | tuple):
            return Node([Node.of(item, file, f"{path}[{i}]") for i, item in enumerate(value)], file, 0, path)
        return Node(value, file, 0, path)


def joined(path: str, key: str) -> str:
    """A path of keys; a key that could be mistaken is quoted."""
    word = key if re.fullmatch(r"[\w.-]{1,64}", key) else ascii(key[:40])
    return f"{path}.{word}" if path else word
