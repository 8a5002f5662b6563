"""Reading Parquet files that somebody may have altered: numbers only, and never more of them than a record can have.

A hundred kilobytes can unpack to gigabytes: rows that one count repeats, or pages that are packed a thousandfold. The
footer states how many numbers there are, each page how long it is unpacked; both are held to bounds before anything is
unpacked. Source: Apache Parquet, https://parquet.apache.org/docs/file-format/; the headers of pages are written in
Thrift's compact protocol, https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import InputError

MOST = 2**24  # numbers of a file, 128 MiB of them; the largest that was published has 30 300
KINDS = ("INT64", "DOUBLE")
BYTES = 16  # of a number in its page at most: an entry of a dictionary, its place in it, whether it is there
SLACK = 2**16  # bytes of a column beyond those of its numbers
UNPACKED, PACKED = 2, 3  # fields of the header of a page: its bytes, the header's own not counted
INTEGERS, BINARY, STRUCT = (4, 5, 6), 8, 12  # kinds of fields
WIDTHS = {1: 0, 2: 0, 3: 1, 7: 8}  # bytes of the kinds that have as many always: truths, a byte, a double
DAMAGED = "the header of a page is damaged"
DEEPEST = 4  # header, header of a data page, statistics; one to spare


def read_table(content: bytes, place: str, names: Sequence[str] = (), rows: int = MOST) -> pa.Table:
    """The columns of a Parquet file.

    Args:
        content: of the file.
        place: what messages call it.
        names: of columns that must be there, unless there is no row; integers among them have no gap.
        rows: that there can be at most.

    Raises:
        InputError: for whatever is wrong with it.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            if not file.metadata.num_rows:  # perhaps not even pages
                return file.schema_arrow.empty_table()
            _check(file.metadata, content, rows)
            table = file.read(use_threads=False)
            _check_columns(table, place, names)
    except (pa.ArrowException, OSError, ValueError, IndexError, KeyError, TypeError) as fault:
        raise InputError(place, f"is not a sound Parquet file: {str(fault).splitlines()[0][:200]}") from fault
    return table


def _check(stated: pq.FileMetaData, content: bytes, rows: int) -> None:
    """Raise ValueError unless a footer and the pages stay within bounds."""
    if not 0 <= stated.num_rows <= rows or stated.num_rows * stated.num_columns > MOST:
        most = min(rows, MOST // max(1, stated.num_columns))
        raise ValueError(f"it states {stated.num_rows} rows, and there can be {most} at most")
    for column in range(stated.num_columns):
        kind = stated.schema.column(column)
        if kind.physical_type not in KINDS or kind.max_repetition_level or kind.max_definition_level > 1:
            raise ValueError(f"the column {kind.name[:40]} holds something else than numbers")
    counted = 0
    for group in map(stated.row_group, range(stated.num_row_groups)):
        counted += group.num_rows
        for chunk in map(group.column, range(group.num_columns)):
            size = sum(_pages(content, chunk))
            if chunk.num_values != group.num_rows or size > BYTES * chunk.num_values + SLACK:
                raise ValueError(
                    f"{chunk.num_values} numbers of its column {chunk.path_in_schema[:40]} unpack to {size} bytes"
                )
    if counted != stated.num_rows:
        raise ValueError(f"it states {stated.num_rows} rows and holds {counted}")


def _check_columns(table: pa.Table, place: str, names: Sequence[str]) -> None:
    """Refuse a table that lacks a column, or a number of it that must be there."""
    if len(set(table.column_names)) != table.num_columns:
        raise InputError(place, "names two columns alike")
    if lost := [name for name in names if name not in table.column_names]:
        raise InputError(place, f"lacks the columns {', '.join(lost)}")
    for name in names:
        column = table.column(name)
        if column.null_count and pa.types.is_integer(column.type):
            raise InputError(place, f"has a gap in its column {name}")


def _pages(content: bytes, chunk: pq.ColumnChunkMetaData) -> Iterator[int]:
    """How long each page of a column is unpacked, in bytes; raises ValueError where there is no page."""
    first = chunk.dictionary_page_offset or chunk.data_page_offset
    place = min(first, chunk.data_page_offset)
    end = place + chunk.total_compressed_size
    if not 0 <= place <= end <= len(content):
        raise ValueError("a column lies outside of it")
    while place < end:
        header, place = _struct(content, place, DEEPEST)
        unpacked, packed = header.get(UNPACKED, -1), header.get(PACKED, -1)
        if unpacked < 0 or packed < 0:
            raise ValueError(DAMAGED)
        yield unpacked
        place += packed


def _struct(content: bytes, place: int, depth: int) -> tuple[dict[int, int], int]:
    """The integers of a structure by the number of their field, and where it ends."""
    found, field = dict[int, int](), 0
    while head := content[place]:
        kind, step, place = head & 15, head >> 4, place + 1
        if not step:
            step, place = _integer(content, place)
        field += step
        if kind in INTEGERS:
            found[field], place = _integer(content, place)
        elif kind in WIDTHS:
            place += WIDTHS[kind]
        elif kind == BINARY:
            length, place = _sevens(content, place)
            place += length
        elif kind == STRUCT and depth:
            _, place = _struct(content, place, depth - 1)
        else:
            raise ValueError(DAMAGED)
    return found, place + 1


def _integer(content: bytes, place: int) -> tuple[int, int]:
    """A number whose sign is its last bit, and where it ends."""
    bits, end = _sevens(content, place)
    return (bits >> 1) ^ -(bits & 1), end


def _sevens(content: bytes, place: int) -> tuple[int, int]:
    """A number in bytes of seven bits each, the lowest first, and where it ends."""
    value = 0
    for number in range(10):
        byte = content[place + number]
        value |= (byte & 127) << 7 * number
        if byte < 128:
            return value, place + number + 1
    raise ValueError(DAMAGED)
