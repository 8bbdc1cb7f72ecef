"""Scoring rows with an exported SavedModel, as any server would."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.table import Columns, Scorer

_BATCH_ROWS = 8192


class LoadedModel:
    """A SavedModel that is loaded.

    Args:
        directory: Its folder.
    """

    def __init__(self, directory: Path) -> None:
        # A signature does not keep the variables that it reads alive; the object does.
        self._saved_model = tf.saved_model.load(str(directory))

    def score(self, columns: Columns) -> NDArray[np.float32]:
        """Returns what ``serving_default`` gives raw columns ``[rows, ...]``, ``[rows]``."""
        rows = len(next(iter(columns.values())))
        starts = range(0, rows, _BATCH_ROWS)
        return np.concatenate([self._score(columns, slice(at, at + _BATCH_ROWS)) for at in starts])

    def run(self, signature: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the outputs of a signature."""
        outputs: dict[str, Any] = self._saved_model.signatures[signature](**tensors)
        return outputs

    def _score(self, columns: Columns, rows: slice) -> NDArray[np.float32]:
        tensors = to_tensors({name: column[rows] for name, column in columns.items()})
        scores: NDArray[np.float32] = self.run("serving_default", tensors)["score"].numpy()
        return scores


def to_tensors(columns: Columns) -> dict[str, Any]:
    """Returns columns as a signature takes them."""
    return {name: tf.constant(column) for name, column in columns.items()}


def load_scorer(directory: Path) -> Scorer:
    """Returns the SavedModel's ``serving_default`` as a function."""
    return LoadedModel(directory).score
