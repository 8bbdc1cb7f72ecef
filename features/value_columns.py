"""Columns of Feast's serialised Values, the inverse of what the server decodes.

A Value is a message with one field, by its type, or none if it is null, which serialises to no bytes. As in Feast,
NaN is null, a null text in a list is empty, and a null number in a list of floats is NaN.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from feast import ValueType
from feast.protos.feast.types.Value_pb2 import Value
from numpy.typing import NDArray

from features.byte_columns import by_value, from_cells, from_offsets, grouped, joined, varint, varints

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # protobuf's wire types
_ITEMS = varint(1 << 3 | _LENGTH)
"""The tag of what lists hold: each text, or all numbers in one."""

Encoder = Callable[[pa.Array], pa.Array]


def encode(value_type: ValueType, column: pa.Array) -> pa.Array:
    """Returns the byte column of the Values of a column, ``[rows]``.

    Args:
        value_type: One of `ENCODERS`.
        column: The values, of the Arrow type that Feast has for the type.

    Raises:
        ValueError: A list of integers has a null, for which there is no value.
    """
    return ENCODERS[value_type](column)


def _texts(tag: bytes, column: pa.Array) -> pa.Array:
    return joined(by_value(pc.binary_length(column), lambda size: tag + varint(size)), column.cast(pa.binary()))


def _integers(tag: bytes, column: pa.Array) -> pa.Array:
    return _tagged(tag, *varints(_unsigned(column)), _is_valid(column))


def _floats(tag: bytes, column: pa.Array) -> pa.Array:
    cells = _bytes_of(column.fill_null(np.nan))
    is_number = ~pc.is_nan(column).fill_null(True).to_numpy(zero_copy_only=False)
    return _tagged(tag, cells, np.ones(cells.shape, np.bool_), is_number)


def _tagged(
    tag: bytes, cells: NDArray[np.uint8], is_used: NDArray[np.bool_], is_value: NDArray[np.bool_]
) -> pa.Array:
    """Puts a tag before the used cells, ``[rows, width]``, of each row that has a value."""
    tags = np.broadcast_to(np.frombuffer(tag, np.uint8), (len(cells), len(tag)))
    is_kept = np.hstack([np.ones(tags.shape, np.bool_), is_used]) & is_value[:, np.newaxis]
    return from_cells(np.hstack([tags, cells]), is_kept)


def _text_lists(tag: bytes, column: pa.Array) -> pa.Array:
    texts = _texts(_ITEMS, column.flatten().fill_null(""))
    return _headed(column, grouped(texts, _bounds(column)), lambda size: tag + varint(size))


def _integer_lists(tag: bytes, column: pa.Array) -> pa.Array:
    items = column.flatten()
    if items.null_count:
        raise ValueError("a list of integers has a null, expected numbers only")
    return _packed(tag, column, grouped(from_cells(*varints(_unsigned(items))), _bounds(column)))


def _float_lists(tag: bytes, column: pa.Array) -> pa.Array:
    cells = _bytes_of(column.flatten().fill_null(np.nan))
    return _packed(tag, column, from_offsets(_bounds(column) * cells.shape[1], pa.py_buffer(cells)))


def _packed(tag: bytes, column: pa.Array, numbers: pa.Array) -> pa.Array:
    """Returns the Values of lists whose numbers, joined, are the rows of a byte column."""

    def head(size: int) -> bytes:
        inner = _ITEMS + varint(size) if size else b""
        return tag + varint(len(inner) + size) + inner

    return _headed(column, numbers, head)


def _headed(column: pa.Array, contents: pa.Array, head: Callable[[int], bytes]) -> pa.Array:
    """Puts `head` of its size before the contents of each list that is not null."""
    sizes = pc.if_else(column.is_valid(), pc.binary_length(contents), None)
    return joined(by_value(sizes, head), contents)


def _bounds(column: pa.Array) -> NDArray[np.int64]:
    """Returns where each list begins and ends in the flattened column, ``[rows + 1]``."""
    sizes = pc.list_value_length(column).fill_null(0).to_numpy()
    return np.concatenate(([0], sizes.cumsum(dtype=np.int64)))


def _unsigned(column: pa.Array) -> NDArray[np.uint64]:
    """Returns whole numbers in two's complement of 64 bits, as protobuf has those below 0; 0 for null."""
    numbers: NDArray[np.int64] = column.cast(pa.int64()).fill_null(0).to_numpy()
    return numbers.view(np.uint64)


def _bytes_of(column: pa.Array) -> NDArray[np.uint8]:
    numbers = column.to_numpy()
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, numbers.dtype.itemsize)


def _is_valid(column: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return found


def _encoder(field: str, wire_type: int, encode_column: Callable[[bytes, pa.Array], pa.Array]) -> Encoder:
    number = Value.DESCRIPTOR.fields_by_name[field].number
    return partial(encode_column, varint(number << 3 | wire_type))


ENCODERS: Mapping[ValueType, Encoder] = {
    ValueType.STRING: _encoder("string_val", _LENGTH, _texts),
    ValueType.INT32: _encoder("int32_val", _VARINT, _integers),
    ValueType.INT64: _encoder("int64_val", _VARINT, _integers),
    ValueType.FLOAT: _encoder("float_val", _FIXED32, _floats),
    ValueType.DOUBLE: _encoder("double_val", _FIXED64, _floats),
    ValueType.BOOL: _encoder("bool_val", _VARINT, _integers),
    ValueType.STRING_LIST: _encoder("string_list_val", _LENGTH, _text_lists),
    ValueType.INT64_LIST: _encoder("int64_list_val", _LENGTH, _integer_lists),
    ValueType.FLOAT_LIST: _encoder("float_list_val", _LENGTH, _float_lists),
}
"""Of each type that features have, what makes its Values."""
