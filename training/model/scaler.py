"""Standardising numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import ENCODING_LOG, Input

LIMIT = 10.0
"""Standardised values are cut to plus or minus this, so that one outlier can't swamp the network."""


class Scaler:
    """Takes each column's mean from it and divides by its standard deviation, after log(1 + x) where asked.

    A value that is not there becomes the input's default if it has one, else the mean. A column without any
    value, or with a single one, has standard deviation 1. Log takes negative numbers for 0.
    """

    def __init__(self, specs: Sequence[Input], columns: Sequence[NDArray[np.float32]]) -> None:
        """Fits to one column ``[rows]`` for each of `specs`, NaN where there is no value."""
        self._is_log = np.array([spec.encoding == ENCODING_LOG for spec in specs])
        moments = [_moments(spec, column) for spec, column in zip(specs, columns, strict=True)]
        self._means = np.array([mean for mean, _ in moments], np.float32)
        self._deviations = np.array([deviation for _, deviation in moments], np.float32)
        defaults = [spec.default_number if spec.HasField("default_number") else np.nan for spec in specs]
        standardised = self._standardised(np.array(defaults, np.float32)).numpy()
        self._fills = np.where(np.isnan(standardised), np.float32(0), standardised)

    def __call__(self, values: Any) -> tuple[Any, Any]:
        """Returns the standardised values and where there was none.

        Args:
            values: ``[rows, columns]`` float32.

        Returns:
            ``[rows, columns]`` float32 and ``[rows, columns]`` bool.
        """
        is_missing = tf.logical_not(tf.math.is_finite(values))
        return tf.where(is_missing, self._fills, self._standardised(values)), is_missing

    def _standardised(self, values: Any) -> Any:
        logged = tf.where(self._is_log, tf.math.log1p(tf.maximum(values, 0.0)), values)
        return tf.clip_by_value((logged - self._means) / self._deviations, -LIMIT, LIMIT)


def _moments(spec: Input, column: NDArray[np.float32]) -> tuple[float, float]:
    values = column[np.isfinite(column)].astype(np.float64)
    if spec.encoding == ENCODING_LOG:
        values = np.log1p(np.maximum(values, 0.0))
    if not len(values):
        return 0.0, 1.0
    deviation = float(values.std())
    is_constant = deviation <= 1e-6 * abs(float(values.mean()))
    return float(values.mean()), 1.0 if is_constant else deviation
