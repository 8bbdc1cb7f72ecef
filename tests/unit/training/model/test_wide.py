from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.encoded import Feature
from training.model.wide import Wide

pytestmark = pytest.mark.slow

FEATURES = [Feature("country", 3), Feature("genres", 3, length=2), Feature("age", 2)]
CATEGORIES = tf.constant([[2, 1, 2, 1], [0, 2, 0, 0]])
# Weights by category: country 1, 2, 4; genres 8, 16, 32; age 64, 128.
EXPECTED = [4 + 16 + 32 + 128, 1 + 32 + 64]


def _layer() -> Wide:
    layer = Wide(FEATURES)
    layer.set_weights([2.0 ** np.arange(8)])
    return layer


def test_one_weight_for_each_category_is_summed_and_padding_of_lists_left_out() -> None:
    assert _layer()(CATEGORIES).numpy().tolist() == EXPECTED


def test_in_training_the_sums_are_the_same_and_padding_has_no_gradient() -> None:
    layer = _layer()
    with tf.GradientTape() as tape:
        sums = layer(CATEGORIES, training=True)
    gradient = tape.gradient(sums, layer.table.value, output_gradients=tf.constant([1.0, 10.0]))

    assert sums.numpy().tolist() == EXPECTED
    assert tf.convert_to_tensor(gradient).numpy().tolist() == [10, 0, 1, 0, 1, 11, 10, 1]


def test_it_starts_at_zero() -> None:
    assert Wide(FEATURES)(CATEGORIES).numpy().tolist() == [0, 0]


def test_it_survives_a_saved_model(tmp_path: Path) -> None:
    layer = _layer()

    loaded = reloaded(layer, layer, tmp_path, tf.TensorSpec([None, 4], tf.int32))

    assert loaded.call(CATEGORIES).numpy().tolist() == EXPECTED
