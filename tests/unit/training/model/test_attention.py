from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.attention import AttentionPool
from training.model.embeddings import Embeddings, EmbeddingTable
from training.model.encoded import Feature, Layout

pytestmark = pytest.mark.slow

ELEMENTS = tf.constant([[[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]] * 3)
IS_THERE = tf.constant([[1.0, 1, 1], [1, 1, 0], [0, 0, 0]])
SCALARS = tf.constant([[1.0], [0.0], [1.0]])


def _pool() -> AttentionPool:
    """Query ``scalar * (2 log 3, 0, 0, 0)``, of which a match is half, and log 2 for the first place."""
    layer = AttentionPool(scalar_width=1, embedding_size=4, length=3)
    layer.query.set_weights([np.array([[2 * np.log(3), 0, 0, 0]], np.float32), np.zeros(4, np.float32)])
    layer.places.assign([np.log(2), 0, 0])
    return layer


def test_it_starts_as_the_mean_of_the_elements_that_are_there() -> None:
    pooled = AttentionPool(scalar_width=1, embedding_size=4, length=3)(SCALARS, ELEMENTS, IS_THERE)

    np.testing.assert_allclose(pooled, [[1 / 3, 1 / 3, 1 / 3, 0], [0.5, 0.5, 0, 0], [0.0] * 4], rtol=1e-6)


def test_elements_weigh_by_their_match_and_their_place(tmp_path: Path) -> None:
    """Row 1: the first element has 2 * 3 against 1 and 1. Row 2, without a query: 2 against 1, and padding."""
    expected = [[6 / 8, 1 / 8, 1 / 8, 0], [2 / 3, 1 / 3, 0, 0], [0.0] * 4]
    layer = _pool()

    np.testing.assert_allclose(layer(SCALARS, ELEMENTS, IS_THERE), expected, rtol=1e-6)
    specs = [tf.TensorSpec([None, *tensor.shape[1:]], tf.float32) for tensor in (SCALARS, ELEMENTS, IS_THERE)]
    loaded = reloaded(layer, layer, tmp_path, *specs)
    np.testing.assert_allclose(loaded.call(SCALARS, ELEMENTS, IS_THERE), expected, rtol=1e-6)


def test_an_empty_list_has_finite_gradients() -> None:
    layer = _pool()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(SCALARS[2:], ELEMENTS[2:], IS_THERE[2:]))

    for gradient in tape.gradient(loss, layer.trainable_variables):
        assert np.isfinite(gradient).all()


def test_embeddings_pool_the_lists_that_are_named() -> None:
    features = Layout.of(
        [
            Feature("class_id", 4, vocabulary="class_id"),
            Feature("recent", 4, length=2, vocabulary="class_id"),
            Feature("older", 4, length=2, vocabulary="class_id"),
        ],
        number_count=0,
    ).features
    table = EmbeddingTable(features, embedding_size=1)
    table.set_weights([np.array([[0], [1], [2], [4]], np.float32)])
    layer = Embeddings(features, table, attention=["recent"])
    layer.pools["recent"].places.assign([np.log(3), 0])

    embedded = layer(tf.constant([[1, 2, 3, 2, 3]]))

    assert list(layer.pools) == ["recent"]
    np.testing.assert_allclose(embedded, [[1, 0.75 * 2 + 0.25 * 4, 3]], rtol=1e-6)
