"""The rows of a search, read once for all of its trials."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contract.stubs import manifest_pb2 as pb
from training.dataset import History, RankingDataset
from training.flat import read_tables
from training.labels import check_labels
from training.progress import Progress
from training.spec import RankingSpec
from training.split import choose_days, day_number, day_numbers
from training.table import Table


@dataclass(frozen=True, slots=True)
class TuningRows:
    """What trials are fitted to and judged by; there is no test split."""

    inputs: Sequence[pb.Input]
    train: Table
    validation: Table

    def digest(self) -> str:
        """Returns a SHA-256 of the inputs and of all rows, in hexadecimal."""
        digest = hashlib.sha256()
        for spec in self.inputs:
            digest.update(spec.SerializeToString(deterministic=True))
        for part in _parts(self.inputs, (self.train, self.validation)):
            digest.update(pd.util.hash_array(part).tobytes())
        return digest.hexdigest()


def history_rows(history: History, spec: RankingSpec, progress: Progress) -> TuningRows:
    """Returns the joined rows until the last day of validation.

    Raises:
        ContractError: A tag of the feature service or of a feature is wrong.
        FeatureError: The feature repository can't be opened, or lacks the feature service.
        TrainingError: The specification or the rows are not fit.
    """
    dataset = RankingDataset(history, spec)
    first, last = dataset.day_range()
    days = choose_days(last, spec.split.train_until, spec.split.validate_until)
    table = dataset.load(first, min(last, days.validate_until), progress)
    is_train = _is_until(table, days.train_until, dataset.days.offset)
    train, validation = table.take(is_train), table.take(~is_train)
    check_labels(f"the training split, the days until {days.train_until},", train)
    check_labels(f"the validation split, the days until {days.validate_until},", validation)
    return TuningRows(dataset.inputs.inputs, train, validation)


def flat_rows(train: Path, validation: Path, label: str, overrides: Mapping[str, Mapping[str, Any]]) -> TuningRows:
    """Returns the rows of flat tables; see `training.flat.read_tables`."""
    inputs, tables = read_tables((train, validation), label, overrides)
    return TuningRows(inputs, *tables)


def _is_until(table: Table, day: date, utc_offset: timedelta) -> Any:
    assert table.times is not None  # noqa: S101, as a dataset's rows have times
    return day_numbers(table.times, utc_offset) <= day_number(day)


def _parts(inputs: Sequence[pb.Input], tables: Sequence[Table]) -> Iterator[Any]:
    for table in tables:
        yield table.labels
        for spec in inputs:
            yield np.ravel(table.columns[spec.name])
