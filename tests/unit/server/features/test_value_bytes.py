import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from server.features.value_bytes import decode
from tests.support.feast_values import VALUES, value_of


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_cells_of_one_type_are_decoded_as_they_were_written(field: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[field]))
    assert repr(decode(field, [value_of(field, value).SerializeToString() for value in values])) == repr(values)


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_a_cell_that_is_not_there_or_null_or_of_another_type_has_no_value(field: str, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from([None, "null", *sorted(VALUES)])))
    cells: list[bytes | None] = []
    expected = []
    for kind in kinds:
        value = data.draw(VALUES[kind]) if kind in VALUES else None
        cells.append(None if kind is None else value_of(kind, value).SerializeToString())
        expected.append(value if kind == field else None)
    assert repr(decode(field, cells)) == repr(expected)


def test_bytes_that_are_no_value_are_refused() -> None:
    with pytest.raises(DecodeError):
        decode("int32_val", [b"\xff"])
