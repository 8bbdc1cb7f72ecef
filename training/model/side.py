"""One side of the network: all that can be computed of a member, or of a class, alone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from training.model.crosses import Cross, CrossParts, CrossWeights, between_sides
from training.model.deep import Projection
from training.model.encoded import Layout
from training.model.wide import Wide


class Code(NamedTuple):
    """One side of a row, a member or a class, as far as it can be computed without the other."""

    state: Any
    """Its share of the first hidden layer, ``[rows, units]`` of the precision; no units without a deep part."""
    wide: Any
    """The sum of its own weights, ``[rows]`` float32."""
    crosses: Any
    """Its part of the cells of the crosses with the other side, ``[rows, cells of a row]`` int32."""


class RankedMember(NamedTuple):
    """A member as far as it can be computed without the classes, as a ranking needs it."""

    state: Any
    """Its share of the first hidden layer and the layer's bias, ``[members, units]`` float32."""
    wide: Any
    """The sum of its own weights and the network's bias, ``[members]`` float32."""
    crosses: Any
    """What its crosses weigh with each combination of a class's features, ``[members, places]`` float32."""


class RankedClass(NamedTuple):
    """A class as far as it can be computed without the member, as a ranking needs it."""

    state: Any
    """Its share of the first hidden layer, ``[classes, units]`` float32."""
    wide: Any
    """The sum of its own weights, ``[classes]`` float32."""
    crosses: Any
    """Where in a member's `crosses` its weights are, ``[classes, cells of a row]`` int32."""


class WideSide(keras.layers.Layer):
    """One side's wide part: its features, the crosses among them, and its part of the crosses with the other."""

    def __init__(
        self, side: Layout, crosses: Sequence[Cross], weights: CrossWeights, *, with_offsets: bool
    ) -> None:
        super().__init__()
        self.features = Wide(side.features)
        self.weights_of_crosses = weights
        own = [cross for cross in crosses if set(cross.features) <= set(side.features)]
        self._own = CrossParts(own, side, with_offsets=True)
        self._shared = CrossParts(between_sides(crosses, side), side, with_offsets=with_offsets)

    def call(self, categories: Any, training: bool = False) -> tuple[Any, Any]:
        """Returns ``[rows]`` float32 and ``[rows, cells of a row]`` int32 for ``[rows, category_count]`` int32."""
        own = self.weights_of_crosses(self._own(categories), training=training)
        return self.features(categories, training=training) + own, self._shared(categories)


class Side(keras.layers.Layer):
    """Computes the code of a side. Either part may be left out."""

    def __init__(self, wide: WideSide | None, deep: Projection | None) -> None:
        super().__init__()
        self.wide = wide
        self.deep = deep

    def call(self, categories: Any, numbers: Any, training: bool = False) -> Code:
        """Returns the code for ``[rows, category_count]`` int32 and ``[rows, number_count]`` float32."""
        row_count = tf.shape(categories)[0]
        wide, crosses = tf.zeros([row_count]), tf.zeros([row_count, 0], tf.int32)
        state = tf.zeros([row_count, 0])
        if self.wide is not None:
            wide, crosses = self.wide(categories, training=training)
        if self.deep is not None:
            state = self.deep(categories, numbers, training=training)
        return Code(state, wide, crosses)
