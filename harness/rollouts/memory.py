"""Arrays that compiled loops may keep in registers: small ones on the stack, and views without an owner.

An array of `np.empty` lies on the heap, where the compiler must take any store to change any other array; and every
slice of an array that owns its memory counts its owners, which costs as much as ten steps of arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from harness.interface import Floats

LONGEST = 4096  # floats, the most that one array takes of the stack
LINE = 64  # bytes of a cache line, and of the widest vectors


@intrinsic(prefer_literal=True)
def _place(typing: Any, size: Any) -> Any:
    """Address of `size` floats, an integer constant, on the stack."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), min(max(size.literal_value, 1), LONGEST)))
        place.align = LINE
        return builder.bitcast(place, ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(size), generate


@njit(inline="always")
def local(size: int) -> Floats:
    """An array [size] that lives until its function returns; `size` must be a constant. A long one is on the heap."""
    return carray(_place(size), size) if size <= LONGEST else np.empty(size)


@intrinsic
def borrowed(typing: Any, array: Any) -> Any:
    """The same array, but for its owner: it must not outlive the one that it was taken from."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = make_array(array)(context, builder, arguments[0])
        view.meminfo = ir.Constant(view.meminfo.type, None)
        return view._getvalue()

    return array(array), generate
