"""What the columns of a training are like, kept beside the model for the next training to tell what has moved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.columns import missing_marker
from contract.stubs import manifest_pb2 as pb
from training.table import Columns

FILE = "statistics.json"
MOST_ROWS = 100_000
"""How many rows are looked at, evenly spread over all."""
TOP_VALUES = 20
BINS = 10


@dataclass(frozen=True, slots=True)
class NumberStatistics:
    """A column of numbers.

    Attributes:
        missing: The share of rows without a value.
        mean: Of the values; 0 without any, as are the others.
        deviation: Their standard deviation.
        quantiles: The least value, the ends of equal tenths, the greatest.
        shares: The share of rows without a value, then of those in each bin between two different inner quantiles,
            the ends open.
    """

    missing: float
    mean: float
    deviation: float
    quantiles: Sequence[float]
    shares: Sequence[float]

    def shares_of(self, column: NDArray[Any]) -> list[float]:
        """Returns the shares of a column: without a value, then in each of the bins of these statistics."""
        return _bin_shares(column, np.unique(np.array(self.quantiles[1:-1], column.dtype)))


@dataclass(frozen=True, slots=True)
class CategoryStatistics:
    """A column of texts or of numbers that are names, or of lists of them.

    Attributes:
        missing: The share of rows without a value.
        distinct: How many different values there are.
        top: The share that each of the most frequent values has of all that are there.
    """

    missing: float
    distinct: int
    top: Mapping[str, float]

    def shares_of(self, column: NDArray[Any], marker: Any) -> list[float]:
        """Returns the shares of a column: without a value, each of the values on top here, all others."""
        counts = _counts(column, marker)
        total = max(int(counts.sum()), 1)
        return self._shares(_missing(column, marker), [float(counts.get(v, 0)) / total for v in self.top])

    @property
    def shares(self) -> list[float]:
        """The shares of the column that these statistics are of, as in `shares_of`."""
        return self._shares(self.missing, list(self.top.values()))

    def _shares(self, missing: float, top: Sequence[float]) -> list[float]:
        of_rows = [(1 - missing) * share for share in (*top, max(0.0, 1 - sum(top)))]
        return [missing, *of_rows]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The training rows."""

    row_count: int
    label_mean: float
    numbers: Mapping[str, NumberStatistics]
    categories: Mapping[str, CategoryStatistics]

    def to_json(self) -> str:
        """Returns the document that `read_statistics` takes back."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)


def summarise(inputs: Sequence[pb.Input], columns: Columns, labels: NDArray[np.float32]) -> Statistics:
    """Returns the statistics of rows. Times are left out: they always move."""
    rows = sample_rows(len(labels), MOST_ROWS)
    numbers, categories = {}, {}
    for spec in inputs:
        column = columns[spec.name][rows]
        if spec.encoding == pb.ENCODING_VOCABULARY:
            categories[spec.name] = _category(column, missing_marker(spec))
        elif spec.encoding != pb.ENCODING_TIME:
            numbers[spec.name] = _number(column)
    return Statistics(len(labels), float(labels.mean()), numbers, categories)


def read_statistics(path: Path) -> Statistics | None:
    """Returns statistics that were kept; None if there are none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        document["numbers"] = {name: NumberStatistics(**of) for name, of in document["numbers"].items()}
        document["categories"] = {name: CategoryStatistics(**of) for name, of in document["categories"].items()}
        return Statistics(**document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def sample_rows(count: int, most: int) -> NDArray[np.int64]:
    """Returns at most so many rows, evenly spread."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)


def _number(column: NDArray[Any]) -> NumberStatistics:
    values = column[np.isfinite(column)].astype(np.float64)
    missing = float(1 - values.size / column.size)
    if not values.size:
        return NumberStatistics(missing, 0.0, 0.0, [0.0] * (BINS + 1), [missing, 0.0, 0.0])
    quantiles = np.quantile(values, np.linspace(0, 1, BINS + 1), method="inverted_cdf")
    shares = _bin_shares(column, np.unique(quantiles[1:-1].astype(column.dtype)))
    return NumberStatistics(missing, float(values.mean()), float(values.std()), quantiles.tolist(), shares)


def _bin_shares(column: NDArray[Any], edges: NDArray[Any]) -> list[float]:
    """A value equal to an edge is in the bin above it."""
    values = column[np.isfinite(column)]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return [1 - values.size / column.size, *(counts / column.size).tolist()]


def _category(column: NDArray[Any], marker: Any) -> CategoryStatistics:
    counts = _counts(column, marker)
    total = counts.sum()
    top = {str(value): float(count / total) for value, count in counts[:TOP_VALUES].items()}
    return CategoryStatistics(_missing(column, marker), len(counts), top)


def _missing(column: NDArray[Any], marker: Any) -> float:
    is_missing = np.asarray(column == marker)
    return float((is_missing.all(axis=1) if column.ndim > 1 else is_missing).mean())


def _counts(column: NDArray[Any], marker: Any) -> "pd.Series[int]":
    """Returns how often each value but the marker occurs, the most frequent first, by its text."""
    counts = pd.Series(column.reshape(-1)).value_counts(sort=False).drop(marker, errors="ignore")
    counts.index = counts.index.map(str)
    ordered: pd.Series[int] = counts.sort_index().sort_values(ascending=False, kind="stable")
    return ordered
