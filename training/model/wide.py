"""The wide part's weights of single features."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contract.indexed import MISSING
from training.model.cells import NOTHING, sum_weights
from training.model.compiled import compiled
from training.model.encoded import Feature


class Wide(keras.layers.Layer):
    """Sums one weight for each feature of one side, chosen by its category; for a list, one for each element.

    Its only weight, `table`, is ``[sum of sizes]`` float32 and starts at 0.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        starts = np.cumsum([0, *(feature.size for feature in features)])
        widths = [feature.width for feature in features]
        self._offsets = np.repeat(starts[:-1], widths).astype(np.int32)
        self._in_list = np.repeat([feature.length > 0 for feature in features], widths).astype(bool)
        self.table = self.add_weight(shape=(int(starts[-1]),), initializer="zeros", name="table")

    def call(self, categories: Any, training: bool = False) -> Any:
        """Returns ``[rows]`` float32 for ``[rows, category_count]`` int32."""
        find = _compiled_cells if training else _cells
        return sum_weights(self.table, find(categories, self._offsets, self._in_list), training=training)


def _cells(categories: Any, offsets: Any, in_list: Any) -> Any:
    is_padding = tf.logical_and(tf.equal(categories, MISSING), in_list)
    return tf.where(is_padding, NOTHING, categories + offsets)


_compiled_cells = compiled(_cells)
