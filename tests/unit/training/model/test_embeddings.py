from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.embeddings import Embeddings, EmbeddingTable
from training.model.encoded import Feature, Layout

pytestmark = pytest.mark.slow

FEATURES = Layout.of(
    [
        Feature("discipline", 3, vocabulary="discipline"),
        Feature("minutes", 4),
        Feature("recent", 3, length=2, vocabulary="discipline"),
        Feature("country", 2, vocabulary="country"),
    ],
    number_count=0,
).features
CATEGORIES = tf.constant([[2, 3, 1, 2, 1], [0, 0, 2, 0, 0], [1, 1, 0, 0, 1]])
# The table's rows are (0, 0.0), (1, 0.1), ...: three disciplines, then two countries. Scalars come before lists.
EXPECTED = [
    [2, 0.2, 4, 0.4, 1.5, 0.15],
    [0, 0.0, 3, 0.3, 2.0, 0.20],
    [1, 0.1, 4, 0.4, 0.0, 0.00],
]


def _layer() -> Embeddings:
    table = EmbeddingTable(FEATURES, embedding_size=2)
    table.set_weights([np.array([[row, row / 10] for row in range(5)], np.float32)])
    return Embeddings(FEATURES, table)


def test_scalars_are_looked_up_and_lists_averaged_over_the_elements_that_are_there() -> None:
    layer = _layer()

    np.testing.assert_allclose(layer(CATEGORIES), EXPECTED, rtol=1e-6)
    assert layer.width == 6


def test_it_survives_a_saved_model(tmp_path: Path) -> None:
    layer = _layer()

    loaded = reloaded(layer, layer, tmp_path, tf.TensorSpec([None, 5], tf.int32))

    np.testing.assert_allclose(loaded.call(CATEGORIES), EXPECTED, rtol=1e-6)


def test_padding_has_no_gradient() -> None:
    layer = _layer()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(tf.constant([[1, 0, 2, 0, 0]])))
    gradient = tf.convert_to_tensor(tape.gradient(total, layer.table.table))

    assert gradient.numpy()[:, 0].tolist() == [0, 1, 1, 1, 0]


def test_in_training_a_row_decays_each_time_it_is_looked_up() -> None:
    table = EmbeddingTable(FEATURES, embedding_size=1, l2=0.5)
    table.set_weights([np.array([[10], [20], [30], [40], [50]], np.float32)])
    with tf.GradientTape() as tape:
        looked_up = table(tf.constant([[1, 3], [1, 4]]), training=True)
        total = tf.reduce_sum(looked_up)
    gradient = tf.convert_to_tensor(tape.gradient(total, table.table))

    assert looked_up[:, :, 0].numpy().tolist() == [[20, 40], [20, 50]]
    assert gradient.numpy()[:, 0].tolist() == [0, 2 + 20, 0, 1 + 20, 1 + 25]


def test_features_without_a_vocabulary_are_left_out() -> None:
    layer = Embeddings(FEATURES[1:2], EmbeddingTable(FEATURES[1:2], embedding_size=2))

    assert layer(CATEGORIES).shape == (3, 0)
