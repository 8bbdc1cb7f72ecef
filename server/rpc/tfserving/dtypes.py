"""TensorFlow's dtypes: the field of a TensorProto that holds their values, and what NumPy holds them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from server.rpc.tfserving.stubs import DataType


@dataclass(frozen=True, slots=True)
class Dtype:
    """One dtype that has values."""

    name: str
    """TensorFlow's name of it, such as "float32" or "qint8"."""
    number: int
    """Its `DataType`."""
    stored: "np.dtype[Any]"
    """What NumPy holds it in: objects for texts, whole numbers for quantised types."""
    field: str
    """The field of a TensorProto that holds its values, if they are not in `tensor_content`."""
    held: "np.dtype[Any]"
    """What that field holds; of no meaning for `string_val` and `float8_val`, which hold bytes."""
    bits: "np.dtype[Any]"
    """What the numbers of the field are made into, to be taken for `stored` bit by bit."""


_FIELDS = {
    "float_val": (np.float32, "float32"),
    "double_val": (np.float64, "float64"),
    "half_val": (np.int32, "float16 bfloat16"),
    "int_val": (
        np.int32,
        "int32 int16 int8 uint16 uint8 int4 uint4 int2 uint2 qint32 qint16 qint8 quint16 quint8",
    ),
    "int64_val": (np.int64, "int64"),
    "uint32_val": (np.uint32, "uint32"),
    "uint64_val": (np.uint64, "uint64"),
    "bool_val": (np.bool_, "bool"),
    "string_val": (np.object_, "string"),
    "scomplex_val": (np.float32, "complex64"),
    "dcomplex_val": (np.float64, "complex128"),
    "float8_val": (
        np.uint8,
        "float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz float4_e2m1fn",
    ),
}
"""Each field, what it holds, and the dtypes whose values it holds; see TensorFlow's tensor.proto."""

_BITS = {"half_val": np.uint16, "scomplex_val": np.float32, "dcomplex_val": np.float64}
"""The fields that hold the bits of a value, or its two halves."""

_OLD_NAMES = {"float16": "half", "float32": "float", "float64": "double"}


def _dtypes() -> Mapping[str, Dtype]:
    return {
        name: Dtype(
            name, _number(name), _stored(name), field, np.dtype(held), np.dtype(_BITS.get(field, _stored(name)))
        )
        for field, (held, names) in _FIELDS.items()
        for name in names.split()
    }


def _number(name: str) -> int:
    number: int = DataType.Value(f"DT_{_OLD_NAMES.get(name, name).upper()}")
    return number


def _stored(name: str) -> "np.dtype[Any]":
    if name == "string":
        return np.dtype(np.object_)
    return np.dtype(getattr(ml_dtypes, name, name.removeprefix("q")))


BY_NAME: Mapping[str, Dtype] = _dtypes()
BY_NUMBER: Mapping[int, Dtype] = {dtype.number: dtype for dtype in BY_NAME.values()}


def dtype_name(number: int) -> str:
    """Returns how the wire names a dtype, or its number if it is none."""
    return str(DataType.Name(number)) if number in DataType.values() else str(number)
