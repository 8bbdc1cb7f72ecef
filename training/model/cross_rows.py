"""The crosses of the two sides as a ranking looks them up: in one row of weights for each member."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.model.cells import NOTHING
from training.model.crosses import Cross, CrossParts, CrossWeights, between_sides
from training.model.encoded import Layout


class CrossRows:
    """Turns crosses into rows of a member and places of a class.

    A row has a weight for each combination of a class's features, one cross after the other, summed over the
    elements of a member's list; and, at the end, 0 for the padding of a class's list. So a class needs one lookup
    for each cross, or for each element of its list, and no more for a member's lists.
    """

    def __init__(self, crosses: Sequence[Cross], member: Layout, classes: Layout, weights: CrossWeights) -> None:
        """Takes all crosses, of which those within a side are left out, and the weights of their cells."""
        self._weights = weights
        shared = between_sides(crosses, member)
        of_classes = _of_classes(shared, classes)
        self._places = CrossParts(of_classes, classes, with_offsets=True)
        self._end = sum(cross.cell_count for cross in of_classes)
        self._cells = np.concatenate(
            [np.empty(0, np.int32), *(_cells(*pair) for pair in zip(shared, of_classes, strict=True))]
        )
        self._columns = _columns(shared, of_classes, member)

    def row(self, parts: Any) -> Any:
        """Returns ``[members, places]`` float32 for the members' parts ``[members, cells of a row]`` int32."""
        padded = tf.pad(parts, [[0, 0], [0, 1]], constant_values=NOTHING)
        cells = tf.gather(padded, self._columns, axis=1) + self._cells[:, None]
        return tf.pad(self._weights(cells), [[0, 0], [0, 1]])

    def places(self, categories: Any) -> Any:
        """Returns ``[classes, cells of a row]`` int32 for ``[classes, category_count]`` int32."""
        found = self._places(categories)
        return tf.where(found < 0, self._end, found)


def _of_classes(crosses: Sequence[Cross], classes: Layout) -> list[Cross]:
    """Returns crosses of the class side's features alone, whose cells are the places."""
    found: list[Cross] = []
    for cross in crosses:
        features = tuple(feature for feature in cross.features if feature in classes.features)
        found.append(Cross(features, offset=sum(before.cell_count for before in found)))
    return found


def _cells(cross: Cross, of_classes: Cross) -> NDArray[np.int32]:
    """Returns what each place of a cross adds to its cell."""
    sizes = [feature.size for feature in of_classes.features]
    strides = dict(zip(cross.features, cross.strides, strict=True))
    parts = np.tensordot([strides[feature] for feature in of_classes.features], np.indices(sizes), axes=1)
    return parts.ravel().astype(np.int32)


def _columns(crosses: Sequence[Cross], of_classes: Sequence[Cross], member: Layout) -> NDArray[np.int32]:
    """Returns the columns of a member's parts that add up to each place, ``[places, elements]``.

    Filled up with the column after the last, which is for padding.
    """
    widths = [cross.width for cross in crosses]
    elements = [max((f.width for f in cross.features if f in member.features), default=1) for cross in crosses]
    columns = np.full((len(crosses), max(elements, default=1)), sum(widths), np.int32)
    for row, end, width, count in zip(columns, np.cumsum(widths), widths, elements, strict=True):
        row[:count] = end - width + np.arange(count)
    return np.repeat(columns, [cross.cell_count for cross in of_classes], axis=0)
