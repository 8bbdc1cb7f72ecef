from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.deep import Perceptron, Projection
from training.model.encoded import Encoded, Feature, Layout
from training.model.folding import fold
from training.model.head import LogisticHead
from training.model.network import Network
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

NUMBER = Layout.of([], number_count=1)
HEAD = LogisticHead(0.5)


def _rows(*numbers: float) -> Encoded:
    return Encoded(tf.zeros([len(numbers), 0], tf.int32), tf.constant(numbers, tf.float32)[:, None])


def _parts(network: Network) -> tuple[Projection, Projection, Perceptron]:
    """What is deep of each side, and of both."""
    member, classes, perceptron = network.member.deep, network.classes.deep, network.perceptron
    assert member is not None
    assert classes is not None
    assert perceptron is not None
    return member, classes, perceptron


def _network() -> Network:
    """One unit in each of two layers; ``x = 2 member + class``, normalised, then doubled, normalised."""
    network = Network(NUMBER, NUMBER, ModelSpec(wide=False, layer_sizes=(1, 1), batch_norm=True), HEAD)
    member, classes, perceptron = _parts(network)
    member.dense.set_weights([np.array([[2]], np.float32)])
    classes.dense.set_weights([np.array([[1]], np.float32)])
    first, second = (activation.norm for activation in perceptron.activations)
    assert first is not None
    assert second is not None
    first.epsilon = second.epsilon = 0.0
    first.set_weights([np.array([values], np.float32) for values in (3, 0.5, 2, 4)])  # 3 (x - 2) / 2 + 0.5
    second.set_weights([np.array([values], np.float32) for values in (1, -1, 1, 9)])  # (x - 1) / 3 - 1
    perceptron.dense[0].set_weights([np.array([[2]], np.float32)])
    perceptron.dense[1].set_weights([np.array([[10]], np.float32)])
    return network


def test_batch_norm_goes_into_kernels_and_biases() -> None:
    folded = fold(_network())

    member, classes, perceptron = _parts(folded)
    assert member.dense.kernel.numpy().tolist() == [[3]]
    assert classes.dense.kernel.numpy().tolist() == [[1.5]]
    assert perceptron.bias is not None
    assert perceptron.bias.numpy().tolist() == [-2.5]  # 3 (0 - 2) / 2 + 0.5
    np.testing.assert_allclose(perceptron.dense[0].kernel, [[2 / 3]], rtol=1e-6)
    np.testing.assert_allclose(perceptron.dense[0].bias, [-4 / 3], rtol=1e-6)
    # 3 * 4 + 1.5 * 2 - 2.5 = 12.5, and 10 (12.5 * 2 / 3 - 4 / 3) = 70
    np.testing.assert_allclose(folded.score_rows(_rows(4), _rows(2)), [70], rtol=1e-6)


def test_the_folded_network_has_no_norm_and_the_same_logits(tmp_path: Path) -> None:
    sides = (
        Layout.of([Feature("country", 3, vocabulary="country")], number_count=1),
        Layout.of([Feature("genres", 4, length=2, vocabulary="genres")], number_count=0),
    )
    spec = ModelSpec(layer_sizes=(8, 4), embedding_size=3, batch_norm=True, crosses=(("country", "genres"),))
    network = Network(*sides, spec, HEAD)
    rng = np.random.default_rng(3)
    network.set_weights([rng.uniform(0.1, 1, weight.shape) for weight in network.get_weights()])
    member = Encoded(tf.constant([[0], [1], [2]]), tf.constant([[0.5], [-1.0], [2.0]]))
    classes = Encoded(tf.constant([[1, 0], [3, 2], [0, 0]]), tf.zeros([3, 0]))

    folded = fold(network)

    assert not [variable.path for variable in folded.variables if "norm" in variable.path]
    expected = network.score_rows(member, classes)
    np.testing.assert_allclose(folded.score_rows(member, classes), expected, atol=1e-5)

    def call(*parts: tf.Tensor) -> tf.Tensor:
        return folded.score_rows(Encoded(*parts[:2]), Encoded(*parts[2:]))

    specs = [tf.TensorSpec([None, part.shape[1]], part.dtype) for part in (*member, *classes)]
    loaded = reloaded(folded, call, tmp_path, *specs)
    np.testing.assert_allclose(loaded.call(*member, *classes), expected, atol=1e-5)


@pytest.mark.parametrize("deep", [False, True])
def test_a_network_without_norms_keeps_its_weights(deep: bool) -> None:
    network = Network(Layout.of([Feature("country", 3)], number_count=1), NUMBER, ModelSpec(deep=deep), HEAD)
    network.bias.assign(0.5)

    for old, new in zip(network.get_weights(), fold(network).get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
