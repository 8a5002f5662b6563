"""CSV with the same bytes for the same rows: floats as `repr` writes them, what is not defined empty, infinity kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Value: TypeAlias = str | int | float | None
Row: TypeAlias = Mapping[str, Value]
FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet would run a text that begins so


def text(value: Value) -> str:
    """One cell of the table; NaN and None are empty. There are millions of them in a large study."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, float):
        return repr(float(value)) if value == value else ""  # NaN alone is not itself
    return "" if value is None else str(value)


def csv_bytes(columns: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    """A table. Every row has exactly these columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text(row[name]) for name in columns] for row in rows)
    return buffer.getvalue().encode()
