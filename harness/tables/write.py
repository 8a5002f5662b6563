"""CSV with the same bytes for the same rows: floats as `repr` writes them, what is not defined empty, infinity kept."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from harness.files import write_bytes

Value: TypeAlias = str | int | float | None
Row: TypeAlias = Mapping[str, Value]


def text(value: Value) -> str:
    """One cell of the table; NaN and None are empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


def write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Replace a table as a whole. Every row has exactly these columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text(row[name]) for name in columns] for row in rows)
    write_bytes(path, buffer.getvalue().encode())
