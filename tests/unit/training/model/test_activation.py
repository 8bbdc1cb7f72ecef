from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from training.model.activation import Activation, Dropout, draw, is_kept
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow


def _activation(units: int, *, dropout: float = 0.0, batch_norm: bool = False) -> Activation:
    return Activation(units, ModelSpec(dropout=dropout, batch_norm=batch_norm))


def _norm(layer: Activation) -> Any:
    assert layer.norm is not None
    return layer.norm


def test_without_a_batch_to_normalise_it_is_relu_and_what_is_kept_makes_up_for_what_is_not() -> None:
    layer, values = _activation(1000, dropout=0.2), tf.constant([np.linspace(-1, 1, 1000)] * 50, tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = layer(values, training=True)
    gradient = tape.gradient(outputs, values)

    kept = outputs.numpy() > 0
    assert kept[:, :500].sum() == 0
    assert kept[:, 500:].mean() == pytest.approx(0.8, abs=0.02)
    np.testing.assert_allclose(outputs, np.where(kept, values / 0.8, 0), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.where(kept, 1 / 0.8, 0), rtol=1e-6)
    assert np.array_equal(layer(values), tf.nn.relu(values))


@pytest.mark.parametrize("row_count", [7, 6, 8])
@pytest.mark.parametrize("dropout", [0.0, 0.25])
def test_batch_norm_has_the_gradient_of_its_formula(row_count: int, dropout: float) -> None:
    """However many blocks the rows are added up by, and for the units that are kept."""
    rng = np.random.default_rng(1)
    values, weights = (tf.constant(rng.normal(size=(row_count, 3)), tf.float32) for _ in range(2))
    layer = _activation(3, dropout=dropout, batch_norm=True)
    _norm(layer).gamma.assign([1.5, -1.0, 0.5])
    _norm(layer).beta.assign([0.1, 0.2, -0.3])

    def by_formula(values: Any) -> Any:
        mean, variance = tf.nn.moments(values, axes=[0])
        norm = _norm(layer)
        normed = (values - mean) / tf.sqrt(variance + norm.epsilon) * norm.gamma + norm.beta
        return tf.where(found[0] > 0, normed / (1 - dropout), 0.0) if dropout else tf.nn.relu(normed)

    found = _with_gradients(lambda v: layer(v, training=True), values, weights, layer)
    for one, other in zip(found, _with_gradients(by_formula, values, weights, layer), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def _with_gradients(function: Callable[[Any], Any], values: Any, weights: Any, layer: Activation) -> list[Any]:
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = function(values)
        loss = tf.reduce_sum(outputs * weights)
    return [outputs, *tape.gradient(loss, [values, _norm(layer).gamma.value, _norm(layer).beta.value])]


def test_the_moments_of_batches_are_averaged_for_scoring() -> None:
    """From mean 0 and variance 1, a tenth of the way to the batch's 15 and 25."""
    layer = _activation(1, batch_norm=True)

    layer(tf.constant([[10.0], [20.0]]), training=True)

    np.testing.assert_allclose(_norm(layer).moving_mean, [1.5], rtol=1e-6)
    np.testing.assert_allclose(_norm(layer).moving_variance, [0.9 + 2.5], rtol=1e-6)


def test_what_is_kept_looks_random_along_units_rows_and_seeds() -> None:
    draws = np.array([_drawn(s) for s in range(9)])

    assert draws.mean() == pytest.approx(0.5, abs=0.005)
    for axis in range(3):
        ahead, behind = (np.delete(draws, place, axis) for place in (0, -1))
        assert (ahead == behind).mean() == pytest.approx(0.5, abs=0.01)
    again = _drawn(0)
    assert np.array_equal(again, draws[0])


def test_no_two_units_and_no_two_rows_are_kept_together() -> None:
    """More often than by chance: correlations of n independent draws have the standard deviation 1 / sqrt(n)."""
    draws = np.concatenate([_drawn(s) for s in range(10)]) * 2.0 - 1

    for drawn in (draws, draws[:300].T):
        count, units = drawn.shape
        correlations = (drawn.T @ drawn / count)[~np.eye(units, dtype=bool)]
        assert correlations.std() * np.sqrt(count) == pytest.approx(1, abs=0.03)


def _drawn(seed: int) -> Any:
    return is_kept(Dropout(*draw(tf.constant([7, seed], tf.uint32), 300, 200), rate=0.5))
