"""What a model has to beat: predictions that need no features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.table import Table

PRIOR_IMPRESSIONS = 20.0
"""How many impressions at the overall rate a class's own rate is smoothed with."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that gives rows scores.

    Attributes:
        name: Its name in metrics.
        score: Returns a score for each row.
        is_probability: Whether the scores are probabilities; if not, only their order is measured.
    """

    name: str
    score: Callable[[Table], NDArray[np.floating[Any]]]
    is_probability: bool = True


def constant_rate(labels: NDArray[np.float32]) -> Subject:
    """Returns the rate of positives in the training split, for every row."""
    rate = float(labels.mean())
    return Subject("constant_rate", lambda table: np.full(len(table), rate))


def popularity(class_key: str, classes: NDArray[Any], labels: NDArray[np.float32]) -> Subject:
    """Returns the number of the class's positives in the training split; 0 for a class not seen there.

    Args:
        class_key: The column that holds the class ids.
        classes: The class ids of the training split, ``[rows]``.
        labels: Its labels, ``[rows]``.
    """
    counts = _counts(classes, labels)["positives"]
    return Subject(
        "popularity", lambda table: _look_up(counts, table.columns[class_key], 0.0), is_probability=False
    )


def class_rate(class_key: str, classes: NDArray[Any], labels: NDArray[np.float32]) -> Subject:
    """Returns the class's rate of positives in the training split, smoothed towards the overall rate.

    ``(positives + PRIOR_IMPRESSIONS * rate) / (rows + PRIOR_IMPRESSIONS)``; the overall rate for a class not
    seen there.

    Args:
        class_key: The column that holds the class ids.
        classes: The class ids of the training split, ``[rows]``.
        labels: Its labels, ``[rows]``.
    """
    rate = float(labels.mean())
    counts = _counts(classes, labels)
    rates = (counts["positives"] + PRIOR_IMPRESSIONS * rate) / (counts["rows"] + PRIOR_IMPRESSIONS)
    return Subject("class_rate", lambda table: _look_up(rates, table.columns[class_key], rate))


def _counts(classes: NDArray[Any], labels: NDArray[np.float32]) -> pd.DataFrame:
    frame = pd.DataFrame({"class": classes, "positives": labels.astype(np.float64), "rows": 1.0})
    return frame.groupby("class").sum()


def _look_up(by_class: "pd.Series[float]", classes: NDArray[Any], otherwise: float) -> NDArray[np.float64]:
    return np.asarray(by_class.reindex(classes).fillna(otherwise), dtype=np.float64)
