from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.deep import Perceptron, Projection
from training.model.embeddings import EmbeddingTable
from training.model.encoded import Feature, Layout
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

STATE = tf.constant([[3.0, 0.0], [1.0, 3.0]])


def _perceptron() -> Perceptron:
    layer = Perceptron(ModelSpec(layer_sizes=(2, 1), dropout=0.5))
    dense, output = layer.dense
    dense.set_weights([np.array([[1], [10]], np.float32), np.array([-2], np.float32)])
    output.set_weights([np.array([[4]], np.float32)])
    return layer


def test_a_projection_is_a_dense_layer_over_embeddings_and_numbers() -> None:
    side = Layout.of([Feature("country", 2, vocabulary="country")], number_count=1)
    table = EmbeddingTable(side.features, embedding_size=1)
    layer = Projection(side, table, ModelSpec(layer_sizes=(2,)))
    table.set_weights([np.array([[1], [2]], np.float32)])
    layer.dense.set_weights([np.array([[1, 0], [10, 100]], np.float32)])

    states = layer(tf.constant([[1], [0]]), tf.constant([[3.0], [0.0]]))

    assert states.numpy().tolist() == [[32, 300], [1, 0]]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_in_training_a_projection_is_the_same_and_so_are_its_gradients(precision: str) -> None:
    side = Layout.of([Feature("country", 3, vocabulary="country")], number_count=2)
    table = EmbeddingTable(side.features, embedding_size=2)
    layer = Projection(side, table, ModelSpec(layer_sizes=(4,), precision=precision))
    inputs = tf.constant([[1], [2], [1]]), tf.constant([[0.5, 1.0], [-1.0, 2.0], [0.25, 0.0]])

    weights = table.table.value, layer.dense.kernel.value
    found, expected = (_with_gradients(layer, inputs, weights, training=training) for training in (True, False))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def _with_gradients(layer: Any, inputs: Sequence[Any], weights: Sequence[Any], *, training: bool) -> list[Any]:
    with tf.GradientTape() as tape:
        outputs = tf.cast(layer(*inputs, training=training), tf.float32)
        loss = tf.reduce_sum(tf.square(outputs))
    gradients = tape.gradient(loss, weights)
    return [tf.convert_to_tensor(found).numpy() for found in (outputs, *gradients)]


def test_a_perceptron_activates_then_projects(tmp_path: Path) -> None:
    layer = _perceptron()
    expected = [4 * (3 - 2), 4 * (1 + 30 - 2)]

    assert layer(STATE).numpy().tolist() == expected
    loaded = reloaded(layer, layer, tmp_path, tf.TensorSpec([None, 2], tf.float32))
    assert loaded.call(STATE).numpy().tolist() == expected


def test_dropout_is_for_training_only() -> None:
    layer = _perceptron()
    outcomes = {tuple(layer(STATE, training=True).numpy()) for _ in range(20)}

    assert len(outcomes) > 1
    assert np.array_equal(layer(STATE), layer(STATE))


def test_batch_norm_normalises_before_the_activation() -> None:
    layer = Perceptron(ModelSpec(layer_sizes=(1,), dropout=0.0, batch_norm=True))
    layer.dense[0].set_weights([np.array([[1]], np.float32)])

    logits = layer(tf.constant([[10.0], [20.0]]), training=True)  # normalised to -1 and 1

    np.testing.assert_allclose(logits, [0, 1], atol=1e-3)
