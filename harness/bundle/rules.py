"""What a bundle may hold: whoever packs keeps these rules, whoever unpacks does not believe that they were kept.

A name must lead to the same one place wherever the bundle is unpacked: under Windows too, where upper and lower case
are one, and on a Mac, where a letter and its accent are one with the letter that has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from unicodedata import normalize

MAX_FILES = 100_000
MAX_BYTES = 4 * 2**30
PART = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff\\/:*?\"<>|]{1,200}")  # no control characters, nothing Windows forbids
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_plain(name: str) -> bool:
    """Whether a name is a relative path that no system reads as anything else."""
    parts = name.split("/")
    return all(PART.fullmatch(part) and not part.endswith((".", " ")) and not DEVICE.fullmatch(part) for part in parts)


def clash(names: Sequence[str]) -> tuple[str, str] | None:
    """The first name that cannot be beside the others, and why; None where all can."""
    folders = {_spelling(folder.as_posix()) for name in names for folder in PurePosixPath(name).parents}
    seen: dict[str, str] = {}
    for name in names:
        spelling = _spelling(name)
        if spelling in seen:
            return name, f"it is there twice: {seen[spelling]!a} is the same file on some systems, if not on all"
        if spelling in folders:
            return name, "it is a file and a folder"
        seen[spelling] = name
    return None


def _spelling(name: str) -> str:
    return normalize("NFC", name).lower()
