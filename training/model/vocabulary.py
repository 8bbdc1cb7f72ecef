"""What a model knows of an input's values."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import column_dtype, missing_marker
from contract.indexed import MISSING, UNKNOWN
from contract.stubs import manifest_pb2 as pb
from contract.stubs.indexed_model_pb2 import VocabularyValues


class Vocabulary:
    """The values of an input: category `MISSING` for its missing marker, those of unknown values, then the values.

    Unknown values are spread over the `oov_buckets` categories from `UNKNOWN` by their hash, so that with many
    buckets few of them share what was learned of a value too rare to be kept.
    """

    def __init__(self, spec: pb.Input, values: Sequence[Any], oov_buckets: int = 1) -> None:
        self.name = spec.name
        self.oov_buckets = oov_buckets
        first = UNKNOWN + oov_buckets
        self.size = first + len(values)
        self._indices = {value: index for index, value in enumerate(values, start=first)}
        marked = {missing_marker(spec): MISSING, **self._indices}
        keys = tf.constant(list(marked), tf.string if column_dtype(spec) is object else tf.int64)
        entries = tf.lookup.KeyValueTensorInitializer(keys, tf.constant(list(marked.values()), tf.int32))
        self.table = tf.lookup.StaticHashTable(entries, UNKNOWN)

    @classmethod
    def fit(
        cls, spec: pb.Input, column: NDArray[Any], *, limit: int, min_count: int, oov_buckets: int = 1
    ) -> Self:
        """Returns the vocabulary of the most frequent values of the training rows, by falling count.

        Args:
            spec: The input.
            column: Its values, ``[rows]`` or ``[rows, list_length]``.
            limit: The most values to keep; of equal counts the lesser value.
            min_count: The least count of a value to keep.
            oov_buckets: How many categories there are for all others.
        """
        counts = Counter(column.reshape(-1).tolist())
        del counts[missing_marker(spec)]
        kept = [(-count, value) for value, count in counts.items() if count >= min_count]
        return cls(spec, [value for _, value in sorted(kept)[:limit]], oov_buckets)

    @property
    def values(self) -> list[Any]:
        """The values, in the order of their categories."""
        return list(self._indices)

    def index(self, value: Any) -> int:
        """Returns the category of a value that is not the missing marker."""
        return int(self.look_up(tf.constant([value], self.table.key_dtype))[0])

    def words(self, category: int) -> str:
        """Returns what a category but `MISSING` is, such as "= yoga"."""
        return "unknown" if category == UNKNOWN else f"= {list(self._indices)[category - 2]}"

    def look_up(self, values: Any) -> Any:
        """Returns the categories of a tensor of values, int32 in the same shape."""
        found = self.table.lookup(values)
        if self.oov_buckets == 1:
            return found
        texts = values if values.dtype == tf.string else tf.strings.as_string(values)
        bucket = tf.strings.to_hash_bucket_fast(texts, self.oov_buckets)
        return tf.where(tf.equal(found, UNKNOWN), UNKNOWN + tf.cast(bucket, tf.int32), found)

    def message(self) -> pb.Vocabulary:
        """Returns what the manifest says of it."""
        return pb.Vocabulary(
            input_name=self.name,
            value_count=len(self._indices),
            sha256=_sha256(self._indices),
            oov_bucket_count=self.oov_buckets,
        )

    def values_message(self) -> VocabularyValues:
        """Returns its values, for those who look them up themselves."""
        if self.table.key_dtype == tf.string:
            return VocabularyValues(input_name=self.name, texts=self.values)
        return VocabularyValues(input_name=self.name, integers=self.values)


def _sha256(values: Iterable[Any]) -> str:
    lines = "".join(f"{value}\n" for value in values)
    return hashlib.sha256(lines.encode()).hexdigest()
