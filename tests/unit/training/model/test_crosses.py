from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.saved_layers import reloaded
from training.errors import SpecError
from training.model.cells import NOTHING
from training.model.cross_rows import CrossRows
from training.model.crosses import CrossParts, CrossWeights, between_sides, plan_crosses
from training.model.encoded import Feature, Layout

pytestmark = pytest.mark.slow

MEMBER = Layout.of([Feature("country", 3), Feature("hour", 2), Feature("times", 4, length=2)], number_count=0)
CLASSES = Layout.of([Feature("genres", 3, length=2), Feature("discipline", 5)], number_count=0)
FEATURES = {feature.name: feature for feature in (*MEMBER.features, *CLASSES.features)}


def test_every_combination_has_a_cell_of_its_own() -> None:
    crosses = plan_crosses([["country", "discipline", "hour"], ["country", "discipline"]], FEATURES)
    member = CrossParts(crosses, MEMBER, with_offsets=True)
    classes = CrossParts(crosses, CLASSES, with_offsets=False)
    rows = list(product(range(3), range(2), range(5)))

    cells = member(tf.constant([[c, h, 0, 0] for c, h, _ in rows])) + classes(
        tf.constant([[0, 0, d] for _, _, d in rows])
    )

    first, second = cells.numpy().T
    assert sorted(first) == list(range(30))
    assert set(second) == set(range(30, 45))


def test_a_list_has_a_cell_for_each_element_and_none_for_padding() -> None:
    crosses = plan_crosses([["times", "discipline"], ["country", "genres"]], FEATURES)
    member = CrossParts(crosses, MEMBER, with_offsets=True)(tf.constant([[2, 0, 3, 0]]))
    classes = CrossParts(crosses, CLASSES, with_offsets=False)(tf.constant([[1, 0, 4]]))

    assert member.numpy().tolist() == [[15, NOTHING, 20 + 6, 20 + 6]]
    assert classes.numpy().tolist() == [[4, 4, 1, NOTHING]]


def test_a_members_row_holds_the_sum_of_its_cells_at_the_place_of_a_class() -> None:
    """One lookup for each cross, whichever side its list is on; within a side there is nothing to look up."""
    names = [
        ["times", "discipline"],
        ["genres", "country", "hour"],
        ["country", "hour"],
        ["discipline", "country"],
    ]
    crosses = plan_crosses(names, FEATURES)
    weights = CrossWeights(crosses)
    weights.set_weights([np.arange(1.0, 1 + sum(cross.cell_count for cross in crosses))])
    members = tf.constant([[2, 1, 3, 0], [0, 0, 1, 2], [1, 1, 0, 0]])
    classes = tf.constant([[1, 0, 4], [2, 1, 0]])
    rows = CrossRows(crosses, MEMBER, CLASSES, weights)
    parts = [CrossParts(between_sides(crosses, MEMBER), MEMBER, with_offsets=True)(members)]
    parts.append(CrossParts(between_sides(crosses, CLASSES), CLASSES, with_offsets=False)(classes))

    row, places = rows.row(parts[0]).numpy(), rows.places(classes).numpy()

    assert row.shape == (3, 5 + 3 + 5 + 1)
    assert places.tolist() == [[4, 5 + 1, 13, 8 + 4], [0, 5 + 2, 5 + 1, 8]]
    expected = weights(parts[0][:, None] + parts[1])
    np.testing.assert_array_equal(row[:, places].sum(axis=-1), expected)
    assert len(np.unique(expected)) == 6


def test_cells_are_summed_and_negative_ones_weigh_nothing(tmp_path: Path) -> None:
    layer = CrossWeights(plan_crosses([["country", "hour"]], FEATURES))
    layer.set_weights([2.0 ** np.arange(6)])
    cells = tf.constant([[[0, 5], [NOTHING + 3, 1]]])

    assert layer(cells).numpy().tolist() == [[33, 2]]
    loaded = reloaded(layer, layer, tmp_path, tf.TensorSpec([None, None, 2], tf.int32))
    assert loaded.call(cells).numpy().tolist() == [[33, 2]]


def test_no_crosses_weigh_nothing() -> None:
    parts = CrossParts([], CLASSES, with_offsets=True)(tf.constant([[1, 2, 3], [0, 0, 0]]))

    assert parts.shape == (2, 0)
    assert CrossWeights([])(parts).numpy().tolist() == [0, 0]


def test_a_cross_with_too_many_cells_is_refused_by_name_with_its_size() -> None:
    features = {name: Feature(name, 3000) for name in ("member_id", "class_id")}

    with pytest.raises(SpecError, match=r"\['member_id', 'class_id'\], which needs 9,000,000 cells, .* 4,194,304"):
        plan_crosses([["member_id", "class_id"]], features)
