"""One side of the network: all that can be computed of a member, or of a class, alone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from training.model.crosses import Cross, CrossParts, CrossWeights
from training.model.deep import Projection
from training.model.encoded import Layout
from training.model.wide import Wide


class Code(NamedTuple):
    """One side of a row, a member or a class, as far as it can be computed without the other."""

    state: Any
    """Its share of the first hidden layer, ``[rows, units]`` float32; no units without a deep part."""
    wide: Any
    """The sum of its own weights, ``[rows]`` float32."""
    crosses: Any
    """Its part of the cells of the crosses with the other side, ``[rows, cells of a row]`` int32."""


class WideSide(keras.layers.Layer):
    """One side's wide part: its features, the crosses among them, and its part of the crosses with the other."""

    def __init__(
        self, side: Layout, crosses: Sequence[Cross], weights: CrossWeights, *, with_offsets: bool
    ) -> None:
        super().__init__()
        self.features = Wide(side.features)
        self.weights_of_crosses = weights
        own = [cross for cross in crosses if set(cross.features) <= set(side.features)]
        shared = [
            cross for cross in crosses if 0 < len(set(cross.features) & set(side.features)) < len(cross.features)
        ]
        self._own = CrossParts(own, side, with_offsets=True)
        self._shared = CrossParts(shared, side, with_offsets=with_offsets)

    def call(self, categories: Any) -> tuple[Any, Any]:
        """Returns ``[rows]`` float32 and ``[rows, cells of a row]`` int32 for ``[rows, category_count]`` int32."""
        own = self.weights_of_crosses(self._own(categories))
        return self.features(categories) + own, self._shared(categories)


class Side(keras.layers.Layer):
    """Computes the code of a side. Either part may be left out."""

    def __init__(self, wide: WideSide | None, deep: Projection | None) -> None:
        super().__init__()
        self.wide = wide
        self.deep = deep

    def call(self, categories: Any, numbers: Any) -> Code:
        """Returns the code for ``[rows, category_count]`` int32 and ``[rows, number_count]`` float32."""
        row_count = tf.shape(categories)[0]
        wide, crosses = tf.zeros([row_count]), tf.zeros([row_count, 0], tf.int32)
        state = tf.zeros([row_count, 0])
        if self.wide is not None:
            wide, crosses = self.wide(categories)
        if self.deep is not None:
            state = self.deep(categories, numbers)
        return Code(state, wide, crosses)
