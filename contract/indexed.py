"""Inputs with indices in place of texts, whole numbers and times: what runtimes without hash tables take.

An indexed side of a model is two arrays. `categories` ``[rows, n]`` int32 has, in this order and each in that of
the manifest: the scalars with a vocabulary; two columns for each time, its hour and weekday from 1 on; the lists
with a vocabulary. `numbers` ``[rows, m]`` float32 has the scalar numbers, then the lists of numbers, NaN where
there is no value. Training writes graphs that take these arrays, serving makes the arrays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from contract.columns import INT64_MISSING, missing_marker
from contract.stubs import manifest_pb2 as pb
from contract.stubs.indexed_model_pb2 import IndexedModel

FOLDER = "assets.extra/rank_encoded"
"""Where a version keeps the graph that takes indices, a SavedModel with one signature."""
VOCABULARIES = "vocabularies.binpb"
"""The `IndexedModel` beside it."""

PAGE = 20
"""Of how many best classes `IndexedModel.preselected` speaks."""

MISSING = 0
"""The index of a value that is not there. In a list it is padding and counts for nothing."""
UNKNOWN = 1
"""The index of a value that the vocabulary does not hold; the first of several, in graphs that hash."""
FIRST = 2
"""The index of the first value of a vocabulary."""

Columns = Mapping[str, NDArray[Any]]


class _Lookup(dict[Any, int]):
    """The index of each value, `UNKNOWN` for others. A text may also be asked for as the bytes that are its UTF-8.

    Those are kept once they were asked for, at most as many as there are texts.
    """

    def __missing__(self, value: Any) -> int:
        if not isinstance(value, bytes):
            return UNKNOWN
        try:
            index = self.get(value.decode(), UNKNOWN)
        except UnicodeDecodeError:
            return UNKNOWN
        if index != UNKNOWN:
            self[value] = index
        return index


@dataclass(frozen=True, slots=True)
class Layout:
    """The inputs of one side in the order of their indices and numbers."""

    scalars: Sequence[pb.Input]
    times: Sequence[pb.Input]
    lists: Sequence[pb.Input]
    numbers: Sequence[pb.Input]
    vectors: Sequence[pb.Input]

    @classmethod
    def of(cls, inputs: Iterable[pb.Input]) -> Self:
        """Returns the layout of the inputs of one side."""
        groups: dict[tuple[int, bool], list[pb.Input]] = {}
        for spec in inputs:
            encoding = pb.ENCODING_NUMERIC if spec.encoding == pb.ENCODING_LOG else spec.encoding
            groups.setdefault((encoding, bool(spec.list_length)), []).append(spec)
        return cls(
            scalars=groups.get((pb.ENCODING_VOCABULARY, False), []),
            times=groups.get((pb.ENCODING_TIME, False), []),
            lists=groups.get((pb.ENCODING_VOCABULARY, True), []),
            numbers=groups.get((pb.ENCODING_NUMERIC, False), []),
            vectors=groups.get((pb.ENCODING_NUMERIC, True), []),
        )


@dataclass(frozen=True, slots=True)
class Indexed:
    """One side of some rows; see the module."""

    categories: NDArray[np.int32]
    numbers: NDArray[np.float32]


class Indexer:
    """Indexes one side of a model.

    Args:
        inputs: The inputs of the side.
        model: The vocabularies of the model.
    """

    def __init__(self, inputs: Iterable[pb.Input], model: IndexedModel) -> None:
        specs = list(inputs)
        self._layout = Layout.of(specs)
        self._names = [spec.name for spec in specs if spec.encoding]
        self._offset = round(model.utc_offset_hours * 3600)
        lookups = {found.input_name: _lookup(found.texts or found.integers) for found in model.vocabularies}

        def lookup(spec: pb.Input) -> tuple[str, _Lookup]:
            known = lookups[spec.vocabulary_of or spec.name]
            return spec.name, _Lookup(known | {missing_marker(spec): MISSING})

        self._scalar_lookups = [lookup(spec) for spec in self._layout.scalars]
        self._list_lookups = [lookup(spec) for spec in self._layout.lists]
        self._number_names = [spec.name for spec in self._layout.numbers]

    def __call__(self, columns: Columns, rows: int) -> Indexed:
        """Returns columns indexed, ``[rows]`` or ``[rows, list_length]`` each; see `contract.columns`.

        Raises:
            ValueError: A column has another number of rows.
        """
        unfit = [name for name in self._names if len(columns[name]) != rows]
        if unfit:
            raise ValueError(f"{unfit[0]!r} has {len(columns[unfit[0]])} rows, expected {rows}")
        categories = [self._scalars(columns, rows), *self._times(columns), *self._lists(columns)]
        numbers = [self._numbers(columns, rows), *(columns[spec.name] for spec in self._layout.vectors)]
        return Indexed(_joined(categories, np.int32), _joined(numbers, np.float32))

    def _scalars(self, columns: Columns, rows: int) -> NDArray[np.int32]:
        found = [lookup[value] for name, lookup in self._scalar_lookups for value in columns[name].tolist()]
        return np.array(found, np.int32).reshape(len(self._scalar_lookups), rows).T

    def _lists(self, columns: Columns) -> Iterator[NDArray[np.int32]]:
        for name, lookup in self._list_lookups:
            column = columns[name]
            found = [lookup[value] for value in column.reshape(-1).tolist()]
            yield np.array(found, np.int32).reshape(column.shape)

    def _times(self, columns: Columns) -> Iterator[NDArray[np.int32]]:
        for spec in self._layout.times:
            yield time_indices(columns[spec.name], self._offset)

    def _numbers(self, columns: Columns, rows: int) -> NDArray[np.float32]:
        found = [columns[name] for name in self._number_names]
        return np.concatenate(found).reshape(len(found), rows).T if found else np.empty((rows, 0), np.float32)


def _joined(parts: Sequence[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    return np.ascontiguousarray(np.concatenate(parts, axis=1, dtype=dtype))


def time_indices(seconds: NDArray[np.int64], offset_seconds: int) -> NDArray[np.int32]:
    """Returns the hour of the day and the day of the week (Monday first), from 1 on, 0 where there is no time.

    Args:
        seconds: Since the epoch, ``[rows]``.
        offset_seconds: From UTC.

    Returns:
        ``[rows, 2]``.
    """
    found = [
        (MISSING, MISSING) if moment == INT64_MISSING else _hour_and_weekday((moment + offset_seconds) // 3600)
        for moment in seconds.tolist()
    ]
    return np.array(found, np.int32).reshape(len(seconds), 2)


def _hour_and_weekday(hours: int) -> tuple[int, int]:
    """Returns both from 1 on for the hours since the epoch, which was a Thursday."""
    return hours % 24 + 1, (hours // 24 + 3) % 7 + 1


def read_indexed_model(version_dir: Path) -> IndexedModel:
    """Returns what a version says of its indices.

    Raises:
        OSError: The file can't be read.
        google.protobuf.message.DecodeError: It is none.
    """
    return IndexedModel.FromString((version_dir / FOLDER / VOCABULARIES).read_bytes())


def _lookup(values: Sequence[Any]) -> dict[Any, int]:
    return {value: index for index, value in enumerate(values, start=FIRST)}
