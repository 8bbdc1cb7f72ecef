"""Columns of byte strings, made without a Python object for each.

A byte column is an Arrow array of binary, ``[rows]``, without nulls unless it is said otherwise.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_BITS = np.uint64(7)


def varint(number: int) -> bytes:
    """Returns a number from 0 as protobuf's varint: seven bits a byte, the lowest first."""
    more = number >> 7
    return bytes([number & 0x7F | 0x80]) + varint(more) if more else bytes([number])


def varints(numbers: NDArray[np.uint64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Returns the varints of numbers, ``[rows, longest]``, and which of these bytes belong to them."""
    longest = max(1, -(-int(numbers.max(initial=0)).bit_length() // 7))
    rest = numbers[:, np.newaxis] >> (_BITS * np.arange(longest, dtype=np.uint64))
    is_used = rest > 0
    is_used[:, 0] = True
    cells = rest.astype(np.uint8) & np.uint8(0x7F)
    cells[:, :-1] |= is_used[:, 1:].astype(np.uint8) << np.uint8(7)
    return cells, is_used


def from_cells(cells: NDArray[np.uint8], is_used: NDArray[np.bool_]) -> pa.Array:
    """Returns the byte column of the used ones of some bytes, both ``[rows, width]``."""
    ends = is_used.sum(axis=1).cumsum()
    return from_offsets(np.concatenate(([0], ends)), pa.py_buffer(cells[is_used]))


def from_offsets(offsets: NDArray[np.integer], data: pa.Buffer) -> pa.Array:
    """Returns the byte column whose row i is ``data[offsets[i]:offsets[i + 1]]``."""
    return pa.Array.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.astype(np.int32)), data]
    )


def concatenated(column: pa.Array) -> pa.Buffer:
    """Returns the bytes of all rows, one behind the other."""
    bounds, (_, _, data) = offsets(column), column.buffers()
    return data[bounds[0] : bounds[-1]] if data else pa.py_buffer(b"")


def offsets(column: pa.Array) -> NDArray[np.int32]:
    """Returns where the rows of a byte column begin and end in its data, int32 ``[rows + 1]``."""
    _, found, _ = column.buffers()
    return np.frombuffer(found, np.int32)[column.offset : column.offset + len(column) + 1]


def grouped(column: pa.Array, bounds: NDArray[np.integer]) -> pa.Array:
    """Returns the byte column whose row i is rows ``bounds[i]`` to ``bounds[i + 1]`` of another, joined."""
    return from_offsets(offsets(column)[bounds], column.buffers()[2])


def joined(*parts: pa.Array | bytes) -> pa.Array:
    """Returns the byte column of the parts of each row, one behind the other; a null part is empty."""
    scalars = [pa.scalar(part, pa.binary()) if isinstance(part, bytes) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, pa.scalar(b"", pa.binary()), null_handling="replace")


def by_value(column: pa.Array, make: Callable[[int], bytes]) -> pa.Array:
    """Returns what `make` makes of each number, called once for each that occurs; null for null, ``[rows]``."""
    encoded = column.dictionary_encode()
    return pa.array([make(value) for value in encoded.dictionary.to_pylist()], pa.binary()).take(encoded.indices)
