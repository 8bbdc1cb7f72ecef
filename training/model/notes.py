"""What is odd about the rows that a model is fitted to: nothing that stops it, and worth knowing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import column_dtype, missing_marker
from contract.stubs import manifest_pb2 as pb
from training.model.spec import ModelSpec


def row_notes(
    inputs: Sequence[pb.Input], columns: Mapping[str, NDArray[Any]], row_count: int, spec: ModelSpec
) -> Iterator[str]:
    """Yields a sentence for each input without a value or with a single one, and if the training rows are few."""
    if row_count < spec.batch_size:
        found = f"there are {row_count:,} training rows, fewer than model.batch_size, {spec.batch_size:,}"
        yield f"{found}: every epoch is one step"
    for one in inputs:
        values = columns[one.name].reshape(-1)
        yield from _column_notes(one, values[_is_there(one, values)], spec)


def _column_notes(one: pb.Input, values: NDArray[Any], spec: ModelSpec) -> Iterator[str]:
    if not len(values):
        yield f"input {one.name!r} has no value in the training rows, so the model learns nothing from it"
        return
    if np.all(values == values[0]):
        yield f"input {one.name!r} has the single value {values[:1].tolist()[0]!r} in the training rows"
    elif column_dtype(one) is not np.float32:
        counts = np.unique(values, return_counts=True)[1]
        kept = int(np.sum(counts >= spec.min_count))
        if kept <= 1 and not one.vocabulary_of and one.encoding == pb.ENCODING_VOCABULARY:
            least = f"occur{'s' if kept == 1 else ''} model.min_count, {spec.min_count}, times"
            yield f"input {one.name!r} has {len(counts):,} values, of which {kept} {least}"


def _is_there(one: pb.Input, values: NDArray[Any]) -> NDArray[np.bool_]:
    is_there: NDArray[np.bool_] = (
        np.isfinite(values) if column_dtype(one) is np.float32 else values != missing_marker(one)
    )
    return is_there
