"""From the raw inputs to categories and numbers: the preprocessing of a model, fitted on its training rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import column_dtype
from contract.stubs import manifest_pb2 as pb
from training.model.categories import CategoryEncoder, ListEncoder
from training.model.checks import CLASS_SIDE
from training.model.encoded import Encoded, Feature, Layout
from training.model.numbers import NumberEncoder, VectorEncoder
from training.model.spec import ModelSpec
from training.model.times import TimeEncoder
from training.model.vocabulary import Vocabulary

_ROWS_AT_ONCE = 16384

Columns = Mapping[str, NDArray[Any]]


class Encoder(Protocol):
    """Encodes some inputs of one side."""

    features: list[Feature]
    number_names: list[str]
    """What the columns of its numbers are."""

    def __call__(self, columns: Mapping[str, Any]) -> Encoded:
        """Returns its inputs encoded, from tensors ``[rows]`` or ``[rows, list_length]`` by name."""
        ...


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
        if not self.encoders:
            return Encoded(tf.zeros([1, 0], tf.int32), tf.zeros([1, 0]))
        parts = [encoder(columns) for encoder in self.encoders]
        return Encoded(*(tf.concat(pieces, axis=1) for pieces in zip(*parts, strict=True)))

    def encode(self, columns: Columns, row_count: int) -> Encoded:
        """Returns all rows of a table encoded, as numpy arrays."""
        layout = self.layout
        categories = np.empty((row_count, layout.category_count), np.int32)
        numbers = np.empty((row_count, layout.number_count), np.float32)
        for start in range(0, row_count, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            encoded = self({spec.name: tf.constant(columns[spec.name][rows]) for spec in self.specs})
            categories[rows], numbers[rows] = encoded.categories, encoded.numbers
        return Encoded(categories, numbers)


class InputEncoder:
    """The preprocessing of a model: the class side, and all other inputs on the member side."""

    def __init__(self, inputs: Sequence[pb.Input], columns: Columns, spec: ModelSpec) -> None:
        """Fits to the columns of the training rows."""
        self.inputs = list(inputs)
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
    times = [spec for spec in specs if spec.encoding == pb.ENCODING_TIME]
    categories = [spec for spec in specs if spec.encoding == pb.ENCODING_VOCABULARY]
    numbers = [spec for spec in specs if spec.encoding in (pb.ENCODING_NUMERIC, pb.ENCODING_LOG)]
    if scalars := [spec for spec in categories if not spec.list_length]:
        yield CategoryEncoder(scalars, vocabularies)
    if scalars := [spec for spec in numbers if not spec.list_length]:
        yield NumberEncoder(scalars, columns, model.bucket_count)
    for spec in times:
        yield TimeEncoder(spec.name, model.utc_offset_hours)
    for spec in categories:
        if spec.list_length:
            yield ListEncoder(spec, vocabularies[spec.vocabulary_of or spec.name])
    for spec in numbers:
        if spec.list_length:
            yield VectorEncoder(spec, columns)
