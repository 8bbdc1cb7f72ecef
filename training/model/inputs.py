"""From the raw inputs to categories and numbers: the preprocessing of a model, fitted on its training rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import column_dtype
from contract.indexed import Layout as IndexedLayout
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from training.model.categories import CategoryEncoder, ListEncoder
from training.model.encoded import Encoded, Indexed, Layout, Widths
from training.model.encoder import Encoder
from training.model.numbers import NumberEncoder, VectorEncoder
from training.model.shared import as_tensor, room
from training.model.spec import ModelSpec
from training.model.times import TimeEncoder
from training.model.vocabulary import Vocabulary

_ROWS_AT_ONCE = 16384

Columns = Mapping[str, NDArray[Any]]


class SideEncoder:
    """Encodes the inputs of one side of the model; a side without inputs is one empty row, which broadcasts."""

    def __init__(self, specs: Sequence[pb.Input], encoders: Sequence[Encoder]) -> None:
        self.specs = list(specs)
        self.encoders = list(encoders)
        features = [feature for encoder in encoders for feature in encoder.features]
        self.number_names = [name for encoder in encoders for name in encoder.number_names]
        self.layout = Layout.of(features, len(self.number_names))

    def __call__(self, columns: Mapping[str, Any]) -> Encoded:
        """Returns the inputs encoded, from tensors ``[rows]`` or ``[rows, list_length]`` by name."""
        return _joined([encoder(columns) for encoder in self.encoders])

    def encode_indexed(self, indexed: Indexed) -> Encoded:
        """Returns the inputs encoded that were indexed elsewhere; see `contract.indexed`."""
        parts = zip(self.encoders, self._split(indexed), strict=True)
        return _joined([encoder.encode(part) for encoder, part in parts])

    def _split(self, indexed: Indexed) -> Iterator[Indexed]:
        category = number = 0
        for width in (encoder.widths for encoder in self.encoders):
            categories = indexed.categories[:, category : category + width.categories]
            numbers = indexed.numbers[:, number : number + width.numbers]
            yield Indexed(categories, numbers)
            category, number = category + width.categories, number + width.numbers

    @property
    def widths(self) -> Widths:
        """How many columns the inputs have when they are indexed."""
        widths = [encoder.widths for encoder in self.encoders]
        return Widths(sum(width.categories for width in widths), sum(width.numbers for width in widths))

    def encode(self, columns: Columns, row_count: int) -> Encoded:
        """Returns all rows of a table encoded."""
        layout = self.layout
        categories = room((row_count, layout.category_count), np.int32)
        numbers = room((row_count, layout.number_count), np.float32)
        for start in range(0, row_count, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            encoded = self({spec.name: tf.constant(columns[spec.name][rows]) for spec in self.specs})
            categories[rows], numbers[rows] = encoded.categories, encoded.numbers
        return Encoded(as_tensor(categories), as_tensor(numbers))


class InputEncoder:
    """The preprocessing of a model: the class side, and all other inputs on the member side."""

    def __init__(self, inputs: Sequence[pb.Input], columns: Columns, spec: ModelSpec) -> None:
        """Fits to the columns of the training rows."""
        self.inputs = list(inputs)
        self.utc_offset_hours = spec.utc_offset_hours
        self.vocabularies = {i.name: _fit_vocabulary(i, columns, spec) for i in inputs if _has_vocabulary(i)}
        self.member = self._side([i for i in inputs if i.source not in CLASS_SIDE], columns, spec)
        self.classes = self._side([i for i in inputs if i.source in CLASS_SIDE], columns, spec)

    def __call__(self, columns: Mapping[str, Any]) -> tuple[Encoded, Encoded]:
        """Returns the member side and the class side encoded."""
        return self.member(columns), self.classes(columns)

    def _side(self, specs: Sequence[pb.Input], columns: Columns, spec: ModelSpec) -> SideEncoder:
        if spec.learned_defaults:
            specs = [_without_default(i) for i in specs]
        return SideEncoder(specs, list(_encoders(specs, columns, self.vocabularies, spec)))


def _joined(parts: Sequence[Encoded]) -> Encoded:
    if not parts:
        return Encoded(tf.zeros([1, 0], tf.int32), tf.zeros([1, 0]))
    return Encoded(*(tf.concat(pieces, axis=1) for pieces in zip(*parts, strict=True)))


def tensor_specs(inputs: Sequence[pb.Input]) -> dict[str, Any]:
    """Returns the tensors that inputs are taken as in a signature, by name."""
    return {spec.name: tf.TensorSpec(_shape(spec), tensor_dtype(spec), name=spec.name) for spec in inputs}


def tensor_dtype(spec: pb.Input) -> Any:
    """Returns the dtype of an input's tensor: float32, int64 or string."""
    dtype = column_dtype(spec)
    return tf.string if dtype is object else tf.as_dtype(dtype)


def _shape(spec: pb.Input) -> list[int | None]:
    return [None, spec.list_length] if spec.list_length else [None]


def _has_vocabulary(spec: pb.Input) -> bool:
    return bool(spec.encoding == pb.ENCODING_VOCABULARY and not spec.vocabulary_of)


def _fit_vocabulary(spec: pb.Input, columns: Columns, model: ModelSpec) -> Vocabulary:
    return Vocabulary.fit(
        spec,
        columns[spec.name],
        limit=model.vocabulary_size,
        min_count=model.min_count,
        oov_buckets=model.oov_buckets,
    )


def _without_default(spec: pb.Input) -> pb.Input:
    learned = pb.Input()
    learned.CopyFrom(spec)
    learned.ClearField("default_number")
    learned.ClearField("default_text")
    return learned


def _encoders(
    specs: Sequence[pb.Input], columns: Columns, vocabularies: Mapping[str, Vocabulary], model: ModelSpec
) -> Iterator[Encoder]:
    """Yields the encoders of one side: one for all scalars of a kind, one for each list and time."""
    layout = IndexedLayout.of(specs)
    if layout.scalars:
        yield CategoryEncoder(layout.scalars, vocabularies)
    if layout.numbers:
        yield NumberEncoder(layout.numbers, columns, model.bucket_count)
    for spec in layout.times:
        yield TimeEncoder(spec.name, model.utc_offset_hours)
    for spec in layout.lists:
        yield ListEncoder(spec, vocabularies[spec.vocabulary_of or spec.name])
    for spec in layout.vectors:
        yield VectorEncoder(spec, columns)
