"""Rows that are not trained on, because they lack a feature that may not be missing."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.table import Columns


class LeftOut:
    """Leaves rows out, table by table, and remembers which.

    Attributes:
        kept: Of each table which rows were kept, ``[rows]``.
    """

    def __init__(self) -> None:
        self.kept: list[NDArray[np.bool_]] = []
        self._lacking: Counter[str] = Counter()

    def without(self, columns: Columns, lacking: Mapping[str, NDArray[np.bool_]]) -> Columns:
        """Returns the rows of the next table without those that lack a feature.

        Args:
            columns: Its rows.
            lacking: Which rows lack what, by feature.
        """
        kept = np.ones(len(next(iter(columns.values()))), dtype=np.bool_)
        for name, lacks in lacking.items():
            self._lacking[name] += int(np.count_nonzero(lacks))
            kept &= ~lacks
        self.kept.append(kept)
        return columns if kept.all() else {name: column[kept] for name, column in columns.items()}

    def warnings(self) -> tuple[str, ...]:
        """Returns how many rows lacked what, a sentence each."""
        count = sum(map(len, self.kept))
        return tuple(
            f"Input {name!r} is missing in {lacked} of {count} rows, which are left out."
            for name, lacked in sorted(self._lacking.items())
            if lacked
        )
