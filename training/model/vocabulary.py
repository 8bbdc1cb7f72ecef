"""What a model knows of an input's values."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import column_dtype, missing_marker
from contract.stubs import manifest_pb2 as pb
from training.model.encoded import MISSING

UNKNOWN = 1
"""The category of a value that the vocabulary does not hold."""


class Vocabulary:
    """The values of an input: category `MISSING` for its missing marker, `UNKNOWN`, then the values in order."""

    def __init__(self, spec: pb.Input, values: Sequence[Any]) -> None:
        self.name = spec.name
        self.size = len(values) + 2
        self._indices = {value: index for index, value in enumerate(values, start=2)}
        marked = {missing_marker(spec): MISSING, **self._indices}
        keys = tf.constant(list(marked), tf.string if column_dtype(spec) is object else tf.int64)
        entries = tf.lookup.KeyValueTensorInitializer(keys, tf.constant(list(marked.values()), tf.int32))
        self.table = tf.lookup.StaticHashTable(entries, UNKNOWN)

    @classmethod
    def fit(cls, spec: pb.Input, column: NDArray[Any], *, limit: int, min_count: int) -> Self:
        """Returns the vocabulary of the most frequent values of the training rows, by falling count.

        Args:
            spec: The input.
            column: Its values, ``[rows]`` or ``[rows, list_length]``.
            limit: The most values to keep; of equal counts the lesser value.
            min_count: The least count of a value to keep.
        """
        counts = Counter(column.reshape(-1).tolist())
        del counts[missing_marker(spec)]
        kept = [(-count, value) for value, count in counts.items() if count >= min_count]
        return cls(spec, [value for _, value in sorted(kept)[:limit]])

    def index(self, value: Any) -> int:
        """Returns the category of a value that is not the missing marker."""
        return self._indices.get(value, UNKNOWN)

    def words(self, category: int) -> str:
        """Returns what a category but `MISSING` is, such as "= yoga"."""
        return "unknown" if category == UNKNOWN else f"= {list(self._indices)[category - 2]}"

    def look_up(self, values: Any) -> Any:
        """Returns the categories of a tensor of values, int32 in the same shape."""
        return self.table.lookup(values)

    def message(self) -> pb.Vocabulary:
        """Returns what the manifest says of it."""
        return pb.Vocabulary(input_name=self.name, value_count=len(self._indices), sha256=_sha256(self._indices))


def _sha256(values: Iterable[Any]) -> str:
    lines = "".join(f"{value}\n" for value in values)
    return hashlib.sha256(lines.encode()).hexdigest()
