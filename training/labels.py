"""What is predicted: 0 or 1, or the numbers of a regression; different ones in every split."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError
from training.model.spec import BINARY, REGRESSION
from training.table import Table

_LARGEST = float(np.finfo(np.float32).max)


def to_labels(what: str, values: Sequence[Any], objective: str = BINARY) -> NDArray[np.float32]:
    """Returns labels, ``[rows]`` float32.

    Args:
        what: Where the values are from, for the message.
        values: One value for each row.
        objective: One of `training.model.spec`.

    Raises:
        DataError: A value is neither 0 nor 1; or no finite number, for a regression.
    """
    is_fit, expected = (_is_number, "a number") if objective == REGRESSION else (_is_binary, "0 or 1")
    for row, value in enumerate(values):
        if not is_fit(value):
            raise DataError(f"{what} has {value!r} in row {row + 1}, expected {expected}")
    return np.asarray(values, dtype=np.float32)


def _is_binary(value: Any) -> bool:
    return value in (0, 1)


def _is_number(value: Any) -> bool:
    """Whether it is one that float32 can hold."""
    return isinstance(value, int | float | Decimal) and abs(float(value)) <= _LARGEST


def check_labels(what: str, table: Table) -> None:
    """Checks that there are rows of both labels, or of different numbers.

    Raises:
        DataError: There are no rows, or all labels are the same.
    """
    if not len(table):
        raise DataError(f"{what} has no rows")
    first = table.labels[0]
    if np.all(table.labels == first):
        expected = "both 0 and 1" if first in (0, 1) else "different ones"
        raise DataError(f"{what} has only the label {first:g}, expected {expected}")
