"""The wide part's weights of combined features, in a form that splits into the sides of the model.

The cell of a cross is ``offset + sum of stride * category`` over its features. So each side has its own part of
the sum, and the parts of two sides add up to the cell: a ranking keeps the parts of the classes, and a member
costs one addition and one gather. Nothing is hashed, and all cells fit int32.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contract.indexed import MISSING
from training.errors import SpecError
from training.model.cells import NOTHING, sum_weights
from training.model.encoded import Feature, Layout

MAX_CELLS = 4 * 2**20
"""The most cells of one cross."""


@dataclass(frozen=True, slots=True)
class Cross:
    """Features whose combinations have a cell each."""

    features: tuple[Feature, ...]
    offset: int
    """Its first cell in the table of all crosses."""

    @property
    def cell_count(self) -> int:
        """How many cells it has."""
        return math.prod(feature.size for feature in self.features)

    @property
    def width(self) -> int:
        """How many cells a row has: one, or one for each element of its list."""
        return max(feature.width for feature in self.features)

    @property
    def strides(self) -> list[int]:
        """What one step in each feature is worth."""
        sizes = [feature.size for feature in self.features]
        return [math.prod(sizes[place + 1 :]) for place in range(len(sizes))]


def plan_crosses(names: Sequence[Sequence[str]], features: Mapping[str, Feature]) -> list[Cross]:
    """Returns the crosses of the features named, one after the other.

    Raises:
        SpecError: A cross has more than `MAX_CELLS` cells.
    """
    crosses: list[Cross] = []
    offset = 0
    for members in names:
        cross = Cross(tuple(features[name] for name in members), offset)
        if cross.cell_count > MAX_CELLS:
            size = f"needs {cross.cell_count:,} cells, expected at most {MAX_CELLS:,}"
            raise SpecError(f"model.crosses has {list(members)}, which {size}")
        crosses.append(cross)
        offset += cross.cell_count
    return crosses


def between_sides(crosses: Sequence[Cross], side: Layout) -> list[Cross]:
    """Returns the crosses of features of a side with features of the other."""
    return [cross for cross in crosses if 0 < len(set(cross.features) & set(side.features)) < len(cross.features)]


class CrossParts:
    """Computes what one side adds to the cells of some crosses.

    The three arrays are ``[cells of a row, features]``: which column of the categories, its stride, and whether
    it belongs to a list. Crosses with fewer features on this side are filled up with stride 0.
    """

    def __init__(self, crosses: Sequence[Cross], side: Layout, *, with_offsets: bool) -> None:
        """Takes the crosses; one of the sides has to add their offsets."""
        terms = [_terms(cross, side, element) for cross in crosses for element in range(cross.width)]
        widest = max((len(row) for row in terms), default=0)
        filled = [row + [(0, 0, False)] * (widest - len(row)) for row in terms]
        table = np.array(filled, np.int32).reshape(len(terms), widest, 3)
        self._columns, self._strides = table[:, :, 0], table[:, :, 1]
        self._in_list = table[:, :, 2].astype(bool)
        offsets = [cross.offset for cross in crosses for _ in range(cross.width)]
        self._offsets = np.array(offsets, np.int32) * np.int32(with_offsets)

    def __call__(self, categories: Any) -> Any:
        """Returns ``[rows, cells of a row]`` int32 for ``[rows, category_count]`` int32."""
        chosen = tf.gather(categories, self._columns, axis=1)
        is_padding = tf.logical_and(tf.equal(chosen, MISSING), self._in_list)
        terms = tf.where(is_padding, NOTHING, chosen * self._strides)
        if not terms.shape[2]:
            return tf.zeros([tf.shape(categories)[0], len(self._offsets)], tf.int32) + self._offsets
        # Not reduce_sum: OpenVINO 2026.4 computes whole numbers wrongly where an addition follows one.
        return tf.add_n(tf.unstack(terms, axis=2)) + self._offsets


def _terms(cross: Cross, side: Layout, element: int) -> list[tuple[int, int, bool]]:
    return [
        (feature.start + (element if feature.length else 0), stride, feature.length > 0)
        for feature, stride in zip(cross.features, cross.strides, strict=True)
        if feature in side.features
    ]


class CrossWeights(keras.layers.Layer):
    """Sums one weight for each cell. Its only weight, `table`, is ``[sum of cells]`` float32 and starts at 0."""

    def __init__(self, crosses: Sequence[Cross]) -> None:
        super().__init__()
        self.crosses = tuple(crosses)
        cell_count = sum(cross.cell_count for cross in crosses)
        self.table = self.add_weight(shape=(cell_count,), initializer="zeros", name="table")

    def call(self, cells: Any, training: bool = False) -> Any:
        """Returns ``[...]`` float32 for ``[..., cells of a row]`` int32."""
        return sum_weights(self.table, cells, training=training)
