"""Splitting rows by time: a model is tried on days after those it learned from (Ji et al., TOIS 2023)."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError
from training.labels import check_labels
from training.table import Table

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Splits:
    """The rows of a training, each in one split."""

    train: Table
    validation: Table
    test: Table


@dataclass(frozen=True, slots=True)
class SplitDays:
    """The last day of the training split and of the validation split; the test split is all that follows."""

    train_until: date
    validate_until: date


def day_numbers(times: NDArray[np.int64], utc_offset: timedelta) -> NDArray[np.int64]:
    """Returns the day of each time, counted from 1970-01-01, where the clocks are `utc_offset` ahead of UTC."""
    return (times + int(utc_offset.total_seconds())) // 86_400


def choose_days(last_day: date, train_until: date | None = None, validate_until: date | None = None) -> SplitDays:
    """Returns the days given; by default the last day is for the test and the day before it for validation.

    Raises:
        DataError: Validation would end before it begins.
    """
    validate_until = validate_until or last_day - timedelta(days=1)
    train_until = train_until or validate_until - timedelta(days=1)
    if validate_until <= train_until:
        raise DataError(f"--validate-until is {validate_until}, expected a day after --train-until, {train_until}")
    return SplitDays(train_until, validate_until)


def split_by_days(table: Table, days: SplitDays, utc_offset: timedelta) -> Splits:
    """Returns the rows of the table, split by whole days.

    Raises:
        DataError: A split is empty, or all its labels are the same; or the rows have no times.
    """
    if table.times is None:
        raise DataError("the rows have no times, which a split by days needs")
    numbers = day_numbers(table.times, utc_offset)
    train_end, validation_end = day_number(days.train_until), day_number(days.validate_until)
    splits = Splits(
        train=table.take(_rows(numbers <= train_end)),
        validation=table.take(_rows((numbers > train_end) & (numbers <= validation_end))),
        test=table.take(_rows(numbers > validation_end)),
    )
    check_labels(f"the training split, the days until {days.train_until},", splits.train)
    check_labels(f"the validation split, the days until {days.validate_until},", splits.validation)
    check_labels(f"the test split, the days after {days.validate_until},", splits.test)
    return splits


def _rows(mask: NDArray[np.bool_]) -> NDArray[np.intp] | slice:
    """Returns the rows of a mask; as a slice, which copies nothing, where they follow each other."""
    rows = np.flatnonzero(mask)
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def day_number(day: date) -> int:
    """Returns a day, counted as by `day_numbers`."""
    return (day - _EPOCH).days
