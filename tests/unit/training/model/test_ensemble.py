from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.errors import SpecError
from training.model.deep import Perceptron, Projection
from training.model.encoded import Encoded, Feature, Layout
from training.model.ensemble import join, joined_spec
from training.model.head import LogisticHead
from training.model.network import Network
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

HEAD = LogisticHead(0.5)
SIDES = (
    Layout.of([Feature("country", 3, vocabulary="country"), Feature("hour", 4)], number_count=2),
    Layout.of([Feature("genres", 4, length=2, vocabulary="genres")], number_count=0),
)
MEMBER = Encoded(tf.constant([[0, 1], [1, 0], [2, 3]]), tf.constant([[0.5, 1.0], [-1.0, 2.0], [2.0, 0.0]]))
CLASSES = Encoded(tf.constant([[1, 0], [3, 2], [0, 0]]), tf.zeros([3, 0]))


def _networks(count: int, **fields: Any) -> list[Network]:
    spec = ModelSpec(**{"layer_sizes": (5, 4), "embedding_size": 3, "crosses": (("country", "genres"),), **fields})
    networks = [Network(*SIDES, spec, HEAD) for _ in range(count)]
    rng = np.random.default_rng(3)
    for network in networks:
        network.set_weights([rng.uniform(-1, 1, weight.shape) for weight in network.get_weights()])
    return networks


def _parts(network: Network) -> tuple[Projection, Perceptron]:
    """What is deep of the member's side, and of both."""
    assert network.member.deep is not None
    assert network.perceptron is not None
    return network.member.deep, network.perceptron


def test_kernels_lie_on_the_diagonal_and_the_last_are_averaged() -> None:
    number = Layout.of([], number_count=1)
    one, other = (Network(number, Layout(), ModelSpec(wide=False, layer_sizes=(1, 1)), HEAD) for _ in range(2))
    for network, first, second, last in ((one, 2, 3, 4), (other, 5, 6, 7)):
        projection, perceptron = _parts(network)
        projection.dense.set_weights([np.array([[first]], np.float32)])
        perceptron.dense[0].set_weights([np.array([[second]], np.float32), np.array([0.5], np.float32)])
        perceptron.dense[1].set_weights([np.array([[last]], np.float32)])

    joined = join([one, other])

    projection, perceptron = _parts(joined)
    assert projection.dense.kernel.numpy().tolist() == [[2, 5]]
    assert perceptron.dense[0].kernel.numpy().tolist() == [[3, 0], [0, 6]]
    assert perceptron.dense[1].kernel.numpy().tolist() == [[2], [3.5]]
    row = Encoded(tf.zeros([1, 0], tf.int32), tf.constant([[1.0]]))
    nothing = Encoded(tf.zeros([1, 0], tf.int32), tf.zeros([1, 0]))
    # Their first layers give 2 and 5, and their second 3 * 2 + 0.5 and 6 * 5 + 0.5.
    np.testing.assert_allclose(joined.score_rows(row, nothing), [(4 * 6.5 + 7 * 30.5) / 2])


@pytest.mark.parametrize("parts", [{}, {"wide": False}, {"deep": False}, {"layer_sizes": (5,)}])
def test_the_logits_are_the_mean_of_those_of_the_networks(parts: dict[str, Any], tmp_path: Path) -> None:
    networks = _networks(3, **parts)

    joined = join(networks)

    expected = np.mean([network.score_rows(MEMBER, CLASSES) for network in networks], axis=0)
    np.testing.assert_allclose(joined.score_rows(MEMBER, CLASSES), expected, atol=1e-5)

    def call(*given: tf.Tensor) -> tf.Tensor:
        return joined.score_rows(Encoded(*given[:2]), Encoded(*given[2:]))

    specs = [tf.TensorSpec([None, part.shape[1]], part.dtype) for part in (*MEMBER, *CLASSES)]
    loaded = reloaded(joined, call, tmp_path, *specs)
    np.testing.assert_allclose(loaded.call(*MEMBER, *CLASSES), expected, atol=1e-5)


def test_one_network_is_itself() -> None:
    (network,) = _networks(1)
    assert join([network]) is network


def test_a_network_that_would_be_too_wide_is_none() -> None:
    with pytest.raises(SpecError, match=r"model\.embedding_size is 2048"):
        joined_spec(ModelSpec(ensemble_size=8, embedding_size=256))
