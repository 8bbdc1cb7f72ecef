"""Encoding times: the hour of the day and the day of the week."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from contract.columns import INT64_MISSING
from contract.indexed import MISSING
from training.model.encoded import NOTHING, Encoded, Feature, Indexed, Widths
from training.model.encoder import Encoder


class TimeEncoder(Encoder):
    """A time in seconds since the epoch, as hour of the day and day of the week (Monday first)."""

    def __init__(self, name: str, utc_offset_hours: float) -> None:
        hour, weekday = f"{name}.hour", f"{name}.weekday"
        self._name = name
        self._offset_seconds = round(utc_offset_hours * 3600)
        self.features = [Feature(hour, 25, vocabulary=hour), Feature(weekday, 8, vocabulary=weekday)]
        self.number_names: list[str] = []
        self.widths = Widths(categories=2)

    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns the input indexed; its column is ``[rows]`` int64."""
        time = columns[self._name]
        local = time + self._offset_seconds
        hour = local // 3600 % 24
        weekday = (local // 86400 + 3) % 7  # the epoch was a Thursday
        parts = tf.cast(tf.stack([hour, weekday], axis=1), tf.int32) + 1
        is_missing = tf.equal(time, INT64_MISSING)
        return Indexed(tf.where(is_missing[:, None], MISSING, parts), NOTHING)

    def encode(self, indexed: Indexed) -> Encoded:
        """Returns the input encoded: its indices are its categories."""
        return Encoded(indexed.categories, tf.zeros([tf.shape(indexed.categories)[0], 0]))
