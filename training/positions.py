"""Where on its page each row was shown, which only a training knows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError

MOST = 1000
"""The last position; each one before it has a weight of its own."""


def to_positions(what: str, values: Sequence[Any]) -> NDArray[np.int32]:
    """Returns positions, ``[rows]`` int32.

    Args:
        what: Where the values are from, for the message.
        values: One value for each row.

    Raises:
        DataError: A value is no whole number from 0 to `MOST`.
    """
    for row, value in enumerate(values):
        if not isinstance(value, int | float) or value not in range(MOST + 1):
            raise DataError(f"{what} has {value!r} in row {row + 1}, expected a position, 0 to {MOST}")
    return np.asarray(values, dtype=np.int32)
