import numpy as np
import pytest
import tensorflow as tf

from contract.indexed import PAGE
from training.model.encoded import Encoded, Feature, Layout
from training.model.head import LogisticHead
from training.model.network import Network
from training.model.probe import Probe
from training.model.probe_fit import STEP, FittedProbe, fit_probe
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

MEMBER = Layout.of([Feature("country", 40, vocabulary="country")], number_count=4)
CLASSES = Layout.of([Feature("discipline", 40, vocabulary="discipline")], number_count=4)


def _draw(layout: Layout, count: int, seed: int) -> Encoded:
    rng = np.random.default_rng(seed)
    sizes = [feature.size for feature in layout.features]
    numbers = rng.normal(size=(count, layout.number_count)).astype(np.float32)
    return Encoded(tf.constant(rng.integers(0, sizes, (count, len(sizes))), tf.int32), tf.constant(numbers))


def _network(*layer_sizes: int, deep: bool = True) -> Network:
    crosses = (("country", "discipline"),)
    spec = ModelSpec(deep=deep, crosses=crosses, embedding_size=4, layer_sizes=layer_sizes, batch_norm=False)
    network = Network(MEMBER, CLASSES, spec, LogisticHead(0.2))
    rng = np.random.default_rng(7)
    network.set_weights([rng.normal(0, 0.3, weight.shape) for weight in network.get_weights()])
    return network


def _tables(network: Network, found: FittedProbe, members: Encoded, classes: Encoded) -> tuple[np.ndarray, ...]:
    """Returns the logits of the network and the rough ones ``[members, classes]``."""
    member, ranked = network.ranked_member(members), network.ranked_class(classes)
    deep = found.probe.score_all(found.probe.read(member.state), tf.transpose(found.probe.read(ranked.state)))
    return network.score_all(member, ranked).numpy(), (network.score_wide(member, ranked) + deep).numpy()


def test_a_probe_adds_up_the_units_that_it_reads() -> None:
    probe = Probe(np.array([2, 0]), np.array([10.0, 1.0], np.float32))
    member = probe.read(tf.constant([[1.0, 9.0, 2.0], [-5.0, 9.0, 0.0]]))
    classes = probe.read(tf.constant([[1.0, 7.0, -1.0], [0.0, 7.0, -3.0]]))

    # of the first member and class: 10 * relu(2 - 1) + relu(1 + 1)
    np.testing.assert_allclose(probe.score_all(member, tf.transpose(classes)), [[12.0, 1.0], [0.0, 0.0]])


def test_where_nothing_follows_the_layer_the_probe_misses_nothing_but_a_number_for_each_member() -> None:
    network = _network(24)
    found = fit_probe(network, _draw(MEMBER, 400, 1), _draw(CLASSES, 300, 2), seed=3)

    exact, rough = _tables(network, found, _draw(MEMBER, 20, 4), _draw(CLASSES, 300, 5))

    difference = exact - rough
    np.testing.assert_allclose(difference, np.broadcast_to(difference[:, :1], difference.shape), atol=1e-3)
    assert exact.std(axis=1).min() > 0.1
    assert found.preselected == STEP


@pytest.mark.parametrize("units", [24, 200])
def test_the_best_of_members_that_it_has_not_seen_are_preselected(units: int) -> None:
    """Of a network with more units than it reads, too."""
    network, classes = _network(units, 16), _draw(CLASSES, 1000, 2)
    found = fit_probe(network, _draw(MEMBER, 1256, 1), classes, seed=3)

    exact, rough = _tables(network, found, _draw(MEMBER, 300, 4), classes)

    best = np.argsort(-exact, axis=1)[:, :PAGE]
    preselected = np.argsort(-rough, axis=1)[:, : found.preselected]
    pairs = zip(best.tolist(), preselected.tolist(), strict=True)
    shared = [len(set(ours) & set(theirs)) for ours, theirs in pairs]
    assert len(found.probe.units) <= 64
    assert found.preselected < 300
    assert np.mean(shared) >= 0.99 * PAGE


def test_the_same_seed_gives_the_same_probe() -> None:
    network, members, classes = _network(80, 8), _draw(MEMBER, 300, 1), _draw(CLASSES, 50, 2)

    first, second = (fit_probe(network, members, classes, seed=3) for _ in range(2))

    assert first.probe.weights.tobytes() == second.probe.weights.tobytes()
    assert first.preselected == second.preselected


def test_units_that_are_never_active_are_no_harm() -> None:
    network = _network(8, 4)
    assert network.perceptron is not None
    assert network.perceptron.bias is not None
    network.perceptron.bias.assign(tf.fill([8], -1e3))

    found = fit_probe(network, _draw(MEMBER, 1, 1), _draw(CLASSES, 3, 2), seed=3)

    assert np.isfinite(found.probe.weights).all()
    assert found.preselected == STEP
