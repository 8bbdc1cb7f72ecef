"""What is known at one moment of all members and of all live classes, from the offline store."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.columns import to_column
from contract.policies import lacking
from contract.stubs import manifest_pb2 as pb
from features.view_sources import ViewSource
from training.arrow_columns import ColumnReader
from training.joins.day import FeatureFiles
from training.joins.on_duckdb import DuckDBEngine
from training.joins.sql import Window
from training.on_demand import ComputedColumns
from training.table import Columns

_TIME = "event_timestamp"
_KEYS = (pb.SOURCE_MEMBER_KEY, pb.SOURCE_CLASS_KEY)
_FEATURES = (pb.SOURCE_MEMBER, pb.SOURCE_CLASS)
_INSTANT = timedelta(microseconds=1)


class KnownFeatures:
    """The inputs of one side of a model at one moment, the same for requests that bring no context.

    Args:
        inputs: The inputs of the side.
        views: What computes some of them.
        key: Its join key.
        sources: Where its features are.
        moment: When; it is also the time of the requests.
    """

    def __init__(
        self,
        inputs: Sequence[pb.Input],
        views: Sequence[pb.OnDemandView],
        key: str,
        sources: Sequence[ViewSource],
        moment: datetime,
    ) -> None:
        self._inputs = inputs
        self._computed = ComputedColumns(views, inputs)
        self._key = key
        self._moment = moment
        self._files = FeatureFiles(sources)
        self._engine = DuckDBEngine()
        self.required = [spec.name for spec in inputs if spec.missing_policy == pb.MISSING_POLICY_FAIL]
        """The inputs that may not be missing."""
        self._reader = ColumnReader()

    def state(self) -> str:
        """Returns a text that changes with every file that is read."""
        return self._files.state(self._window())

    def columns(self, ids: Sequence[str]) -> Columns:
        """Returns the inputs of some members or classes, in their order, ``[ids]`` or ``[ids, list_length]``.

        Raises:
            ContractError: A feature is of another type than it was registered with.
            DataError: The features can't be read.
        """
        keys = pa.array(ids, pa.string())
        times = pa.array([self._moment] * len(ids), pa.timestamp("us", tz="UTC"))
        rows = pa.table({self._key: keys, _TIME: times})
        joined = self._engine.table(self._files.day(rows, _TIME, self._window()))
        computed = self._computed.columns(joined, self._times(len(joined)))
        others = (spec for spec in self._inputs if spec.name not in computed)
        return {**computed, **{spec.name: self._column(spec, joined) for spec in others}}

    def rankable(self, ids: Sequence[str]) -> tuple[list[str], Columns]:
        """Returns those of some members or classes that lack nothing that may not be missing, and their inputs.

        Raises:
            ContractError: A feature is of another type than it was registered with.
            DataError: The features can't be read.
        """
        columns = self.columns(ids)
        lacks = [*lacking(self._inputs, columns).values(), np.zeros(len(ids), np.bool_)]
        kept = ~np.any(lacks, axis=0)
        return list(compress(ids, kept)), {name: column[kept] for name, column in columns.items()}

    def _column(self, spec: pb.Input, joined: pa.Table) -> NDArray[Any]:
        if spec.source == pb.SOURCE_REQUEST_TIME:
            return self._times(len(joined))
        if spec.source in (*_KEYS, *_FEATURES):
            return self._reader.read(spec, joined[spec.name])
        return np.repeat(to_column(spec, [None]), len(joined), axis=0)

    def _times(self, rows: int) -> NDArray[np.int64]:
        return np.full(rows, int(self._moment.timestamp()))

    def _window(self) -> Window:
        return Window(self._moment, self._moment + _INSTANT)
