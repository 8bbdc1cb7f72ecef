"""How the values of an input become the array that a model's signature takes.

A cell that is not OK becomes its type's missing marker; the model's own graph then substitutes the input's
declared default and raises its mask. So training, serving and any other client agree by construction.

========== ============================================ ======== =============
encoding   data types                                   dtype    missing
========== ============================================ ======== =============
NUMERIC    INT32 INT64 FLOAT32 FLOAT64 BOOL             float32  NaN
LOG        FLOAT32_LIST (one row: `list_length` values)
VOCABULARY STRING STRING_LIST                           object   ""
VOCABULARY INT32 INT64 INT64_LIST                       int64    INT64_MISSING
TIME       INT64                                        int64    (required)
========== ============================================ ======== =============
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from contract.errors import ValueTypeError
from contract.stubs.manifest_pb2 import (
    DATA_TYPE_STRING,
    DATA_TYPE_STRING_LIST,
    ENCODING_LOG,
    ENCODING_NUMERIC,
    Column,
    Input,
)

INT64_MISSING = int(np.iinfo(np.int64).min)

_NUMBERS = (ENCODING_NUMERIC, ENCODING_LOG)
_TEXTS = (DATA_TYPE_STRING, DATA_TYPE_STRING_LIST)


def column_dtype(spec: Input) -> DTypeLike:
    """Returns the dtype of the input's array: float32, int64 or object (texts)."""
    if spec.encoding in _NUMBERS:
        return np.float32
    return object if spec.data_type in _TEXTS else np.int64


def missing_marker(spec: Input) -> float | int | str:
    """Returns what stands in the input's array for a value that is not there."""
    if spec.encoding in _NUMBERS:
        return float("nan")
    return "" if spec.data_type in _TEXTS else INT64_MISSING


def to_column(spec: Input, values: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """Returns `values` as the array of the input, None becoming the missing marker.

    Args:
        spec: The input.
        values: One value for each row: a scalar, a list for a list input, or None.

    Returns:
        An array ``[rows]``, or ``[rows, list_length]`` for a list input; see the module for its dtype.

    Raises:
        ValueTypeError: A value is not of the input's type.
    """
    try:
        if spec.list_length:
            return _list_column(spec, values)
        return _scalar_column(spec, values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueTypeError(f"input {spec.name!r}: {error}") from None


def columns_maker(specs: Sequence[Input]) -> Callable[[Mapping[str, Sequence[Any]]], dict[str, NDArray[Any]]]:
    """Returns a function that makes ``to_column(spec, values[spec.name])`` of every spec, by name.

    For requests, which need dozens of columns of a few rows: inputs whose arrays are alike are made in one. Values
    have to be of the input's type, and as many for each; neither is checked.
    """
    alike: dict[tuple[DTypeLike, int], list[Input]] = {}
    for spec in specs:
        alike.setdefault((column_dtype(spec), spec.list_length), []).append(spec)
    groups = [([spec.name for spec in group], _column_maker(group[0])) for group in alike.values()]

    def make(values: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any]]:
        columns: dict[str, NDArray[Any]] = {}
        for names, make_column in groups:
            joined = make_column(list(chain.from_iterable(map(values.__getitem__, names))))
            columns.update(zip(names, joined.reshape(len(names), -1, *joined.shape[1:]), strict=True))
        return columns

    return make


def _column_maker(spec: Input) -> Callable[[Sequence[Any]], NDArray[Any]]:
    dtype, marker, length = column_dtype(spec), missing_marker(spec), spec.list_length
    padding = [marker] * length

    def marked(values: Iterable[Any]) -> list[Any]:
        return [marker if value is None else value for value in values]

    def of_numbers(values: Sequence[Any]) -> NDArray[Any]:
        return np.array(values, dtype=dtype)  # which makes NaN of None

    def of_scalars(values: Sequence[Any]) -> NDArray[Any]:
        return np.array(marked(values), dtype=dtype)

    def of_lists(rows: Sequence[Any]) -> NDArray[Any]:
        filled = [(marked(row[:length]) + padding)[:length] if row else padding for row in rows]
        return np.array(filled, dtype=dtype).reshape(-1, length)

    if dtype is not np.float32:
        return of_lists if length else of_scalars
    make = of_lists if length else of_numbers
    return lambda values: _finite(make(values))


def _finite(column: NDArray[Any]) -> NDArray[Any]:
    np.putmask(column, np.isinf(column), np.nan)
    return column


def _scalar_column(spec: Input, values: Iterable[Any]) -> NDArray[Any]:
    objects = np.asarray(values, dtype=object)
    dtype = column_dtype(spec)
    if dtype is object:
        _check_texts(objects)
    objects = np.where(_is_none(objects), missing_marker(spec), objects)
    column = objects.astype(dtype)
    return _finite(column) if dtype is np.float32 else column


def _list_column(spec: Input, rows: Iterable[Any]) -> NDArray[Any]:
    """Keeps the first `list_length` elements of each row and fills up with the missing marker."""
    kept = [_elements(row)[: spec.list_length] for row in rows]
    column = np.full((len(kept), spec.list_length), missing_marker(spec), dtype=column_dtype(spec))
    lengths = np.fromiter(map(len, kept), dtype=np.int64, count=len(kept))
    is_filled = np.arange(spec.list_length) < lengths[:, np.newaxis]
    column[is_filled] = _scalar_column(spec, list(chain.from_iterable(kept)))
    return column


def _elements(row: Any) -> Any:
    if row is None:
        return ()
    if isinstance(row, str | bytes) or not hasattr(row, "__len__"):
        raise TypeError(f"expected a list, found {row!r}")
    return row


def _is_none(objects: NDArray[Any]) -> NDArray[np.bool_]:
    return np.fromiter((value is None for value in objects), dtype=np.bool_, count=len(objects))


def _check_texts(objects: NDArray[Any]) -> None:
    for value in objects:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"expected a text, found {value!r}")


def to_message(spec: Input, column: NDArray[Any]) -> Column:
    """Returns a column for the manifest, row by row."""
    message = Column(input_name=spec.name)
    flat = column.reshape(-1).tolist()
    dtype = column_dtype(spec)
    target: Any = (
        message.numbers if dtype is np.float32 else message.texts if dtype is object else message.integers
    )
    target.extend(flat)
    return message


def from_message(spec: Input, message: Column) -> NDArray[Any]:
    """Returns the array of a column of the manifest."""
    dtype = column_dtype(spec)
    values = message.numbers if dtype is np.float32 else message.texts if dtype is object else message.integers
    column = np.array(list(values), dtype=dtype)
    return column.reshape(-1, spec.list_length) if spec.list_length else column
