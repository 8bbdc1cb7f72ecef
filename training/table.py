"""The rows that a model is trained and evaluated on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Raw inputs by name, ``[rows]`` or ``[rows, list_length]``, as `contract.columns.to_column` makes them."""

Scorer = Callable[[Columns], NDArray[np.float32]]
"""Returns the probability of a positive label for each row, ``[rows]``."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in columns.

    Attributes:
        columns: The raw inputs.
        labels: 0 or 1, ``[rows]`` float32.
        members: Who each row was shown to, ``[rows]`` objects; None for a flat table.
        times: When, in seconds since the epoch, ``[rows]`` int64; None for a flat table.
    """

    columns: Columns
    labels: NDArray[np.float32]
    members: NDArray[Any] | None = None
    times: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any]) -> "Table":
        """Returns the rows chosen by a mask or by indices."""
        return Table(
            columns={name: column[rows] for name, column in self.columns.items()},
            labels=self.labels[rows],
            members=None if self.members is None else self.members[rows],
            times=None if self.times is None else self.times[rows],
        )


def concatenate(tables: Sequence[Table]) -> Table:
    """Returns the rows of several tables with the same columns, in order."""
    first = tables[0]
    return Table(
        columns={name: np.concatenate([table.columns[name] for table in tables]) for name in first.columns},
        labels=np.concatenate([table.labels for table in tables]),
        members=None if first.members is None else np.concatenate([table.members for table in tables]),
        times=None if first.times is None else np.concatenate([table.times for table in tables]),
    )
