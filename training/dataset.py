"""Training rows with the features that were known of member and class at the time: Feast's point-in-time join.

A value that its view's TTL had outlived by then comes back null, and so becomes the missing marker, as in serving.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from feast.errors import FeastError
from numpy.typing import NDArray

from contract.columns import to_column
from contract.stubs import manifest_pb2 as pb
from features.aggregates import repository_settings
from features.days import each_day
from features.description import describe_registry
from features.repository import feature_service, open_store
from training.errors import DataError
from training.inputs import service_inputs
from training.labels import to_labels
from training.progress import Progress
from training.rows import EVENT_TIME, TrainingRows
from training.spec import RankingSpec
from training.table import Table, concatenate

_ROW = "paceline_row"
_FEATURES = (pb.SOURCE_MEMBER, pb.SOURCE_CLASS)


@dataclass(frozen=True, slots=True)
class History:
    """Where rows and features come from.

    Attributes:
        repo: The feature repository.
        profile: Its profile; "" is the default one.
        world: The folder of the raw tables.
        until: The last day that is known of; None is the last with rows.
    """

    repo: Path
    profile: str
    world: Path
    until: date | None = None


class RankingDataset:
    """The training rows of a feature repository, joined with a feature service."""

    def __init__(self, history: History, spec: RankingSpec) -> None:
        """Opens the feature store and the rows.

        Args:
            history: Where they are.
            spec: Which feature service, label and context.

        Raises:
            ContractError: A tag of the service or of a feature is wrong.
            DataError: The service can't be read by a model, or the rows lack a column.
            FeatureError: The repository can't be opened, or the service is not registered.
        """
        self._store = open_store(history.repo, history.profile)
        self._service = feature_service(self._store, spec.dataset.feature_service)
        self._until = history.until
        self._label = spec.dataset.label
        self._context = list(spec.context)
        self.inputs = service_inputs(describe_registry(self._store), self._service.name, spec.context)
        self.days = repository_settings(history.repo).days
        self.rows = TrainingRows(history.repo, history.world, self.days)
        self.rows.require(self._keys(), self._label, self._context)

    def day_range(self) -> tuple[date, date]:
        """Returns the first day with rows, and the last that is known of."""
        first, last = self.rows.day_range()
        return first, min(last, self._until or last)

    def load(self, first: date, last: date, progress: Progress) -> Table:
        """Returns the rows from one day to another, both included; a day at a time, which bounds the memory.

        Raises:
            DataError: There are none, or the features can't be read.
        """
        tables = list(self._days(first, last, progress))
        if not tables:
            raise DataError(f"there are no training rows from {first} to {last}")
        return concatenate(tables)

    def _days(self, first: date, last: date, progress: Progress) -> Iterator[Table]:
        days = list(each_day(first, last))
        for done, day in enumerate(days):
            progress("joining features", done, len(days))
            rows = self.rows.between(day, day, [*self._keys(), EVENT_TIME, self._label, *self._context])
            if rows.num_rows:
                yield self._to_table(rows, self._join(rows))
        progress("joining features", len(days), len(days))

    def _keys(self) -> list[str]:
        return [self.inputs.source.member_key, self.inputs.source.class_key]

    def _join(self, rows: pa.Table) -> pa.Table:
        """Returns the features of the rows in their order, which Feast does not keep."""
        numbers = pa.array(np.arange(rows.num_rows))
        entities = rows.select([*self._keys(), EVENT_TIME]).append_column(_ROW, numbers).to_pandas()
        try:
            job = self._store.get_historical_features(
                entities, features=self._service, filter_by_created_timestamp=True
            )
            joined = job.to_arrow().sort_by(_ROW)
        except (FeastError, duckdb.Error) as error:
            raise DataError(f"feature service {self._service.name!r} can't be joined: {error}") from error
        # The "file" offline store loses rows (feast-dev/feast#6787).
        if not joined[_ROW].combine_chunks().equals(numbers):
            raise DataError(f"feature service {self._service.name!r}: the join lost or repeated rows")
        return joined

    def _to_table(self, rows: pa.Table, joined: pa.Table) -> Table:
        times = rows[EVENT_TIME].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() // 1_000_000
        columns = {}
        for spec in self.inputs.inputs:
            if spec.source == pb.SOURCE_REQUEST_TIME:
                columns[spec.name] = times
            else:
                table = joined if spec.source in _FEATURES else rows
                columns[spec.name] = to_column(spec, _objects(table[spec.name].combine_chunks()))
        return Table(
            columns=columns,
            labels=to_labels(f"label {self._label!r}", rows[self._label].to_pylist()),
            members=columns[self.inputs.source.member_key],
            times=times,
        )


def _objects(column: pa.Array) -> NDArray[Any]:
    """Returns a column as objects, None where null; equal texts are one object, which saves most of the memory."""
    if pa.types.is_list(column.type):
        ends = column.value_lengths().fill_null(0).to_numpy().cumsum()
        lists = np.empty(len(column), dtype=object)
        lists[:] = np.split(_objects(column.flatten()), ends[:-1])
        lists[~column.is_valid().to_numpy(zero_copy_only=False)] = None
        return lists
    encoded = column.dictionary_encode()
    values = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    return np.asarray(values[encoded.indices.fill_null(len(values) - 1).to_numpy()])
