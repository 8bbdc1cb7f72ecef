"""Values of every type that features have, by the field of Feast's Value that holds them."""

from typing import Any

from feast.protos.feast.types.Value_pb2 import Value
from hypothesis import strategies as st

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_INT64S = st.integers(-(2**63), 2**63 - 1)
_FLOAT32S = st.floats(width=32)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string_val": _TEXTS,
    "int32_val": st.integers(-(2**31), 2**31 - 1),
    "int64_val": _INT64S,
    "float_val": _FLOAT32S,
    "double_val": st.floats(),
    "bool_val": st.booleans(),
    "string_list_val": st.lists(_TEXTS, max_size=3),
    "int64_list_val": st.lists(_INT64S, max_size=3),
    "float_list_val": st.lists(_FLOAT32S, max_size=3),
}


def value_of(field: str, value: Any) -> Value:
    """Returns the message that holds `value`, null for None."""
    message = Value()
    if value is None:
        return message
    if field.endswith("_list_val"):
        getattr(message, field).SetInParent()
        getattr(message, field).val.extend(value)
    else:
        setattr(message, field, value)
    return message
