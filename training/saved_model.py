"""Scoring rows with an exported SavedModel, as any server would."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.table import Columns, Scorer

_BATCH_ROWS = 8192


def load_scorer(directory: Path) -> Scorer:
    """Returns the SavedModel's ``serving_default`` as a function of raw columns ``[rows, ...]`` to ``[rows]``."""
    model = tf.saved_model.load(str(directory))
    signature = model.signatures["serving_default"]

    def score(columns: Columns) -> NDArray[np.float32]:
        rows = len(next(iter(columns.values())))
        starts = range(0, rows, _BATCH_ROWS)
        return np.concatenate([_score(signature, columns, slice(at, at + _BATCH_ROWS)) for at in starts])

    return score


def _score(signature: Any, columns: Columns, rows: slice) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = signature(**{k: tf.constant(v[rows]) for k, v in columns.items()})[
        "score"
    ].numpy()
    return scores
