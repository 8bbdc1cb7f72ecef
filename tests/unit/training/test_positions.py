from typing import Any

import pytest

from training.errors import DataError
from training.positions import to_positions


@pytest.mark.parametrize("values", [[0, 3, 1000], [0.0, 3.0, 1000.0]])
def test_positions_are_whole_numbers(values: list[Any]) -> None:
    positions = to_positions("column 'rank'", values)

    assert (positions.tolist(), str(positions.dtype)) == ([0, 3, 1000], "int32")


@pytest.mark.parametrize("value", [-1, 1001, 0.5, None, "1", float("nan"), float("inf")])
def test_any_other_value_is_named_with_its_row(value: Any) -> None:
    with pytest.raises(DataError, match=r"column 'rank' has .* in row 2, expected a position, 0 to 1000"):
        to_positions("column 'rank'", [0, value])
