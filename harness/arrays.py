"""Reading npz files that somebody may have altered: numbers only, and never more of them than the file is long.

`numpy.load` would unpack half a megabyte to gigabytes, and make room for whatever a header says. What this project
writes is not compressed, so a file that is, or whose header lies, is refused before anything is allocated.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
KINDS = "fiub"  # floats, integers, booleans: no object, so no pickle


def read_npz(content: bytes) -> Arrays:
    """The arrays of an npz file as `numpy.savez` writes it.

    Raises:
        ValueError: for whatever is wrong with it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {info.filename.removesuffix(".npy"): _array(archive, info) for info in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, OverflowError) as fault:
        raise ValueError(f"not a sound npz file ({fault})") from fault


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ValueError(f"{info.filename} is compressed")
    stream = io.BytesIO(archive.read(info))
    if npy.read_magic(stream) != (1, 0):
        raise ValueError(f"{info.filename} is of another version of the format")
    shape, by_column, dtype = npy.read_array_header_1_0(stream)
    if dtype.kind not in KINDS:
        raise ValueError(f"{info.filename} holds {dtype}, not numbers")
    data = stream.read()
    if min(shape, default=0) < 0:
        raise ValueError(f"{info.filename} has the shape {shape}")
    array = np.frombuffer(data, dtype)  # of the bytes that are there, whatever the header says
    return array.reshape(shape, order="F" if by_column else "C").copy(order="K")
