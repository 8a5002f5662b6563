"""Files that are made together, and the sealed list that vouches for them: tables, figures, a report.

The list may name the lists of what its files were made of, too: a figure of other tables is whole, yet not of these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import InputError
from harness.files import checksum, is_there, json_bytes, read_bytes, write_together
from harness.plugins import shown
from harness.seal import require_seal, sealed

SUMS = "checksums.json"  # written last


def write_all(folder: Path, contents: Mapping[str, bytes], sums: str = SUMS, of: Sequence[Path] = ()) -> None:
    """Replace files that are made together, and the list that vouches for them; a full disk changes nothing.

    Args:
        folder: where they go.
        contents: by their names.
        sums: name of the list.
        of: the lists of what they were made of.
    """
    known = {"files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}}
    made_of = {"of": [_sum(path) for path in of]} if of else {}
    write_together(folder, {**contents, sums: json_bytes(sealed({**known, **made_of}))})


def require_whole(folder: Path, again: str, sums: str = SUMS, of: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Refuse files that are not what was written, or were made of something else.

    Args:
        folder: where they lie.
        again: the command that makes them.
        sums: name of the list.
        of: the lists of what they should be made of.

    Returns:
        The files, and the list.

    Raises:
        InputError: a file, or what vouches for them, is damaged or lost; or they are older than what is in `of`.
    """
    place = folder / sums
    if not is_there(place):
        raise InputError(shown(place), f"is not there, and it vouches for what is beside it; run `{again}`")
    try:
        written = read_bytes(place)
        known = json.loads(written)
        require_seal(known, written)
        files, made_of = dict(known["files"]), dict(zip(of, known.get("of", ()), strict=True))
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as fault:
        raise InputError(shown(place), f"cannot vouch for what is beside it ({fault}); run `{again}`") from fault
    for name, stated in files.items():
        if not (folder / name).is_file() or checksum(folder / name) != stated:
            raise InputError(shown(folder / name), f"is damaged or lost; run `{again}`")
    for path, stated in made_of.items():
        if is_there(path) and _sum(path) != stated:  # where it is lost, that is the fault
            raise InputError(shown(place), f"was not made of what is in {shown(path.parent)} now; run `{again}`")
    return (*(folder / name for name in files), place)


def _sum(path: Path) -> str:
    return checksum(path) if path.is_file() else ""
