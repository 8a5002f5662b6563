"""CSV with the same bytes for the same rows: floats as `repr` writes them, what is not defined empty, infinity kept."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from harness.errors import InputError
from harness.files import checksum, json_bytes, read_bytes, write_together
from harness.seal import require_seal, sealed

Value: TypeAlias = str | int | float | None
Row: TypeAlias = Mapping[str, Value]
SUMS = "checksums.json"  # written last
FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet would run a text that begins so


def text(value: Value) -> str:
    """One cell of the table; NaN and None are empty. There are millions of them in a large study."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, float):
        return repr(float(value)) if value == value else ""  # NaN alone is not itself
    return "" if value is None else str(value)


def write_all(folder: Path, tables: Mapping[str, bytes]) -> None:
    """Replace all tables of a study, and the sums that vouch for them; a full disk changes nothing."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in tables.items()}
    write_together(folder, {**tables, SUMS: json_bytes(sealed({"files": sums}))})


def require_whole(folder: Path, again: str) -> None:
    """Refuse tables that are not what was written.

    Args:
        folder: `results/tables/{study}`.
        again: the command that makes them.

    Raises:
        InputError: a table, or what vouches for them, is damaged or lost.
    """
    try:
        known = json.loads(read_bytes(folder / SUMS))
        require_seal(known)
    except (OSError, ValueError, AttributeError) as fault:
        raise InputError(str(folder / SUMS), f"cannot vouch for the tables ({fault}); run `{again}`") from fault
    for name, stated in known["files"].items():
        if not (folder / name).is_file() or checksum(folder / name) != stated:
            raise InputError(str(folder / name), f"is damaged or lost; run `{again}`")


def csv_bytes(columns: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    """A table. Every row has exactly these columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text(row[name]) for name in columns] for row in rows)
    return buffer.getvalue().encode()
