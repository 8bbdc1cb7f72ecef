"""Columns of Values are the bytes that protobuf makes of each."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from feast import ValueType
from feast.types import from_feast_to_pyarrow_type
from hypothesis import given
from hypothesis import strategies as st

from features.byte_columns import varint, varints
from features.value_columns import ENCODERS, encode
from server.features.cells import VALUE_FIELDS
from server.features.value_bytes import decode
from tests.support.feast_store import EVERY_TYPE
from tests.support.feast_values import VALUES, value_of

TYPES = {VALUE_FIELDS[ours]: feast for feast, ours, _ in EVERY_TYPE.values()}


def arrow(field: str, values: list[Any]) -> pa.Array:
    return pa.array(values, from_feast_to_pyarrow_type(TYPES[field]))


def bytes_of(field: str, values: list[Any]) -> list[bytes]:
    return [encoded or b"" for encoded in encode(TYPES[field].to_value_type(), arrow(field, values)).to_pylist()]


def test_every_type_that_features_have_can_be_encoded() -> None:
    assert ENCODERS.keys() == {feast.to_value_type() for feast in TYPES.values()}


@pytest.mark.parametrize("field", VALUES)
@given(data=st.data())
def test_columns_of_values_are_what_protobuf_makes_of_each(field: str, data: st.DataObject) -> None:
    is_number = field in {"float_val", "double_val"}
    values = data.draw(st.lists(st.none() | VALUES[field].filter(lambda v: not (is_number and math.isnan(v)))))
    skipped = data.draw(st.integers(0, len(values)))
    column = arrow(field, values)[skipped:]

    encoded = encode(TYPES[field].to_value_type(), column).to_pylist()

    assert encoded == [value_of(field, value).SerializeToString() for value in column.to_pylist()]
    assert repr(decode(field, encoded)) == repr(column.to_pylist())


def test_what_is_longer_than_a_byte_tells() -> None:
    texts, numbers = ["é" * 5000], [list(range(-300, 300)), [2**63 - 1, -(2**63)]]
    assert bytes_of("string_val", texts) == [value_of("string_val", texts[0]).SerializeToString()]
    assert bytes_of("int64_list_val", numbers) == [
        value_of("int64_list_val", found).SerializeToString() for found in numbers
    ]


def test_nan_is_null_a_null_text_is_empty_and_a_null_float_of_a_list_is_nan() -> None:
    assert bytes_of("float_val", [math.nan, None]) == bytes_of("double_val", [math.nan, None]) == [b"", b""]
    assert bytes_of("string_list_val", [["a", None]]) == bytes_of("string_list_val", [["a", ""]])
    assert bytes_of("float_list_val", [[None, 1.0]]) == bytes_of("float_list_val", [[math.nan, 1.0]])


def test_a_list_of_integers_with_a_null_is_refused() -> None:
    with pytest.raises(ValueError, match="a list of integers has a null, expected numbers only"):
        encode(ValueType.INT64_LIST, arrow("int64_list_val", [[1, None]]))


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_varints_of_a_column_are_those_of_each_number(numbers: list[int]) -> None:
    cells, is_used = varints(np.array(numbers, np.uint64))
    assert [bytes(row[used]) for row, used in zip(cells, is_used, strict=True)] == list(map(varint, numbers))
