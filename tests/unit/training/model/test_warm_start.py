from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.model_inputs import CROSSES, RANKING_INPUTS, draw_rows
from training.errors import DataError, SpecError
from training.model.fit import fit
from training.model.ftrl import linear_terms
from training.model.optimizers import Ftrl
from training.model.snapshot import Block, Categories, Snapshot
from training.model.spec import ModelSpec
from training.model.warm_start import Moved, copy_rows

pytestmark = pytest.mark.slow


def _spec(**fields: object) -> ModelSpec:
    sizes = {"epochs": 1, "batch_size": 100, "layer_sizes": [8], "embedding_size": 4}
    layers = {"attention": ["recent_class_ids"], "batch_norm": True, "crosses": CROSSES}
    return ModelSpec.from_mapping({**sizes, **layers, **fields})


def test_categories_are_found_by_their_values_and_buckets_by_their_number() -> None:
    older = Categories(5, ["a", "b", "c"])  # 0 is missing, 1 unknown

    assert Categories(5, ["c", "x", "a"]).places_in(older).tolist() == [0, 1, 4, -1, 2]
    two_unknown = Categories(5, ["c", "a"])
    assert two_unknown.places_in(older).tolist() == [0, -1, -1, 4, 2]
    assert Categories(3).places_in(Categories(3)).tolist() == [0, 1, 2]
    assert Categories(3).places_in(Categories(4)).tolist() == [0, -1, -1]


def test_rows_are_copied_by_what_they_stand_for() -> None:
    """The cells of a cross: 2 x 3 of old ones became 3 x 2, of which b has moved from 1 to 2 and z is new."""
    new = np.zeros(6 + 1, np.float32)
    old = np.array([100, 1, 2, 3, 4, 5, 6], np.float32)
    moves = {"left": Moved(np.array([0, -1, 1]), 2), "right": Moved(np.array([2, 0]), 3)}
    blocks = [Block("left,right", 6, ["left", "right"]), Block("age", 1)]
    older = [Block("age", 1), Block("left,right", 6, ["left", "right"])]

    assert copy_rows(new, blocks, old, older, moves) == 5
    assert new.tolist() == [3, 1, 0, 0, 6, 4, 100]


@pytest.mark.parametrize("l1", [0.0, 0.5])
def test_ftrl_starts_at_the_weights_that_its_linear_terms_are_of(l1: float) -> None:
    weights = np.array([0.3, -2.0, 0.0], np.float32)
    variable = tf.keras.Variable(weights)

    ftrl = Ftrl([variable], [linear_terms(weights, 0.1, l1)], 0.1, l1)
    ftrl.apply([tf.zeros(3)])

    np.testing.assert_allclose(variable.numpy(), weights, rtol=1e-5)


def test_a_training_starts_from_the_weights_of_a_version(tmp_path: Path) -> None:
    """With rates that move nothing, on the same rows in another order."""
    rows, more = draw_rows(600, seed=1), draw_rows(200, seed=3)
    shuffled = rows.take(np.random.default_rng(1).permutation(600))
    first = fit(RANKING_INPUTS, rows, more, _spec(wide_learning_rate=0.5, wide_l1=0.1), lambda *_: None)
    first.export(tmp_path)
    still = _spec(wide_learning_rate=1e-6, wide_l1=0.1, deep_learning_rate=1e-6, l2=0.0, dropout=0.0)

    start = Snapshot.read(tmp_path)
    second = fit(RANKING_INPUTS, shuffled, more, still, lambda *_: None, start=start)
    anew = fit(RANKING_INPUTS, shuffled, more, still, lambda *_: None)

    expected = first.predict(more.columns)
    assert not [note for note in second.notes if "warm start" in note]
    assert np.abs(second.predict(more.columns) - expected).mean() < 0.02
    assert np.abs(anew.predict(more.columns) - expected).mean() > 0.05


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    rows, later = draw_rows(300, seed=1), draw_rows(300, seed=7)
    first = fit(RANKING_INPUTS, rows, rows, _spec(), lambda *_: None)
    first.export(tmp_path)

    changed = _spec(layer_sizes=[6], attention=[])
    second = fit(RANKING_INPUTS, later, later, changed, lambda *_: None, start=Snapshot.read(tmp_path))

    notes = "\n".join(second.notes)
    assert "warm start: member.dense starts anew, its shape was [" in notes
    assert "warm start: member.wide takes " in notes
    assert "embeddings takes " in notes


def test_what_can_not_be_started_from_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"warm_start.npz: there are no weights to start from"):
        Snapshot.read(tmp_path)
    start = Snapshot("regression", {}, {}, {})
    rows = draw_rows(100, seed=1)
    with pytest.raises(SpecError, match=r"model\.objective is 'binary', and the version to start from was"):
        fit(RANKING_INPUTS, rows, rows, _spec(), lambda *_: None, start=start)
