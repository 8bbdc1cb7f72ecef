"""Encoding texts and whole numbers by vocabulary."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from contract.indexed import MISSING
from contract.stubs.manifest_pb2 import Input
from training.model.encoded import NOTHING, Encoded, Feature, Indexed, Widths
from training.model.encoder import Encoder
from training.model.vocabulary import Vocabulary


class CategoryEncoder(Encoder):
    """All scalars with a vocabulary on one side at once; their numbers are the masks, 1 where there is no value.

    A value that is not there becomes the input's default if it has one, else the category `MISSING`.
    """

    def __init__(self, specs: Sequence[Input], vocabularies: Mapping[str, Vocabulary]) -> None:
        """Takes the vocabularies by the name of the input that owns them."""
        self._vocabularies = {spec.name: vocabularies[spec.vocabulary_of or spec.name] for spec in specs}
        pairs = [(spec, self._vocabularies[spec.name]) for spec in specs]
        self._defaults = np.array([_default(spec, vocabulary) for spec, vocabulary in pairs], np.int32)
        self.features = [_feature(spec, vocabulary) for spec, vocabulary in pairs]
        self.number_names = [f"{spec.name}.missing" for spec in specs]
        self.widths = Widths(categories=len(specs))

    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns the inputs indexed; each column is ``[rows]`` string or int64."""
        found = [vocabulary.look_up(columns[name]) for name, vocabulary in self._vocabularies.items()]
        return Indexed(tf.stack(found, axis=1), NOTHING)

    def encode(self, indexed: Indexed) -> Encoded:
        """Returns the inputs encoded."""
        is_missing = tf.equal(indexed.categories, MISSING)
        categories = tf.where(is_missing, self._defaults, indexed.categories)
        return Encoded(categories, tf.cast(is_missing, tf.float32))


class ListEncoder(Encoder):
    """One list with a vocabulary; its number is a mask that is 1 where the list is empty.

    An empty list becomes a list of the input's default if it has one.
    """

    def __init__(self, spec: Input, vocabulary: Vocabulary) -> None:
        self._name = spec.name
        self._vocabulary = vocabulary
        self._when_empty = np.full(spec.list_length, MISSING, np.int32)
        self._when_empty[0] = _default(spec, vocabulary)
        self.features = [_feature(spec, vocabulary)]
        self.number_names = [f"{spec.name}.missing"]
        self.widths = Widths(categories=spec.list_length)

    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns the input indexed; its column is ``[rows, list_length]`` string or int64."""
        return Indexed(self._vocabulary.look_up(columns[self._name]), NOTHING)

    def encode(self, indexed: Indexed) -> Encoded:
        """Returns the input encoded."""
        categories = indexed.categories
        is_empty = tf.reduce_all(tf.equal(categories, MISSING), axis=1, keepdims=True)
        return Encoded(tf.where(is_empty, self._when_empty, categories), tf.cast(is_empty, tf.float32))


def _feature(spec: Input, vocabulary: Vocabulary) -> Feature:
    return Feature(spec.name, vocabulary.size, length=spec.list_length, vocabulary=vocabulary.name)


def _default(spec: Input, vocabulary: Vocabulary) -> int:
    if spec.default_text:
        return vocabulary.index(spec.default_text)
    if spec.HasField("default_number"):
        return vocabulary.index(int(spec.default_number))
    return MISSING
