"""What a model has to beat: predictions that need no features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.table import Table

POPULARITY = "popularity"
PRIOR_ROWS = 20.0
"""How many rows at the rate of all classes a class's own rate is smoothed with."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that gives rows scores.

    Attributes:
        name: Its name in metrics.
        score: Returns a score for each row.
        is_probability: Whether the scores predict labels; if not, only their order is measured.
    """

    name: str
    score: Callable[[Table], NDArray[np.floating[Any]]]
    is_probability: bool = True


def constant_rate(labels: NDArray[np.float32]) -> Subject:
    """Returns the rate of positives in the training split, for every row."""
    rate = float(labels.mean())
    return Subject("constant_rate", lambda table: np.full(len(table), rate))


def ranking_baselines(class_key: str, classes: NDArray[Any], labels: NDArray[np.float32]) -> list[Subject]:
    """Returns both baselines that know nothing but which class a row shows.

    Args:
        class_key: The column that holds the class ids.
        classes: The class ids of the training split, ``[rows]``.
        labels: Its labels, ``[rows]``.
    """
    rows = pd.DataFrame({"class": classes, "positives": labels.astype(np.float64), "rows": 1.0})
    counts = rows.groupby("class").sum()
    return [_popularity(class_key, counts), _class_rate(class_key, counts)]


def _popularity(class_key: str, counts: pd.DataFrame) -> Subject:
    """The number of the class's positives in the training split; 0 for a class that was not seen there."""
    starts = counts["positives"]
    return Subject(POPULARITY, lambda table: _look_up(starts, table.columns[class_key], 0.0), is_probability=False)


def _class_rate(class_key: str, counts: pd.DataFrame) -> Subject:
    """The class's rate of positives in the training split, drawn towards that of all classes.

    ``(positives + PRIOR_ROWS * rate) / (rows + PRIOR_ROWS)``, which is the rate of all for a class not seen there.
    """
    rate = float(counts["positives"].sum() / counts["rows"].sum())
    rates = (counts["positives"] + PRIOR_ROWS * rate) / (counts["rows"] + PRIOR_ROWS)
    return Subject("class_rate", lambda table: _look_up(rates, table.columns[class_key], rate))


def _look_up(by_class: "pd.Series[float]", classes: NDArray[Any], otherwise: float) -> NDArray[np.float64]:
    return np.asarray(by_class.reindex(classes).fillna(otherwise), dtype=np.float64)
