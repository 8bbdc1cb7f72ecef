"""Sums of single weights, each looked up in a table by its cell."""

from typing import Any

import tensorflow as tf

from training.model.compiled import compiled

NOTHING = -(2**30)
"""The part of a list's padding: with it a cell is negative, and a negative cell weighs nothing."""


def sum_weights(table: Any, cells: Any, *, training: bool) -> Any:
    """Returns the sums ``[...]`` float32 of the weights of cells ``[..., cells of a row]`` int32.

    In training it is one pass, as is its gradient, which comes as rows and indices.
    """
    if not training or not cells.shape[-1]:
        return _sum_weights(table, cells)

    def look_up(weights: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            return tf.IndexedSlices(*_spread(upstream, cells), dense_shape=tf.shape(weights))

        return _compiled_sum(weights, cells), gradient

    return tf.custom_gradient(look_up)(tf.convert_to_tensor(table))


def _sum_weights(table: Any, cells: Any) -> Any:
    weights = tf.gather(table, tf.maximum(cells, 0))
    return tf.reduce_sum(tf.where(cells < 0, 0.0, weights), axis=-1)


_compiled_sum = compiled(_sum_weights)


@compiled
def _spread(upstream: Any, cells: Any) -> tuple[Any, Any]:
    """Returns the gradient of each cell's weight, and which row of the table it is, ``[cells]`` both."""
    values = tf.where(cells < 0, 0.0, upstream[..., None])
    return tf.reshape(values, [-1]), tf.reshape(tf.maximum(cells, 0), [-1])
