"""The rows that a model is trained and evaluated on."""

from collections.abc import Callable, Mapping
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
        positions: Where on its page, ``[rows]`` int32; None where that is not known.
        warnings: What was odd about the rows when they were read, a sentence each.
    """

    columns: Columns
    labels: NDArray[np.float32]
    members: NDArray[Any] | None = None
    times: NDArray[np.int64] | None = None
    positions: NDArray[np.int32] | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any] | slice) -> "Table":
        """Returns the rows chosen by a mask, by indices, or by a slice, which copies nothing."""
        return Table(
            columns={name: column[rows] for name, column in self.columns.items()},
            labels=self.labels[rows],
            members=None if self.members is None else self.members[rows],
            times=None if self.times is None else self.times[rows],
            positions=None if self.positions is None else self.positions[rows],
            warnings=self.warnings,
        )


def newest_rows(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Returns the last row of each id, in the order in which the ids come first."""
    return np.array(list(dict(zip(ids.tolist(), range(len(ids)), strict=True)).values()), dtype=np.int64)
