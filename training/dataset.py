"""Training rows with the features that were known of member and class at the time: a point-in-time join.

A value that its view's TTL had outlived by then comes back null, and so becomes the missing marker, as in serving;
but for features whose policy says otherwise, see `contract.policies`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from features.aggregates import repository_settings
from features.days import each_day
from features.description import describe_registry
from features.repository import feature_service, open_store
from features.view_sources import view_sources
from training.dataset_folder import DatasetFolder
from training.day_tables import row_columns, to_table
from training.errors import DataError
from training.exclusive import only_writer
from training.inputs import service_inputs, stored_by_view
from training.joins.day import DayJoin, Engine, FeatureFiles
from training.joins.on_duckdb import DuckDBEngine
from training.joins.sql import Window
from training.left_out import LeftOut
from training.on_demand import ComputedColumns
from training.progress import Progress
from training.rows import EVENT_TIME, TrainingRows
from training.spec import RankingSpec, TruthSpec
from training.table import Table

_FEATURES = (pb.SOURCE_MEMBER, pb.SOURCE_CLASS)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """Where rows and features come from. Implements `training.source.RankingSource`.

    Attributes:
        repo: The feature repository.
        profile: Its profile; "" is the default one.
        world: The folder of the raw tables.
        until: The last day that is known of; None is the last with rows that is over.
        dataset: The folder that keeps the days that were joined; None to keep none.
        now: The present.
    """

    repo: Path
    profile: str
    world: Path
    until: date | None = None
    dataset: Path | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    def open(self, spec: RankingSpec) -> "RankingDataset":
        """Returns the joined rows; see `training.source.RankingSource`."""
        return RankingDataset(self, spec)


class RankingDataset:
    """The training rows of a feature repository, joined with a feature service.

    Implements `training.source.RankingRows`.
    """

    def __init__(self, history: History, spec: RankingSpec) -> None:
        """Opens the feature store and the rows.

        Args:
            history: Where they are.
            spec: Which feature service, label and context.

        Raises:
            ContractError: A tag of the service or of a feature is wrong.
            DataError: The service can't be read by a model, or the rows lack a column.
            FeatureError: The repository can't be opened, the service is not registered, or features are missing.
        """
        store = open_store(history.repo, history.profile)
        service = feature_service(store, spec.dataset.feature_service)
        self._until, self._now = history.until, history.now
        self._spec = spec
        self._folder = history.dataset
        self.inputs = service_inputs(describe_registry(store), service.name, spec.context)
        wanted = stored_by_view(self.inputs.inputs, self.inputs.on_demand_views, _FEATURES)
        self._features = FeatureFiles(view_sources(store, service, wanted))
        self._computed = ComputedColumns(self.inputs.on_demand_views, self.inputs.inputs)
        self.days = repository_settings(history.repo).days
        self.rows = TrainingRows(history.repo, history.world, self.days)
        keys = [self.inputs.source.member_key, self.inputs.source.class_key]
        asked = (name for name in self.inputs.asked() if name not in spec.context)
        self._row_columns = [*row_columns(self.inputs, spec), *asked]
        self.rows.require(keys, spec.dataset.label, self._row_columns, spec.model.objective)
        self._kept: dict[date, NDArray[np.bool_]] = {}

    def day_range(self) -> tuple[date, date]:
        """Returns the first day with rows, and the last that is known of."""
        return self.rows.known_range(self._until, self._spec.split, self._now)

    def load(self, first: date, last: date, progress: Progress) -> Table:
        """Returns the rows from one day to another, both included; a day at a time, which bounds the memory.

        Rows that lack a feature that may not be missing are left out. With a folder for days that were joined,
        those that are not in it yet are added.

        Raises:
            ContractError: A feature is of another type than it was registered with.
            DataError: There are none, or all are left out, or the features can't be read.
        """
        row_count = self.rows.count(first, last)
        if not row_count:
            raise DataError(f"there are no training rows from {first} to {last}")
        left_out = LeftOut()
        days = self._days(first, last, progress)
        table = to_table(days, row_count, self.inputs, self._spec, left_out, computed=self._computed)
        kept_days = [day for day in each_day(first, last) if self.rows.count(day, day)]
        self._kept = dict(zip(kept_days, left_out.kept, strict=True))
        return replace(table, warnings=(*table.warnings, *self._computed.warnings()))

    def on_demand_views(self) -> list[pb.OnDemandView]:
        """Returns what computes some of the inputs, with golden rows of the last that were loaded."""
        return self._computed.messages()

    def true_probabilities(self, truth: TruthSpec, first: date, last: date) -> NDArray[np.float64] | None:
        """Returns the true probability of each row of some of the days that were loaded, ``[rows]``.

        None where nobody knows them all.

        Raises:
            DataError: The table of them lacks a column.
        """
        found = self.rows.true_probabilities(truth, first, last)
        kept = [rows for day, rows in self._kept.items() if first <= day <= last]
        return found if found is None else found[np.concatenate(kept)]

    def build(self, folder: Path, engine: Engine, first: date, last: date, progress: Progress) -> int:
        """Joins the days that a folder lacks or has of other rows, definitions or features; returns how many.

        Raises:
            DataError: Another run writes into the folder, or a day can't be joined or written.
        """
        kept, built = DatasetFolder(folder), 0
        with only_writer(folder):
            kept.clear_leftovers()
            for day in _told(first, last, progress):
                built += self._keep(kept, day, engine)
        return built

    def _days(self, first: date, last: date, progress: Progress) -> Iterator[pa.Table]:
        """Yields the joined rows of every day that has some."""
        engine = DuckDBEngine()
        kept = DatasetFolder(self._folder) if self._folder else None
        with only_writer(self._folder) if self._folder else nullcontext():
            for day in _told(first, last, progress):
                if not self.rows.count(day, day):
                    continue
                if kept is None:
                    yield engine.table(self._join(day))
                else:
                    self._keep(kept, day, engine)
                    yield kept.read(day)

    def _keep(self, folder: DatasetFolder, day: date, engine: Engine) -> bool:
        """Joins a day unless it is there; returns whether it did."""
        fingerprint = self._fingerprint(day)
        if not self.rows.count(day, day) or folder.is_current(day, fingerprint):
            return False
        folder.write(day, self._join(day), fingerprint, engine)
        return True

    def _join(self, day: date) -> DayJoin:
        return self._features.day(self.rows.between(day, day, self._row_columns), EVENT_TIME, self._window(day))

    def _fingerprint(self, day: date) -> str:
        state = (
            self._row_columns,
            self.rows.digest(day, self._row_columns),
            self._features.state(self._window(day)),
        )
        return hashlib.sha256(repr(state).encode()).hexdigest()

    def _window(self, day: date) -> Window:
        return Window(self.days.end(day - _ONE_DAY), self.days.end(day))


def _told(first: date, last: date, progress: Progress) -> Iterator[date]:
    """Yields the days, and tells how many are done."""
    days = list(each_day(first, last))
    for done, day in enumerate(days):
        progress("joining features", done, len(days))
        yield day
    progress("joining features", len(days), len(days))
