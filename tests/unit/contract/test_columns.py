from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import (
    INT64_MISSING,
    column_dtype,
    columns_maker,
    from_message,
    missing_marker,
    to_column,
    to_message,
)
from contract.errors import ValueTypeError
from contract.stubs import manifest_pb2 as pb

NUMBER = pb.Input(name="n", data_type=pb.DATA_TYPE_FLOAT64, encoding=pb.ENCODING_NUMERIC)
LOG = pb.Input(name="l", data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_LOG)
SWITCH = pb.Input(name="b", data_type=pb.DATA_TYPE_BOOL, encoding=pb.ENCODING_NUMERIC)
TEXT = pb.Input(name="t", data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY)
WHOLE = pb.Input(name="w", data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY)
TEXTS = pb.Input(name="ts", data_type=pb.DATA_TYPE_STRING_LIST, encoding=pb.ENCODING_VOCABULARY, list_length=3)
WHOLES = pb.Input(name="ws", data_type=pb.DATA_TYPE_INT64_LIST, encoding=pb.ENCODING_VOCABULARY, list_length=3)
NUMBERS = pb.Input(name="ns", data_type=pb.DATA_TYPE_FLOAT32_LIST, encoding=pb.ENCODING_NUMERIC, list_length=2)
TIME = pb.Input(name="request_time", data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_TIME)

NAN = float("nan")


@pytest.mark.parametrize(
    ("spec", "values", "expected"),
    [
        (NUMBER, [1, 2.5, None], np.array([1, 2.5, NAN], np.float32)),
        (NUMBER, [float("inf"), -float("inf"), NAN], np.array([NAN, NAN, NAN], np.float32)),
        (LOG, [0, None, 7], np.array([0, NAN, 7], np.float32)),
        (SWITCH, [True, False, None], np.array([1, 0, NAN], np.float32)),
        (TEXT, ["a", None, ""], np.array(["a", "", ""], object)),
        (WHOLE, [5, None, -1], np.array([5, INT64_MISSING, -1], np.int64)),
        (TIME, [1_700_000_000], np.array([1_700_000_000], np.int64)),
        (
            TEXTS,
            [["a"], None, [], list("abcd")],
            np.array([["a", "", ""], [""] * 3, [""] * 3, list("abc")], object),
        ),
        (TEXTS, [["a", None, "c"]], np.array([["a", "", "c"]], object)),
        (WHOLES, [[1, 2], None], np.array([[1, 2, INT64_MISSING], [INT64_MISSING] * 3], np.int64)),
        (NUMBERS, [[1.5], [NAN, 2, 3]], np.array([[1.5, NAN], [NAN, 2]], np.float32)),
    ],
)
def test_values_become_columns(spec: pb.Input, values: list[Any], expected: Any) -> None:
    column = to_column(spec, values)

    assert column.dtype == column_dtype(spec) == expected.dtype
    np.testing.assert_array_equal(column, expected)


@pytest.mark.parametrize("spec", [NUMBER, TEXT, WHOLE, TEXTS, NUMBERS], ids=lambda spec: spec.name)
def test_no_rows_are_a_column_of_no_rows(spec: pb.Input) -> None:
    shape = (0, spec.list_length) if spec.list_length else (0,)

    assert to_column(spec, []).shape == shape


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (NUMBER, "abc"),
        (TEXT, 7),
        (TEXT, b"a"),
        (WHOLE, "x"),
        (WHOLE, 2**63),
        (TEXTS, "ab"),
        (TEXTS, [1]),
        (NUMBERS, 3),
    ],
)
def test_a_value_of_another_type_is_refused_by_the_name_of_its_input(spec: pb.Input, value: Any) -> None:
    with pytest.raises(ValueTypeError, match=f"input '{spec.name}'"):
        to_column(spec, [value])


@pytest.mark.parametrize("spec", [NUMBER, TEXT, WHOLE, TEXTS, WHOLES, NUMBERS], ids=lambda spec: spec.name)
def test_a_null_is_the_missing_marker_in_every_place(spec: pb.Input) -> None:
    column = to_column(spec, [None]).reshape(-1)

    np.testing.assert_array_equal(column, np.full_like(column, missing_marker(spec)))


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_CASES = st.one_of(
    st.tuples(st.just(NUMBER), st.lists(st.none() | st.floats(width=32))),
    st.tuples(st.just(TEXT), st.lists(st.none() | _TEXT)),
    st.tuples(st.just(WHOLE), st.lists(st.none() | st.integers(-(2**63), 2**63 - 1))),
    st.tuples(st.just(TEXTS), st.lists(st.none() | st.lists(st.none() | _TEXT))),
    st.tuples(st.just(NUMBERS), st.lists(st.none() | st.lists(st.floats(width=32)))),
)
_WIDE = st.one_of(
    st.tuples(st.just(NUMBER), st.lists(st.none() | st.floats())),
    st.tuples(st.sampled_from([LOG, SWITCH]), st.lists(st.none() | st.booleans())),
    st.tuples(st.just(LOG), st.lists(st.none() | st.integers(-(2**63), 2**63 - 1))),
    st.tuples(st.just(WHOLES), st.lists(st.none() | st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))),
)


@given(_CASES)
def test_a_column_comes_back_from_its_message(case: tuple[pb.Input, list[Any]]) -> None:
    spec, values = case
    column = to_column(spec, values)

    returned = from_message(spec, pb.Column.FromString(to_message(spec, column).SerializeToString()))

    assert returned.dtype == column.dtype
    np.testing.assert_array_equal(returned, column)


@given(_CASES)
def test_a_column_is_the_same_row_by_row(case: tuple[pb.Input, list[Any]]) -> None:
    spec, values = case
    rows = [to_column(spec, [value]) for value in values]

    np.testing.assert_array_equal(to_column(spec, values), np.concatenate([to_column(spec, []), *rows]))


@given(st.lists(_CASES | _WIDE), st.integers(0, 5))
def test_columns_made_fast_are_the_same(cases: list[tuple[pb.Input, list[Any]]], size: int) -> None:
    specs = [renamed(spec, str(place)) for place, (spec, _) in enumerate(cases)]
    values = {str(place): (found + [None] * size)[:size] for place, (_, found) in enumerate(cases)}

    columns = columns_maker(specs)(values)

    assert columns.keys() == values.keys()
    for spec in specs:
        column, expected = columns[spec.name], to_column(spec, values[spec.name])
        assert (column.dtype, column.shape) == (expected.dtype, expected.shape)
        assert column.flags.c_contiguous
        np.testing.assert_array_equal(column, expected)


def renamed(spec: pb.Input, name: str) -> pb.Input:
    copy = pb.Input()
    copy.CopyFrom(spec)
    copy.name = name
    return copy
