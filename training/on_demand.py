"""The features of on-demand views for joined rows: computed after the join, so that all engines share it."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.columns import to_column
from contract.errors import ValueTypeError
from contract.on_demand import OnDemandViews, Values
from contract.on_demand_golden import sample_rows, set_golden_rows
from contract.stubs import manifest_pb2 as pb
from training.table import Columns

_ROWS = 100_000
"""The most rows that a function is called for at once."""
_GOLDEN_ROWS = 16

_ARROW = {
    pb.DATA_TYPE_STRING: pa.string(),
    pb.DATA_TYPE_INT32: pa.int32(),
    pb.DATA_TYPE_INT64: pa.int64(),
    pb.DATA_TYPE_FLOAT32: pa.float32(),
    pb.DATA_TYPE_FLOAT64: pa.float64(),
    pb.DATA_TYPE_BOOL: pa.bool_(),
    pb.DATA_TYPE_STRING_LIST: pa.list_(pa.string()),
    pb.DATA_TYPE_INT64_LIST: pa.list_(pa.int64()),
    pb.DATA_TYPE_FLOAT32_LIST: pa.list_(pa.float32()),
}


class ComputedColumns:
    """Computes the columns of on-demand views, and keeps some rows that prove that serving computes the same.

    Args:
        views: The views.
        inputs: What the model reads.

    Raises:
        FunctionError: A view has no function that can be called.
    """

    def __init__(self, views: Sequence[pb.OnDemandView], inputs: Sequence[pb.Input]) -> None:
        self._messages = views
        self._views = OnDemandViews(views, inputs, self._note)
        self._needed = {spec.name: spec for view in views for spec in view.inputs}
        self._golden: Values = {name: rows for view in views for name, rows in sample_rows(view).items()}
        self._failures: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def columns(self, joined: pa.Table, times: NDArray[np.int64]) -> Columns:
        """Returns the columns of the features by name, ``[rows]`` or ``[rows, list_length]``.

        Args:
            joined: The joined rows. What requests bring with them may be missing.
            times: The time of each row in seconds since the epoch.

        Raises:
            ValueTypeError: What a view reads is of another type than it was registered with.
        """
        if not self._messages:
            return {}
        starts = range(0, len(joined), _ROWS)
        parts = [self._part(joined.slice(at, _ROWS), times[at : at + _ROWS]) for at in starts]
        return {
            spec.name: to_column(spec, list(chain.from_iterable(part[spec.name] for part in parts)))
            for spec in self._views.features
        }

    def messages(self) -> list[pb.OnDemandView]:
        """Returns the views with golden rows, of the rows that came last; where none came, of samples."""
        found = []
        for view in self._messages:
            message = pb.OnDemandView()
            message.CopyFrom(view)
            set_golden_rows(message, self._views.features, self._golden)
            found.append(message)
        return found

    def warnings(self) -> tuple[str, ...]:
        """Returns what was odd about the rows so far, a sentence each."""
        return tuple(
            f"On-demand view {name!r} failed for {count} rows, where its features count as missing: {first}."
            for name, count in sorted(self._failures.items())
            if (first := self._first[name])
        )

    def _part(self, joined: pa.Table, times: NDArray[np.int64]) -> dict[str, list[Any]]:
        values = {name: _values(spec, joined, times) for name, spec in self._needed.items()}
        step = max(1, len(joined) // _GOLDEN_ROWS)
        self._golden = {
            name: [*column[::step], 0 if self._needed[name].source == pb.SOURCE_REQUEST_TIME else None]
            for name, column in values.items()
        }
        return self._views.compute(values)

    def _note(self, view: str, rows: int, first: str) -> None:
        self._failures[view] += rows
        self._first.setdefault(view, first)


def _values(spec: pb.Input, joined: pa.Table, times: NDArray[np.int64]) -> list[Any]:
    if spec.source == pb.SOURCE_REQUEST_TIME:
        return list(times.tolist())
    if spec.name not in joined.column_names:
        return [None] * len(joined)
    try:
        found: list[Any] = joined[spec.name].cast(_ARROW[spec.data_type], safe=False).to_pylist()
    except pa.ArrowException as error:
        raise ValueTypeError(f"input {spec.name!r}: {error}") from None
    return found
