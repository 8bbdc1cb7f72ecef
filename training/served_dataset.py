"""Training rows as they were served: the answers in the served-feature log, labelled by what came of them.

The features are those that the model got then, so that there is no join which could tell others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.served import ServedFile, contract_hash, served_files
from contract.stubs import manifest_pb2 as pb
from features.aggregates import repository_settings
from features.days import each_day
from features.description import describe_registry
from features.repository import feature_service, open_store
from training.day_tables import row_columns, to_table
from training.errors import DataError
from training.inputs import ServiceInputs, service_inputs
from training.labelled_log import LABELS_FILE, LabelledLog
from training.left_out import LeftOut
from training.on_demand import ComputedColumns
from training.progress import Progress
from training.rows import TrainingRows
from training.spec import RankingSpec, TruthSpec
from training.table import Table


@dataclass(frozen=True, slots=True)
class ServedHistory:
    """Where served rows are, and what came of them. Implements `training.source.RankingSource`.

    Attributes:
        repo: The feature repository.
        profile: Its profile; "" is the default one.
        world: The folder of the raw tables.
        log: The folder of the served-feature log.
        until: The last day that is known of; None is the last with rows that is over.
        now: The present.
    """

    repo: Path
    profile: str
    world: Path
    log: Path
    until: date | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    def open(self, spec: RankingSpec) -> "ServedDataset":
        """Returns the rows; see `training.source.RankingSource`."""
        return ServedDataset(self, spec)


class ServedDataset:
    """The rows of a served-feature log whose contract is that of a feature service.

    Implements `training.source.RankingRows`.
    """

    def __init__(self, history: ServedHistory, spec: RankingSpec) -> None:
        """Finds the rows and labels them; see `training.source.RankingSource.open` for what it raises."""
        store = open_store(history.repo, history.profile)
        service = feature_service(store, spec.dataset.feature_service).name
        self._until, self._now = history.until, history.now
        self._spec = spec
        self.inputs = service_inputs(describe_registry(store), service, spec.context)
        self.days = repository_settings(history.repo).days
        files, self._left_out_count = _fitting_files(history.log, self.inputs)
        log = LabelledLog(
            history.repo / LABELS_FILE,
            files,
            [one.name for one in self.inputs.inputs],
            self.inputs.source.class_key,
            spec.dataset.label,
            spec.dataset.position,
        )
        self._rows = TrainingRows(history.repo, history.world, self.days, file=LABELS_FILE, read=log.read)
        self._columns = list(dict.fromkeys([*row_columns(self.inputs, spec), *log.inputs]))
        keys = [self.inputs.source.member_key, self.inputs.source.class_key]
        self._rows.require(keys, spec.dataset.label, objective=spec.model.objective)

    def day_range(self) -> tuple[date, date]:
        """Returns the first day with rows, and the last that is known of."""
        return self._rows.known_range(self._until, self._spec.split, self._now)

    def load(self, first: date, last: date, progress: Progress) -> Table:
        """Returns the rows; see `training.source.RankingRows`."""
        row_count = self._rows.count(first, last)
        if not row_count:
            raise DataError(f"there are no served rows from {first} to {last}")
        days = list(each_day(first, last))
        progress("reading what was served", 0, len(days))
        tables = (self._rows.between(day, day, self._columns) for day in days)
        table = to_table((day for day in tables if day.num_rows), row_count, self.inputs, self._spec, LeftOut())
        progress("reading what was served", len(days), len(days))
        return replace(table, warnings=(*table.warnings, *self._left_out()))

    def on_demand_views(self) -> Sequence[pb.OnDemandView]:
        """Returns what computed some of the inputs. Golden rows are samples, as the log lacks what was read."""
        return ComputedColumns(self.inputs.on_demand_views, self.inputs.inputs).messages()

    def true_probabilities(self, _truth: TruthSpec, _first: date, _last: date, /) -> NDArray[np.float64] | None:
        """Returns None: nobody knows them of what was served."""
        return None

    def _left_out(self) -> Sequence[str]:
        if not self._left_out_count:
            return ()
        return (f"{self._left_out_count} served rows are left out: they have other inputs than the present.",)


def _fitting_files(log: Path, inputs: ServiceInputs) -> tuple[Sequence[ServedFile], int]:
    """Returns the files whose contract is that of the inputs, and how many rows are in the others.

    Raises:
        DataError: There are none, or one of the others can't be read.
    """
    contract = contract_hash(inputs.source, inputs.inputs, inputs.on_demand_views)
    files = list(served_files(log))
    fitting = [file for file in files if file.contract == contract]
    others = sum(_row_count(file.path) for file in files if file.contract != contract)
    if not fitting:
        service = inputs.source.feature_service
        raise DataError(f"{log} holds no rows with the present inputs of {service!r}, and {others} with others")
    return fitting, others


def _row_count(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:  # the server has made room since it was listed
        return 0
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} can't be read: {error}") from None
