"""Embeddings of categories."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contract.indexed import MISSING
from training.model.attention import AttentionPool
from training.model.compiled import compiled
from training.model.encoded import Feature


class EmbeddingTable(keras.layers.Layer):
    """The embeddings of all vocabularies in one table, so that one gather looks up a whole row.

    Its only weight, `table`, is ``[sum of sizes, embedding_size]`` float32.
    """

    def __init__(self, features: Sequence[Feature], embedding_size: int, l2: float = 0.0) -> None:
        """Makes room for the vocabulary of each feature that has one.

        The weight decay `l2` is of the rows that a batch looks up, each time it does.
        """
        super().__init__()
        sizes = {feature.vocabulary: feature.size for feature in features if feature.vocabulary}
        self.sizes: Mapping[str, int] = sizes
        self.embedding_size = embedding_size
        self._l2 = l2
        self.offsets: Mapping[str, int] = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
        shape = (sum(sizes.values()), embedding_size)
        self.table = self.add_weight(shape=shape, initializer=keras.initializers.RandomUniform(), name="table")

    def call(self, rows: Any, training: bool = False) -> Any:
        """Returns the embeddings of int32 `rows` of the table: one axis more, `embedding_size` long."""
        embedded = tf.gather(self.table, rows)
        return _decaying(embedded, self._l2) if training and self._l2 else embedded


def _decaying(embedded: Any, l2: float) -> Any:
    """Returns the same; its gradient has that of its weight decay added."""
    return tf.custom_gradient(lambda values: (values, lambda upstream: _decayed(upstream, values, l2)))(embedded)


@compiled
def _decayed(upstream: Any, embedded: Any, l2: float) -> Any:
    return upstream + l2 * embedded


def _rows(categories: Any, columns: Any, offsets: Any) -> Any:
    return tf.gather(categories, columns, axis=1) + offsets


_compiled_rows = compiled(_rows)


class Embeddings(keras.layers.Layer):
    """Embeds the features of one side that have a vocabulary: scalars first, then lists.

    A list is the mean of its elements that are there, 0 if none is; or what attention makes of them.
    """

    def __init__(self, features: Sequence[Feature], table: EmbeddingTable, attention: Sequence[str] = ()) -> None:
        """Takes the names of the lists that are pooled by attention."""
        super().__init__()
        embedded = [feature for feature in features if feature.vocabulary]
        self._scalars = [feature for feature in embedded if not feature.length]
        self._lists = [feature for feature in embedded if feature.length]
        self.table = table
        size = table.embedding_size
        self.width = len(embedded) * size
        pooled = [feature for feature in self._lists if feature.name in attention]
        self.pools = {f.name: AttentionPool(len(self._scalars) * size, size, f.length) for f in pooled}

    def call(self, categories: Any, training: bool = False) -> Any:
        """Returns ``[rows, width]`` float32 for ``[rows, category_count]`` int32."""
        scalars = self._embed_scalars(categories, training)
        return tf.concat([scalars, *(self._pool(categories, scalars, f, training) for f in self._lists)], axis=1)

    def _embed_scalars(self, categories: Any, training: bool) -> Any:
        columns = np.array([feature.start for feature in self._scalars], np.int32)
        offsets = np.array([self.table.offsets[feature.vocabulary] for feature in self._scalars], np.int32)
        find = _compiled_rows if training else _rows
        embedded = self.table(find(categories, columns, offsets), training=training)
        return tf.reshape(embedded, [tf.shape(categories)[0], len(self._scalars) * self.table.embedding_size])

    def _pool(self, categories: Any, scalars: Any, feature: Feature, training: bool) -> Any:
        elements = categories[:, feature.start : feature.start + feature.length]
        is_there = tf.cast(tf.not_equal(elements, MISSING), tf.float32)
        embedded = self.table(elements + self.table.offsets[feature.vocabulary], training=training)
        if feature.name in self.pools:
            return self.pools[feature.name](scalars, embedded, is_there)
        total = tf.reduce_sum(embedded * is_there[:, :, None], axis=1)
        return total / tf.maximum(tf.reduce_sum(is_there, axis=1, keepdims=True), 1.0)
