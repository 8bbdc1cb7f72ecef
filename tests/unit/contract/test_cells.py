import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.cells import CellStatus, cell_status, fresh_rows, values_that_count

DAY = 86_400


@pytest.mark.parametrize(
    ("age_seconds", "ttl_seconds", "is_fresh"),
    [
        (0, DAY, True),
        (-1, DAY, True),
        (DAY, DAY, True),
        (DAY + 1e-6, DAY, False),
        (1e12, 0, True),
        (None, DAY, False),
        (None, 0, False),
    ],
)
def test_a_row_counts_until_its_ttl_has_passed(
    age_seconds: float | None, ttl_seconds: float, is_fresh: bool
) -> None:
    assert fresh_rows([age_seconds, 0], ttl_seconds) == [is_fresh, True]


@given(age=st.floats(0, 1e9), ttl=st.floats(1, 1e9), further=st.floats(0, 1e9))
def test_a_stale_row_never_becomes_fresh_again(age: float, ttl: float, further: float) -> None:
    was_fresh, is_fresh = fresh_rows([age, age + further], ttl)
    assert was_fresh or not is_fresh


def test_values_of_fresh_rows_count_unless_they_are_null_or_not_finite() -> None:
    values = [1.5, 0, "", [], False, None, math.nan, math.inf, -math.inf]
    assert values_that_count(values, [True] * 9) == [1.5, 0, "", [], False, None, None, None, None]


def test_values_of_other_rows_do_not_count() -> None:
    assert values_that_count([1.5, 2.5, "a"], [False, True, False]) == [None, 2.5, None]


@pytest.mark.parametrize(
    ("value", "age", "status"),
    [
        (1.5, 0, CellStatus.OK),
        ("", DAY, CellStatus.OK),
        (None, 0, CellStatus.NULL),
        (math.nan, 0, CellStatus.NULL),
        (1.5, DAY + 1, CellStatus.STALE),
        (None, DAY + 1, CellStatus.STALE),
        (None, None, CellStatus.MISSING),
    ],
)
def test_a_cell_has_a_status(value: object, age: float | None, status: CellStatus) -> None:
    assert cell_status(value, age, DAY) == status


@given(
    value=st.none() | st.floats() | st.text(max_size=3),
    age=st.none() | st.floats(0, 1e9),
    ttl=st.just(0.0) | st.floats(1, 1e9),
)
def test_a_value_counts_exactly_where_its_status_is_ok(value: object, age: float | None, ttl: float) -> None:
    (counted,) = values_that_count([value], fresh_rows([age], ttl))

    assert (counted is not None) == (cell_status(value, age, ttl) is CellStatus.OK)
