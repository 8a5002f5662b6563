"""What a bundle quotes of `CITATION.cff`; the format knows many more keys, which are nobody's business here.

Source: Citation File Format 1.2.0, https://github.com/citation-file-format/citation-file-format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from harness import strict_yaml
from harness.node import Node
from harness.schema import Rule, convert, mapping, read, text_of

FILE = "CITATION.cff"
DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,99}")
Text = Annotated[str, text_of(1, 500)]
Date = Annotated[str, Rule("such as 2026-11-22", lambda text: DATE.fullmatch(text) is not None)]
Licence = Annotated[str, Rule("that is an identifier of SPDX, such as MIT", lambda text: LICENCE.fullmatch(text))]
Nodes = Annotated[tuple[Node, ...], Rule("with at least one entry", bool)]


@dataclass(frozen=True)
class Author:
    """Who made it; `kind` is the type that schema.org has for them."""

    name: str
    kind: str


@dataclass(frozen=True)
class Citation:
    """The project as it wants to be cited."""

    title: str
    version: str
    released: str
    licence: str
    authors: tuple[Author, ...]


def load_citation(root: Path) -> Citation:
    """Read the file.

    Raises:
        InputError: for whatever is wrong with what is quoted of it.
    """
    entries = _having(strict_yaml.load(root / FILE, FILE), "title", "version", "date-released", "license", "authors")
    authors: dict[str, Author] = {}
    for place in read(entries["authors"], Nodes):
        author = _author(place)
        if authors.setdefault(author.name, author) is not author:
            raise place.error(f"{ascii(author.name)[:80]} stands twice")
    return Citation(
        title=read(entries["title"], Text),
        version=str(convert(entries["version"], Text | float)),
        released=read(entries["date-released"], Date),
        licence=read(entries["license"], Licence),
        authors=tuple(authors.values()),
    )


def _author(node: Node) -> Author:
    """An organisation has a name, a person two."""
    if "name" in mapping(node):
        return Author(read(mapping(node)["name"], Text), "Organization")
    entries = _having(node, "given-names", "family-names")
    return Author(" ".join(read(entries[key], Text) for key in ("given-names", "family-names")), "Person")


def _having(node: Node, *keys: str) -> dict[str, Node]:
    """The entries of a mapping that must have these keys."""
    entries = mapping(node)
    if missing := [key for key in keys if key not in entries]:
        raise node.error(f"missing: {', '.join(missing)}")
    return entries
