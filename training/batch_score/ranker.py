"""Ranking all live classes for many members, with a version's own signatures."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.saved_model import LoadedModel, to_tensors
from training.table import Columns

_CELLS = 2**17
"""How many pairs of member and class are scored at once: 200 MB in a layer of 400 units."""


class Ranked(NamedTuple):
    """The best classes of some members, best first, ``[members, count]``.

    Attributes:
        scores: float32.
        positions: int32, the places of the classes among those that are ranked.
    """

    scores: NDArray[np.float32]
    positions: NDArray[np.int32]


class Ranker:
    """A version with the classes that it ranks; they are encoded once.

    Args:
        version_dir: The folder of the version.
        classes: The inputs of the class side, ``[classes, ...]``, at least one row.
        class_count: How many classes there are.
    """

    def __init__(self, version_dir: Path, classes: Columns, class_count: int) -> None:
        self._model = LoadedModel(version_dir)
        self._encoded = self._model.run("encode_classes", to_tensors(classes))
        self._class_count = class_count
        self._member_count = max(1, _CELLS // class_count)

    def rank(self, members: Columns, count: int) -> Ranked:
        """Returns the best `count` classes of each member, all where there are fewer.

        Args:
            members: All other inputs, ``[members, ...]``.
            count: At least 1.
        """
        rows = len(next(iter(members.values())))
        starts = range(0, max(rows, 1), self._member_count)
        batches = [self._batch(members, slice(at, at + self._member_count), count) for at in starts]
        return Ranked(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))

    def _batch(self, members: Columns, rows: slice, count: int) -> Ranked:
        columns = {name: column[rows] for name, column in members.items()}
        batch = len(next(iter(columns.values())))
        question = {
            **self._encoded,
            **to_tensors(columns),
            "candidates": tf.ones([batch, self._class_count], tf.bool),
            "count": tf.constant(min(count, self._class_count)),
        }
        best = self._model.run("rank", question)
        return Ranked(best["scores"].numpy(), best["positions"].numpy())
