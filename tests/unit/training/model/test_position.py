from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.model_inputs import draw_labels, number
from tests.support.saved_layers import reloaded
from training.model.encoded import Encoded, Layout
from training.model.fit import fit
from training.model.folding import fold
from training.model.head import LogisticHead
from training.model.network import Network
from training.model.position import PositionBias
from training.model.spec import ModelSpec
from training.table import Table

pytestmark = pytest.mark.slow

SHOWN = np.array([0, 0, 0, 2], np.int32)


def _bias() -> PositionBias:
    layer = PositionBias(SHOWN)
    layer.set_weights([np.array([1, 5, -2], np.float32)])
    return layer


def test_each_position_has_a_weight_and_the_mean_is_that_of_the_training_rows(tmp_path: Path) -> None:
    layer = _bias()

    assert layer(tf.constant([2, 0, 1])).numpy().tolist() == [-2, 1, 5]
    assert layer.mean().numpy() == (3 * 1 - 2) / 4
    loaded = reloaded(layer, layer, tmp_path, tf.TensorSpec([None], tf.int32))
    assert loaded.call(tf.constant([2, 0, 1])).numpy().tolist() == [-2, 1, 5]


def test_a_network_adds_the_position_in_training_and_its_mean_to_scores() -> None:
    one = Layout.of([], number_count=1)
    network = Network(one, Layout(), ModelSpec(deep=False), LogisticHead(0.5), _bias())
    rows = (
        Encoded(tf.zeros([2, 0], tf.int32), tf.zeros([2, 1])),
        Encoded(tf.zeros([1, 0], tf.int32), tf.zeros([1, 0])),
    )

    assert network.score_rows(*rows, tf.constant([1, 2]), training=True).numpy().tolist() == [5, -2]
    assert network.score_rows(*rows).numpy().tolist() == [0.25, 0.25]
    folded = fold(network)
    assert folded.position is None
    assert folded.score_rows(*rows).numpy().tolist() == [0.25, 0.25]


def _draw(share_as_usual: float) -> Table:
    """A is usually shown first and b third, where fewer look; b is worth more by 1 in log-odds."""
    rng = np.random.default_rng(2)
    is_a = rng.random(20_000) < 0.5
    positions = np.where((rng.random(20_000) < share_as_usual) == is_a, 0, 2).astype(np.int32)
    labels = draw_labels(np.where(is_a, -0.5, 0.5) - 0.8 * positions, rng)
    return Table({"is_a": is_a.astype(np.float32)}, labels, positions=positions)


def test_what_comes_of_the_position_is_no_merit_of_what_is_shown_there() -> None:
    rows, shuffled = _draw(0.8), _draw(0.5)
    spec = ModelSpec(
        deep=False, epochs=8, batch_size=500, wide_learning_rate=0.2, deep_learning_rate=0.02, wide_l1=0
    )

    def advantage_of_b(table: Table) -> float:
        """In log-odds."""
        model = fit([number("is_a")], table, shuffled, spec, lambda *_: None)
        a, b = model.predict({"is_a": np.array([1, 0], np.float32)})
        assert isinstance(model.head, LogisticHead)
        return float(np.log(b / (1 - b)) - np.log(a / (1 - a))) * model.head.calibration.temperature

    assert advantage_of_b(rows) == pytest.approx(1, abs=0.25)
    assert advantage_of_b(Table(rows.columns, rows.labels)) < 0.3
