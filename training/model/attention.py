"""Pooling a list by attention."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_NEVER = np.float32(-1e9)


class AttentionPool(keras.layers.Layer):
    """Averages the elements of a list, each weighted by how much it matters to its own side.

    ``weight_i = softmax_i(query . element_i / sqrt(d) + place_i)`` over the elements that are there (scaled
    dot-product attention, Vaswani et al. 2017), with ``query = scalars W + b`` of the side's embedded scalars and
    one learned number for each place of the list, such as how recent an element is. The query knows nothing of the
    other side, so that a member's code holds for every class. It starts as the plain mean: all weights are 0.
    """

    def __init__(self, scalar_width: int, embedding_size: int, length: int) -> None:
        super().__init__()
        self.query = keras.layers.Dense(embedding_size, kernel_initializer="zeros")
        self.query.build((None, scalar_width))
        self.places = self.add_weight(shape=(length,), initializer="zeros", name="places")
        self._scale = 1 / math.sqrt(embedding_size)

    def call(self, scalars: Any, elements: Any, is_there: Any) -> Any:
        """Returns the pooled elements ``[rows, embedding_size]`` float32, 0 where none is there.

        Args:
            scalars: ``[rows, scalar_width]`` float32.
            elements: ``[rows, length, embedding_size]`` float32.
            is_there: ``[rows, length]`` float32, 1 where there is an element and 0 for padding.
        """
        matches = tf.linalg.matvec(elements, self.query(scalars)) * self._scale + self.places
        weights = tf.nn.softmax(tf.where(is_there > 0, matches, _NEVER)) * is_there
        return tf.linalg.matvec(elements, weights, transpose_a=True)
