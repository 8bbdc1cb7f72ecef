"""Values as Python's own, exactly of a feature's type.

What is read from an online store, joined from Parquet, brought by a request or given back by a function comes as
numbers of several kinds. A function that is to compute the same everywhere has to be given the same: a Float32 is
rounded to one, an Int64 is an int, and what is not finite is no value.
"""

import math
from collections.abc import Callable, Mapping
from ctypes import c_float
from numbers import Integral, Real
from typing import Any

from contract.stubs import manifest_pb2 as pb

Convert = Callable[[Any], Any]


def converter(data_type: "pb.DataType.ValueType") -> Convert:
    """Returns a function that gives a value as one of the type, None for None.

    The function raises ValueError or TypeError if the value is not of the type, or a number that is not finite.
    """
    return _CONVERTERS[data_type]


def value_or_none(convert: Convert, value: Any) -> Any:
    """Returns the value as one of the converter's type, None if it is not."""
    try:
        return convert(value)
    except (TypeError, ValueError):
        return None


def _scalar(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _list(convert: Convert) -> Convert:
    element = _scalar(convert)

    def convert_list(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
            raise TypeError(f"it is {value!r}, expected a list")
        return [element(found) for found in value]

    return convert_list


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"it is {value!r}, expected a text")
    return str(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool) and type(value).__name__ != "bool":  # of NumPy
        raise TypeError(f"it is {value!r}, expected true or false")
    return bool(value)


def _whole(bits: int) -> Convert:
    limit = 2 ** (bits - 1)

    def convert(value: Any) -> int:
        number = value if type(value) is int else _to_int(value)
        if not -limit <= number < limit:
            raise ValueError(f"it is {value!r}, which does not fit {bits} bits")
        return number

    return convert


def _to_int(value: Any) -> int:
    if isinstance(value, bool) or not (isinstance(value, Integral) or _is_whole(value)):
        raise TypeError(f"it is {value!r}, expected a whole number")
    return int(value)


def _is_whole(value: Any) -> bool:
    """A whole number that went through JSON is a float."""
    return isinstance(value, float) and value.is_integer()


def _double(value: Any) -> float:
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
        raise TypeError(f"it is {value!r}, expected a number")
    if not math.isfinite(number := float(value)):
        raise ValueError(f"it is {value!r}, expected a finite number")
    return number


def _single(value: Any) -> float:
    if not math.isfinite(number := c_float(_double(value)).value):
        raise ValueError(f"it is {value!r}, which is not finite as a Float32")
    return number


_CONVERTERS: Mapping[int, Convert] = {
    pb.DATA_TYPE_STRING: _scalar(_text),
    pb.DATA_TYPE_INT32: _scalar(_whole(32)),
    pb.DATA_TYPE_INT64: _scalar(_whole(64)),
    pb.DATA_TYPE_FLOAT32: _scalar(_single),
    pb.DATA_TYPE_FLOAT64: _scalar(_double),
    pb.DATA_TYPE_BOOL: _scalar(_truth),
    pb.DATA_TYPE_STRING_LIST: _list(_text),
    pb.DATA_TYPE_INT64_LIST: _list(_whole(64)),
    pb.DATA_TYPE_FLOAT32_LIST: _list(_single),
}
