import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.cells import CellStatus, cell_status

DAY = 86_400


@pytest.mark.parametrize(
    ("value", "age_seconds", "ttl_seconds", "expected"),
    [
        (1.5, 0, DAY, CellStatus.OK),
        (0, 10, DAY, CellStatus.OK),
        ("", 10, DAY, CellStatus.OK),
        (1.5, DAY, DAY, CellStatus.OK),
        (1.5, DAY + 1e-6, DAY, CellStatus.STALE),
        (1.5, 1e12, 0, CellStatus.OK),
        (None, 0, DAY, CellStatus.NULL),
        (math.nan, 0, DAY, CellStatus.NULL),
        (math.inf, 0, DAY, CellStatus.NULL),
        (None, DAY + 1, DAY, CellStatus.STALE),
        (1.5, None, DAY, CellStatus.MISSING),
        (None, None, 0, CellStatus.MISSING),
    ],
)
def test_the_status_of_a_cell(
    value: object, age_seconds: float | None, ttl_seconds: float, expected: CellStatus
) -> None:
    assert cell_status(value, age_seconds=age_seconds, ttl_seconds=ttl_seconds) is expected


@given(age=st.floats(0, 1e9), ttl=st.floats(1, 1e9), further=st.floats(0, 1e9))
def test_a_stale_value_never_becomes_fresh_again(age: float, ttl: float, further: float) -> None:
    if cell_status(1, age_seconds=age, ttl_seconds=ttl) is CellStatus.STALE:
        assert cell_status(1, age_seconds=age + further, ttl_seconds=ttl) is CellStatus.STALE
