"""The deep part: what each side adds to the first hidden layer, and the layers above it."""

from typing import Any

import keras
import tensorflow as tf

from training.model.activation import Activation
from training.model.embeddings import Embeddings, EmbeddingTable
from training.model.encoded import Layout
from training.model.spec import ModelSpec

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
"""Keras' names of the precisions; weights are float32 in both."""


class Projection(keras.layers.Layer):
    """One side's share of the first hidden layer before its bias and activation: ``[embeddings, numbers] W``.

    A dense layer is linear up to there, so the shares of the two sides add up to the layer's whole.
    """

    def __init__(self, side: Layout, table: EmbeddingTable, spec: ModelSpec) -> None:
        super().__init__()
        self.embeddings = Embeddings(side.features, table, spec.attention)
        self.dense = keras.layers.Dense(spec.layer_sizes[0], use_bias=False, dtype=_POLICIES[spec.precision])
        self.dense.build((None, self.embeddings.width + side.number_count))

    def call(self, categories: Any, numbers: Any, training: bool = False) -> Any:
        """Returns ``[rows, units]`` for ``[rows, category_count]`` int32 and ``[rows, number_count]`` float32.

        They are of the precision.
        """
        embedded = self.embeddings(categories, training=training)
        if training and self.embeddings.width:
            dtype = self.dense.compute_dtype
            return _project(*(tf.cast(v, dtype) for v in (embedded, numbers, self.dense.kernel)))
        values = tf.concat([embedded, numbers], axis=1)
        if not values.shape[1]:  # times alone; oneDNN aborts at such a product where there is AMX
            nothing = tf.zeros([tf.shape(values)[0], 1]) + tf.reduce_sum(self.dense.kernel, axis=0)
            return tf.cast(nothing, self.dense.compute_dtype)
        return self.dense(values)


def _project(embedded: Any, numbers: Any, kernel: Any) -> Any:
    """Returns ``[embedded, numbers] @ kernel``, all of one precision, ``[rows, units]``.

    The numbers have no gradient, so that its product is as narrow as the embeddings.
    """

    def product(embedded: Any, kernel: Any) -> Any:
        values = tf.concat([embedded, numbers], axis=1)

        def gradient(upstream: Any) -> Any:
            of_embedded = tf.matmul(upstream, kernel[: embedded.shape[1]], transpose_b=True)
            return of_embedded, tf.matmul(values, upstream, transpose_a=True)

        return tf.matmul(values, kernel), gradient

    return tf.custom_gradient(product)(embedded, kernel)


class Perceptron(keras.layers.Layer):
    """The deep part from the first hidden layer's activation to the logit.

    The layer's bias is for the caller to add to the sum of the sides. It is in neither of their dense layers:
    fused with a dense layer and the sum it breaks TensorFlow 2.21's graph optimiser, which then logs errors and
    leaves the graph as it is. Layers that batch norm follows have no bias, which it would take away again.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(autocast=False)
        sizes = spec.layer_sizes
        has_bias = not spec.batch_norm
        self.bias = self.add_weight(shape=(sizes[0],), initializer="zeros", name="bias") if has_bias else None
        self.activations = [Activation(size, spec) for size in sizes]
        policy = _POLICIES[spec.precision]
        hidden = [keras.layers.Dense(size, use_bias=has_bias, dtype=policy) for size in sizes[1:]]
        self.dense = [*hidden, keras.layers.Dense(1, use_bias=False)]
        for layer, size in zip(self.dense, sizes, strict=True):
            layer.build((None, size))

    def biased(self, state: Any) -> Any:
        """Adds the bias, if there is one, to ``[rows, units]``."""
        return state if self.bias is None else state + tf.cast(self.bias, state.dtype)

    def call(self, state: Any, training: bool = False) -> Any:
        """Returns ``[rows]`` float32 for the sum of the sides' shares and the bias, ``[rows, units]``."""
        values = state
        for activation, dense in zip(self.activations, self.dense, strict=True):
            values = dense(activation(values, training=training))
        return tf.squeeze(values, axis=1)
