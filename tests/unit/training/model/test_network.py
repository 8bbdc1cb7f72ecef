from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.model.encoded import Encoded, Feature, Layout
from training.model.head import LogisticHead
from training.model.network import Network
from training.model.position import PositionBias
from training.model.side import Code
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

MEMBER = Layout.of([Feature("country", 3, vocabulary="country"), Feature("age", 4)], number_count=1)
CLASSES = Layout.of([Feature("genres", 5, length=2, vocabulary="genres"), Feature("minutes", 3)], number_count=2)
CROSSES = (("country", "genres"), ("country", "age"), ("genres", "minutes"), ("country", "minutes"))


def _draw(layout: Layout, count: int) -> Encoded:
    rng = np.random.default_rng(count)
    sizes = [feature.size for feature in layout.features for _ in range(feature.width)]
    numbers = rng.normal(size=(count, layout.number_count)).astype(np.float32)
    return Encoded(tf.constant(rng.integers(0, sizes, (count, len(sizes))), tf.int32), tf.constant(numbers))


def _network(
    classes: Layout = CLASSES,
    crosses: tuple[tuple[str, ...], ...] = CROSSES,
    *,
    wide: bool = True,
    deep: bool = True,
) -> Network:
    crosses = crosses if wide else ()
    spec = ModelSpec(wide=wide, deep=deep, crosses=crosses, layer_sizes=(8, 4), embedding_size=3, batch_norm=True)
    network = Network(MEMBER, classes, spec, LogisticHead(0.2))
    rng = np.random.default_rng(7)
    network.set_weights([rng.uniform(0.5, 1, weight.shape) for weight in network.get_weights()])
    return network


@pytest.mark.parametrize(("wide", "deep"), [(True, True), (True, False), (False, True)])
def test_every_member_with_every_class_is_the_same_as_paired_row_by_row(wide: bool, deep: bool) -> None:
    network = _network(wide=wide, deep=deep)
    members, classes = _draw(MEMBER, 11), _draw(CLASSES, 13)
    i, j = (places.ravel() for places in np.indices((11, 13)))

    table = network.score_all(network.ranked_member(members), network.ranked_class(classes))
    paired = network.score_rows(
        Encoded(*(tf.gather(part, i) for part in members)), Encoded(*(tf.gather(part, j) for part in classes))
    )

    np.testing.assert_allclose(tf.reshape(table, [-1]), paired, atol=1e-5)
    assert len(np.unique(paired)) > 50


def test_crosses_within_a_side_are_part_of_the_sides_own_weights() -> None:
    network = _network(deep=False)

    code = network.classes(*_draw(CLASSES, 4))

    assert code.crosses.shape == (4, 3)  # country with both genres, and with minutes
    network.crosses.set_weights([np.zeros(network.crosses.table.shape)])
    assert (network.classes(*_draw(CLASSES, 4)).wide.numpy() < code.wide.numpy()).all()


def test_logits_start_at_the_log_odds_of_the_base_rate() -> None:
    network = Network(MEMBER, CLASSES, ModelSpec(deep=False), LogisticHead(0.2))

    logits = network.score_rows(_draw(MEMBER, 3), _draw(CLASSES, 3))

    np.testing.assert_allclose(logits, np.log(0.2 / 0.8), rtol=1e-6)


def test_a_flat_tables_network_has_one_side() -> None:
    network = _network(classes=Layout(), crosses=(("country", "age"),))
    nothing = Encoded(tf.zeros([1, 0], tf.int32), tf.zeros([1, 0]))

    assert network.score_rows(_draw(MEMBER, 5), nothing).shape == (5,)


def test_it_survives_a_saved_model(tmp_path: Path) -> None:
    network = _network()
    members, classes = _draw(MEMBER, 3), _draw(CLASSES, 3)

    def call(*parts: tf.Tensor) -> tf.Tensor:
        return network.score_rows(Encoded(*parts[:2]), Encoded(*parts[2:]))

    specs = [tf.TensorSpec([None, part.shape[1]], part.dtype) for part in (*members, *classes)]
    loaded = reloaded(network, call, tmp_path, *specs)

    np.testing.assert_allclose(loaded.call(*members, *classes), call(*members, *classes), rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_it_can_be_scored_without_a_training_as_after_one_that_was_killed_at_its_end() -> None:
    network = Network(MEMBER, CLASSES, ModelSpec(), LogisticHead(0.2), PositionBias(np.arange(3, dtype=np.int32)))

    assert network.score_rows(_draw(MEMBER, 2), _draw(CLASSES, 2)).shape == (2,)


def test_the_parts_have_optimizers_of_their_own() -> None:
    network = _network()

    assert len(network.wide_variables) == 3
    assert _network(wide=False).wide_variables == []
    assert _network(deep=False).embedding_table is None
    assert isinstance(network.member(*_draw(MEMBER, 1)), Code)
