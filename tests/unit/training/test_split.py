from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import DataError
from training.split import SplitDays, choose_days, split_by_days
from training.table import Table

UTC_DAYS = timedelta(0)
DAYS = SplitDays(date(2026, 11, 18), date(2026, 11, 19))


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _table(times: list[int]) -> Table:
    """Rows of alternating labels, whose column is their number."""
    count = len(times)
    return Table(
        columns={"row": np.arange(count)},
        labels=(np.arange(count) % 2).astype(np.float32),
        times=np.array(times, np.int64),
    )


def test_days_end_at_midnight() -> None:
    instants = ["2026-11-18T23:59:59", "2026-11-19T00:00:00", "2026-11-19T23:59:59", "2026-11-20T00:00:00"]
    table = _table([_seconds(instant) for instant in instants for _ in range(2)])

    splits = split_by_days(table, DAYS, UTC_DAYS)

    assert splits.train.columns["row"].tolist() == [0, 1]
    assert splits.validation.columns["row"].tolist() == [2, 3, 4, 5]
    assert splits.test.columns["row"].tolist() == [6, 7]


def test_midnight_follows_the_offset() -> None:
    """Two hours ahead of UTC the 19th begins at 22:00 UTC on the 18th."""
    instants = ["2026-11-18T21:59:59", "2026-11-18T22:00:00", "2026-11-19T22:00:00"]
    table = _table([_seconds(instant) for instant in instants for _ in range(2)])

    splits = split_by_days(table, DAYS, timedelta(hours=2))

    assert [len(split) for split in (splits.train, splits.validation, splits.test)] == [2, 2, 2]


@given(st.lists(st.integers(_seconds("2026-11-17"), _seconds("2026-11-22")), min_size=30))
def test_every_row_is_in_one_split_and_later_splits_are_later(times: list[int]) -> None:
    table = _table(times)
    try:
        splits = split_by_days(table, DAYS, UTC_DAYS)
    except DataError:
        return

    parts = (splits.train, splits.validation, splits.test)
    assert sorted(np.concatenate([part.columns["row"] for part in parts])) == list(range(len(times)))
    ends = [(part.times.min(), part.times.max()) for part in parts if part.times is not None]
    assert ends[0][1] < ends[1][0] <= ends[1][1] < ends[2][0]


def test_the_last_day_is_the_test_and_the_day_before_it_the_validation() -> None:
    assert choose_days(date(2026, 11, 20)) == DAYS
    assert choose_days(date(2026, 11, 20), train_until=date(2026, 11, 10)) == SplitDays(
        date(2026, 11, 10), date(2026, 11, 19)
    )
    assert choose_days(date(2026, 11, 20), validate_until=date(2026, 11, 15)) == SplitDays(
        date(2026, 11, 14), date(2026, 11, 15)
    )


def test_a_validation_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DataError, match="--validate-until is 2026-11-19, expected a day after --train-until"):
        choose_days(date(2026, 11, 20), train_until=date(2026, 11, 19))


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("2026-11-18", "the training split, the days until 2026-11-18, has no rows"),
        ("2026-11-19", "the validation split, the days until 2026-11-19, has no rows"),
        ("2026-11-20", "the test split, the days after 2026-11-19, has no rows"),
    ],
)
def test_an_empty_split_is_refused_by_name(missing: str, message: str) -> None:
    days = {"2026-11-18", "2026-11-19", "2026-11-20"} - {missing}
    table = _table([_seconds(day) for day in sorted(days) for _ in range(2)])

    with pytest.raises(DataError, match=message):
        split_by_days(table, DAYS, UTC_DAYS)


def test_a_split_of_one_label_is_refused_by_name() -> None:
    table = _table([_seconds(day) for day in ("2026-11-18", "2026-11-18", "2026-11-19", "2026-11-20")])

    with pytest.raises(DataError, match=r"the validation split.* has only the label 0, expected both 0 and 1"):
        split_by_days(table, DAYS, UTC_DAYS)


def test_rows_without_times_are_refused() -> None:
    with pytest.raises(DataError, match="the rows have no times"):
        split_by_days(Table(columns={}, labels=np.zeros(1, np.float32)), DAYS, UTC_DAYS)
