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

    def call(self, categories: Any, numbers: Any) -> Any:
        """Returns ``[rows, units]`` float32 for ``[rows, category_count]`` int32 and ``[rows, number_count]``."""
        return tf.cast(self.dense(tf.concat([self.embeddings(categories), numbers], axis=1)), tf.float32)


class Perceptron(keras.layers.Layer):
    """The deep part from the first hidden layer's bias to the logit.

    That bias is added to the sum of the sides, not in one of their dense layers: fused with a dense layer and the
    sum it breaks TensorFlow 2.21's graph optimiser, which then logs errors and leaves the graph as it is.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        sizes = spec.layer_sizes
        self.bias = self.add_weight(shape=(sizes[0],), initializer="zeros", name="bias")
        self.activations = [Activation(size, spec) for size in sizes]
        hidden = [keras.layers.Dense(size, dtype=_POLICIES[spec.precision]) for size in sizes[1:]]
        self.dense = [*hidden, keras.layers.Dense(1, use_bias=False)]
        for layer, size in zip(self.dense, sizes, strict=True):
            layer.build((None, size))

    def call(self, state: Any, training: bool = False) -> Any:
        """Returns ``[rows]`` float32 for the sum of the sides' shares, ``[rows, units]`` float32."""
        values = state + self.bias
        for activation, dense in zip(self.activations, self.dense, strict=True):
            values = tf.cast(dense(activation(values, training=training)), tf.float32)
        return tf.squeeze(values, axis=1)
