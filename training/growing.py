"""Making a large table of small ones without ever holding its rows twice."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.table import Columns


class GrowingColumns:
    """Columns that are as long as they may become from the start, and are filled piece by piece."""

    def __init__(self, row_count: int) -> None:
        self._row_count = row_count
        self._filled = 0
        self._columns: dict[str, NDArray[Any]] = {}

    def append(self, columns: Columns) -> None:
        """Adds rows; every piece has the same columns."""
        rows = slice(self._filled, self._filled + len(next(iter(columns.values()))))
        for name, column in columns.items():
            if name not in self._columns:
                self._columns[name] = np.empty((self._row_count, *column.shape[1:]), column.dtype)
            self._columns[name][rows] = column
        self._filled = rows.stop

    def columns(self) -> Columns:
        """Returns the columns, once all rows were added."""
        return {name: column[: self._filled] for name, column in self._columns.items()}
