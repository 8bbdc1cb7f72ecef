"""Which values of a request fit a feature's data type."""

from contract.stubs import manifest_pb2 as pb

_TEXTS = (pb.DATA_TYPE_STRING, pb.DATA_TYPE_STRING_LIST)
_WHOLE = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_INT64_LIST)
_REAL = (pb.DATA_TYPE_FLOAT32, pb.DATA_TYPE_FLOAT64, pb.DATA_TYPE_FLOAT32_LIST)

NUMBER_LISTS = (pb.DATA_TYPE_INT64_LIST, pb.DATA_TYPE_FLOAT32_LIST)
"""Types whose values a request or response can't hold."""
NUMBERS = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_FLOAT32, pb.DATA_TYPE_FLOAT64)
FLOAT32 = (pb.DATA_TYPE_FLOAT32, pb.DATA_TYPE_FLOAT32_LIST)


def element_fits(data_type: int, value: object) -> bool:
    """Whether `value` can equal a feature of the type, or an element of it if it is a list."""
    if data_type in _TEXTS:
        return isinstance(value, str)
    if isinstance(value, bool) or data_type == pb.DATA_TYPE_BOOL:
        return isinstance(value, bool) and data_type == pb.DATA_TYPE_BOOL
    return isinstance(value, int) or (isinstance(value, float) and data_type in _REAL)


def value_fits(data_type: int, value: object) -> bool:
    """Whether `value` can stand for a whole feature of the type."""
    if data_type in NUMBER_LISTS:
        return False
    if data_type == pb.DATA_TYPE_STRING_LIST:
        return isinstance(value, list | tuple) and all(isinstance(element, str) for element in value)
    return element_fits(data_type, value)


def element_name(data_type: int) -> str:
    """Returns how an error names what `element_fits` accepts."""
    if data_type in _TEXTS:
        return "a text"
    if data_type in _WHOLE:
        return "a whole number"
    return "a number" if data_type in _REAL else "true or false"


def value_name(data_type: int) -> str:
    """Returns how an error names what `value_fits` accepts."""
    if data_type in NUMBER_LISTS:
        return "nothing: requests can't hold a list of numbers"
    return "a list of texts" if data_type == pb.DATA_TYPE_STRING_LIST else element_name(data_type)
