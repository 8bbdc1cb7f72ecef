"""Encoding numbers: standardised for the deep part, in quantile buckets for the wide part."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.indexed import MISSING
from contract.stubs.manifest_pb2 import Input
from training.model.encoded import NOTHING, Encoded, Feature, Indexed, Widths
from training.model.encoder import Encoder
from training.model.scaler import Scaler


class NumberEncoder(Encoder):
    """All scalar numbers of one side at once.

    Their categories are buckets, `MISSING` being one of its own; their numbers are the standardised values
    followed by the masks, 1 where there is no value.
    """

    def __init__(self, specs: Sequence[Input], columns: Mapping[str, NDArray[Any]], bucket_count: int) -> None:
        """Fits to the training rows."""
        self._names = [spec.name for spec in specs]
        self._scaler = Scaler(specs, [columns[name] for name in self._names])
        self.boundaries = {name: quantile_boundaries(columns[name], bucket_count) for name in self._names}
        boundaries = list(self.boundaries.values())
        self.features = [Feature(spec.name, len(b) + 2) for spec, b in zip(specs, boundaries, strict=True)]
        self.number_names = [*self._names, *(f"{name}.missing" for name in self._names)]
        self.widths = Widths(numbers=len(specs))
        widest = max(len(b) for b in boundaries)
        self._boundaries = np.array(
            [np.pad(b, (0, widest - len(b)), constant_values=np.inf) for b in boundaries], np.float32
        )

    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns the inputs side by side; each column is ``[rows]`` float32."""
        return Indexed(NOTHING, tf.stack([columns[name] for name in self._names], axis=1))

    def encode(self, indexed: Indexed) -> Encoded:
        """Returns the inputs encoded."""
        values = indexed.numbers
        standardised, is_missing = self._scaler(values)
        # As searchsorted on its right side would, which OpenVINO does not have for several columns at once. In
        # float32, as OpenVINO 2026.4 computes whole numbers wrongly where an addition follows a sum.
        buckets = tf.reduce_sum(tf.cast(values[:, :, None] >= self._boundaries, tf.float32), axis=2) + 1
        categories = tf.where(is_missing, MISSING, tf.cast(buckets, tf.int32))
        return Encoded(categories, tf.concat([standardised, tf.cast(is_missing, tf.float32)], axis=1))


class VectorEncoder(Encoder):
    """One list of numbers, such as an embedding made elsewhere: for the deep part only.

    Its numbers are the elements, each position standardised by itself, and a mask that is 1 where there is none.
    """

    def __init__(self, spec: Input, columns: Mapping[str, NDArray[Any]]) -> None:
        """Fits to the training rows."""
        self._name = spec.name
        self._scaler = Scaler([spec] * spec.list_length, list(columns[spec.name].T))
        self.features: list[Feature] = []
        elements = [f"{spec.name}.{place}" for place in range(spec.list_length)]
        self.number_names = [*elements, f"{spec.name}.missing"]
        self.widths = Widths(numbers=spec.list_length)

    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns the input as it is; its column is ``[rows, list_length]`` float32."""
        return Indexed(NOTHING, columns[self._name])

    def encode(self, indexed: Indexed) -> Encoded:
        """Returns the input encoded."""
        standardised, is_missing = self._scaler(indexed.numbers)
        is_empty = tf.reduce_all(is_missing, axis=1, keepdims=True)
        categories = tf.zeros([tf.shape(standardised)[0], 0], tf.int32)
        return Encoded(categories, tf.concat([standardised, tf.cast(is_empty, tf.float32)], axis=1))


def quantile_boundaries(column: NDArray[np.float32], bucket_count: int) -> NDArray[np.float32]:
    """Returns the rising boundaries that cut a column into at most `bucket_count` buckets of about equal count.

    A value equal to a boundary belongs to the bucket above it. Few distinct values have a bucket each.
    """
    values = column[np.isfinite(column)]
    distinct = np.unique(values)
    if len(distinct) <= bucket_count:
        return distinct[1:]
    shares = np.linspace(0, 1, bucket_count + 1)[1:-1]
    return np.setdiff1d(np.quantile(values, shares, method="inverted_cdf"), distinct[:1])
