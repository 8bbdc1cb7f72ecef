from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.columns import to_column
from contract.errors import ValueTypeError
from contract.stubs import manifest_pb2 as pb
from training.arrow_columns import ColumnReader

WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
FLOATS = st.floats()
TEXTS = st.text(max_size=3)


def _spec(data_type: "pb.DataType.ValueType", encoding: "pb.Encoding.ValueType", list_length: int = 0) -> pb.Input:
    return pb.Input(name="it", data_type=data_type, encoding=encoding, list_length=list_length)


KINDS = [
    (_spec(pb.DATA_TYPE_FLOAT64, pb.ENCODING_NUMERIC), pa.float64(), FLOATS),
    (_spec(pb.DATA_TYPE_INT64, pb.ENCODING_LOG), pa.int64(), WHOLE),
    (_spec(pb.DATA_TYPE_BOOL, pb.ENCODING_NUMERIC), pa.bool_(), st.booleans()),
    (_spec(pb.DATA_TYPE_INT64, pb.ENCODING_VOCABULARY), pa.int64(), WHOLE),
    (_spec(pb.DATA_TYPE_INT32, pb.ENCODING_VOCABULARY), pa.int32(), st.integers(-9, 9)),
    (_spec(pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY), pa.string(), TEXTS),
    (_spec(pb.DATA_TYPE_FLOAT32_LIST, pb.ENCODING_NUMERIC, 2), pa.float32(), st.floats(width=32)),
    (_spec(pb.DATA_TYPE_INT64_LIST, pb.ENCODING_VOCABULARY, 2), pa.int64(), WHOLE),
    (_spec(pb.DATA_TYPE_STRING_LIST, pb.ENCODING_VOCABULARY, 2), pa.large_string(), TEXTS),
]


@pytest.mark.parametrize(("spec", "kind", "values"), KINDS)
@settings(max_examples=30)
@given(data=st.data())
def test_arrays_become_the_columns_that_their_values_become(
    spec: pb.Input, kind: pa.DataType, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    elements: st.SearchStrategy[Any] = st.none() | values
    if spec.list_length:
        elements, kind = st.none() | st.lists(elements, max_size=4), pa.list_(kind)
    rows = data.draw(st.lists(elements, max_size=6))
    cut = data.draw(st.integers(0, len(rows)))

    column = ColumnReader().read(spec, pa.chunked_array([rows[:cut], rows[cut:]], kind))

    with np.errstate(over="ignore"):
        expected = to_column(spec, rows)
    assert (column.dtype, column.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(column, expected)


def test_infinite_values_are_counted() -> None:
    reader = ColumnReader()
    for values in ([1.0, float("inf"), None], [float("-inf"), float("nan")]):
        reader.read(KINDS[0][0], pa.chunked_array([values]))

    assert reader.warnings() == ("Input 'it' has 2 infinite values, which count as missing.",)


def test_equal_texts_of_all_columns_are_one_object() -> None:
    reader = ColumnReader()
    texts = pa.chunked_array([["ab" * 40, "ab" * 40]])

    first = reader.read(_spec(pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY), texts)
    second = reader.read(_spec(pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY), texts.dictionary_encode())

    assert len({id(value) for value in (*first, *second)}) == 1


@pytest.mark.parametrize(
    ("spec", "array", "message"),
    [
        (KINDS[0][0], pa.array(["a"]), "input 'it': expected numbers, found string"),
        (KINDS[3][0], pa.array([0.5]), "input 'it': .*truncated"),
        (KINDS[5][0], pa.array([1]), "input 'it': expected texts, found int64"),
        (KINDS[8][0], pa.array(["a"]), "input 'it': expected lists, found string"),
        (KINDS[8][0], pa.array([[1]]), "input 'it': expected texts, found int64"),
    ],
)
def test_values_of_another_type_are_refused(spec: pb.Input, array: pa.Array, message: str) -> None:
    with pytest.raises(ValueTypeError, match=message):
        ColumnReader().read(spec, pa.chunked_array([array]))


def test_a_column_of_nulls_without_a_type_is_missing() -> None:
    nulls = pa.chunked_array([pa.nulls(2)])

    assert np.isnan(ColumnReader().read(KINDS[0][0], nulls)).all()
    assert ColumnReader().read(KINDS[5][0], nulls).tolist() == ["", ""]
