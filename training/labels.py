"""What is predicted: 0 or 1, and both of them in every split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError
from training.table import Table


def to_labels(what: str, values: Sequence[Any]) -> NDArray[np.float32]:
    """Returns labels as 0 or 1, ``[rows]`` float32.

    Args:
        what: Where the values are from, for the message.
        values: One value for each row.

    Raises:
        DataError: A value is neither 0 nor 1.
    """
    for row, value in enumerate(values):
        if value not in (0, 1):
            raise DataError(f"{what} has {value!r} in row {row + 1}, expected 0 or 1")
    return np.asarray(values, dtype=np.float32)


def check_labels(what: str, table: Table) -> None:
    """Checks that there are rows of both labels.

    Raises:
        DataError: There are no rows, or all labels are the same.
    """
    if not len(table):
        raise DataError(f"{what} has no rows")
    first = table.labels[0]
    if np.all(table.labels == first):
        raise DataError(f"{what} has only the label {first:g}, expected both 0 and 1")
